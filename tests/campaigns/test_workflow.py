"""The whole way on the local machine: from a launch to mails, to who was skipped and why, by the clock and by hand."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from infra.local.machine import LocalMachine, local_machine
from socle import clock
from socle.clock import HOUR
from socle.iso import from_iso, to_iso
from tests.campaigns.on_machine import TWO, ask, define, finished, launched, outbox, people, profile, put, when

NAMES = [f"reader{number:02}" for number in range(14)]


@pytest.fixture(scope="module")
def machine() -> Iterator[LocalMachine]:
    with local_machine() as running:
        define(running)
        people(running, *NAMES)
        people(running, "bought", buyer=True)
        people(running, "refuses", state="unsubscribed")
        yield running


def to(mails: list[Any]) -> list[str]:
    return sorted(str(mail["to"][0] if isinstance(mail["to"], list) else mail["to"]).partition("@")[0] for mail in mails)


def test_a_launch_sends_to_those_who_may_get_it_and_tells_why_others_did_not(machine: LocalMachine) -> None:
    outbox(machine)
    run = finished(machine, "letter")
    mails = outbox(machine)
    assert to(mails) == NAMES
    assert mails[0]["subject"].startswith("Hello Reader")
    assert (run["audience"], run["outcomes"]) == (15, {"sent": 14, "skipped": 1})
    assert run["reasons"] == {"skipped": {"unsubscribed": 1}}
    status, page = ask(machine, "GET", f"/campaigns/letter/runs/{run['id']}/people?outcome=skipped")
    assert (status, [one["profile"] for one in page["items"]]) == (200, [profile(machine, "refuses")])
    _, answer = ask(machine, "GET", f"/campaigns/letter/people/{profile(machine, 'refuses')}")
    assert (answer["outcome"], answer["reason"]) == ("skipped", "unsubscribed")
    _, answer = ask(machine, "GET", f"/campaigns/letter/people/{profile(machine, 'bought')}")
    assert answer["reason"] == "not_in_audience"
    _, answer = ask(machine, "GET", f"/campaigns/letter/people/{profile(machine, 'reader03')}")
    assert (answer["outcome"], answer["message"]["state"]) == ("sent", "delivered")
    _, shown = ask(machine, "GET", f"/campaigns/letter/runs/{run['id']}")
    assert (shown["live"]["sent"], shown["live"]["delivered"]) == (14, 14)


def test_pages_go_to_the_end_and_cursors_are_their_own(machine: LocalMachine) -> None:
    run = finished(machine, "letter")
    found, cursor = [], ""
    while True:
        status, page = ask(machine, "GET", f"/campaigns/letter/runs/{run['id']}/people?limit=4{cursor}")
        assert status == 200
        found += [one["profile"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(found) == len(set(found)) == 15
    status, answer = ask(machine, "GET", f"/campaigns/letter/runs/{run['id']}/people?outcome=sent{cursor}")
    assert (status, answer["error"]["code"]) == (400, "bad_cursor")
    _, listed = ask(machine, "GET", "/campaigns/letter/runs?limit=1")
    assert (listed["items"][0]["id"], listed["items"][0]["outcomes"]) == (run["id"], run["outcomes"])
    assert listed["next"]


def test_of_two_launches_at_once_exactly_one_runs(machine: LocalMachine) -> None:
    put(machine, "campaigns/raced", {"segment": "golden", "template": "hello", "topic": "letter", "purpose": "transactional"})
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask(machine, "POST", "/campaigns/raced/launch"), range(4)))
    (run,) = [answer for status, answer in answers if status == 202]
    assert {answer["error"]["code"] for status, answer in answers if status != 202} == {"campaign_running"}
    when(machine, "raced", run["id"], "finished")
    assert len(ask(machine, "GET", "/campaigns/raced/runs")[1]["items"]) == 1


def test_a_forecast_sends_nothing_and_says_the_same_as_the_run(machine: LocalMachine) -> None:
    put(machine, "campaigns/foreseen", {"segment": "golden", "template": "hello", "topic": "letter", "purpose": "transactional"})
    outbox(machine)
    forecast = finished(machine, "foreseen", "forecast")
    assert outbox(machine) == []
    run = finished(machine, "foreseen")
    assert forecast["outcomes"] == {"would_send": run["outcomes"]["sent"]}
    assert [one["id"] for one in ask(machine, "GET", "/campaigns/foreseen/runs")[1]["items"]] == [run["id"]]


def test_a_test_waits_and_the_rest_gets_what_was_chosen(machine: LocalMachine) -> None:
    put(machine, "campaigns/tested", {"segment": "golden", "variants": TWO, "topic": "letter", "purpose": "transactional",
                                      "test": {"share": 40, "winner": "manual", "wait": "2h"}})
    outbox(machine)
    run = launched(machine, "tested")
    machine.advance("1h")
    tried = outbox(machine)
    assert 0 < len(tried) < 16
    machine.advance("70m")
    assert when(machine, "tested", run["id"], "deciding")["waiting"] == 16 - len(tried)
    status, answer = ask(machine, "POST", "/campaigns/tested/winner", {"variant": "c"})
    assert (status, answer["error"]["code"]) == (400, "unknown_variant")
    launched(machine, "tested", "winner", {"variant": "b"})
    done = when(machine, "tested", run["id"], "finished")
    rest = outbox(machine)
    assert len(tried) + len(rest) == done["outcomes"]["sent"] == 16
    assert {mail["subject"].partition(" Reader")[0] for mail in rest} <= {"Good day", "Good day Bought", "Good day Refuses"}
    assert done["variants"]["b"]["outcomes"]["sent"] >= len(rest)


def test_who_is_held_by_quiet_hours_gets_it_at_their_end(machine: LocalMachine) -> None:
    end = quiet(machine)
    put(machine, "campaigns/texted", {"segment": "golden", "template": "text", "topic": "letter"})
    outbox(machine)
    run = launched(machine, "texted")
    machine.advance("1h")
    assert outbox(machine) == []
    assert ask(machine, "GET", f"/campaigns/texted/runs/{run['id']}")[1]["waiting"] == 14 + 1
    machine.advance("2h")
    done = when(machine, "texted", run["id"], "finished")
    assert len(outbox(machine)) == done["outcomes"]["sent"] == 15
    _, answer = ask(machine, "GET", f"/campaigns/texted/people/{profile(machine, 'reader03')}")
    assert from_iso(answer["message"]["at"]) >= end


def test_a_paused_run_is_completed_and_nobody_gets_it_twice(machine: LocalMachine) -> None:
    quiet(machine)
    put(machine, "campaigns/stopped", {"segment": "golden", "template": "text", "topic": "letter"})
    run = launched(machine, "stopped")
    machine.advance("1h")
    outbox(machine)
    launched(machine, "stopped", "pause")
    machine.advance("2h")
    assert outbox(machine) == []
    status, answer = ask(machine, "POST", "/campaigns/stopped/pause")
    assert (status, answer["error"]["code"]) == (409, "not_possible")
    assert ask(machine, "POST", "/campaigns/stopped/launch")[0] == 409
    assert ask(machine, "DELETE", "/campaigns/stopped")[0] == 409
    launched(machine, "stopped", "resume")
    done = when(machine, "stopped", run["id"], "finished")
    assert len(outbox(machine)) == done["outcomes"]["sent"] == 15
    assert [line["state"] for line in done["history"]] == ["running", "paused", "running", "finished"]


def test_a_schedule_begins_runs_and_cancelling_ends_one(machine: LocalMachine) -> None:
    at = to_iso(clock.now() + 3 * HOUR)[:16]
    put(machine, "campaigns/later", {"segment": "golden", "template": "hello", "topic": "letter", "purpose": "transactional",
                                     "schedule": {"type": "at", "at": at}})
    outbox(machine)
    machine.advance("2h")
    assert outbox(machine) == []
    machine.advance("70m")
    (run,) = ask(machine, "GET", "/campaigns/later/runs")[1]["items"]
    assert when(machine, "later", run["id"], "finished")["by"] == "schedule"
    assert len(outbox(machine)) == 16
    at = to_iso(clock.now() + 3 * HOUR)[:16]
    put(machine, "campaigns/never", {"segment": "golden", "template": "hello", "topic": "letter",
                                     "schedule": {"type": "at", "at": at}})
    run = launched(machine, "never")
    assert from_iso(run["begins"]) > clock.now() + 2 * HOUR
    launched(machine, "never", "cancel")
    machine.advance("4h")
    assert outbox(machine) == []
    assert [one["state"] for one in ask(machine, "GET", "/campaigns/never/runs")[1]["items"]] == ["cancelled"]


def test_who_did_not_open_gets_the_follow_up(machine: LocalMachine) -> None:
    put(machine, "campaigns/followed", {"segment": "golden", "template": "hello", "topic": "letter", "purpose": "transactional"})
    run = finished(machine, "followed")
    outbox(machine)
    after = finished(machine, "followed", "follow-up", {"run": run["id"], "template": "other"})
    assert after["audience"] == run["outcomes"]["sent"] == 16
    assert {mail["subject"].partition(" day")[0] for mail in outbox(machine)} == {"Good"}
    assert finished(machine, "followed", "resend", {"run": run["id"]})["audience"] == 0


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), [
    ("POST", "/campaigns/none/launch", None, 404, "unknown_definition"),
    ("POST", "/campaigns/none/pause", None, 404, "unknown_definition"),
    ("GET", "/campaigns/none/runs", None, 404, "unknown_definition"),
    ("GET", "/campaigns/letter/runs/20260101t000000-00000000", None, 404, "unknown_run"),
    ("GET", "/campaigns/letter/runs/x", None, 400, "invalid"),
    ("GET", "/campaigns/letter/people/no-one", None, 404, "unknown_profile"),
    ("POST", "/campaigns/letter/resend", {"run": "20260101t000000-00000000"}, 404, "unknown_run"),
    ("POST", "/campaigns/letter/resend", {}, 400, "invalid"),
    ("POST", "/campaigns/letter/winner", {"variant": "a"}, 409, "no_test"),
    ("POST", "/campaigns/letter/resume", None, 409, "not_possible"),
    ("PUT", "/campaigns/bad", {"segment": "golden", "template": "none"}, 400, "unknown_template"),
    ("PUT", "/campaigns/bad", {"segment": "none", "template": "hello"}, 400, "unknown_segment"),
    ("DELETE", "/segments/buyers", None, 409, "in_use"),
], ids=range(13))
def test_bad_requests_are_told_what_is_wrong(machine: LocalMachine, method: str, path: str, body: object, status: int,
                                             code: str) -> None:
    found, answer = ask(machine, method, path, body)
    assert (found, answer["error"]["code"]) == (status, code)


def quiet(machine: LocalMachine) -> int:
    """Let it be quiet for texts for some two hours more; answers the end, epoch ms."""
    begin, end = to_iso(clock.now() - HOUR), to_iso(clock.now() + 2 * HOUR)
    put(machine, "sending-rules/default", {"caps": [], "quiet_hours": {"sms": {"begin": begin[11:16], "end": end[11:16]}}})
    return from_iso(f"{end[:16]}Z")
