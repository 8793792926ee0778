"""What follows a run: those for whom it failed, those who did not open; forecasts beside it; who was skipped, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from socle.campaigns.store import Turn
from socle.clock import HOUR, MINUTE
from socle.errors import NotFound, Rejected
from tests.campaigns.world import NOON, World


def sent_once(outcome: Any = None, **document: Any) -> tuple[World, str]:
    """A world whose campaign was sent; the run's id."""
    world = World(400, **document)
    world.outcome = outcome or (lambda profile, *_: {"o": "failed", "r": "throttled"} if int(profile[1:]) % 4 == 0
                                else {"o": "unknown"} if int(profile[1:]) % 4 == 1 else {"o": "sent"})
    run = world.launch()
    world.work()
    world.now += HOUR
    world.outcome = lambda *_: {"o": "sent"}
    return world, run.id


def test_a_resend_goes_only_to_whom_it_surely_failed_for_and_is_the_same_message() -> None:
    world, run = sent_once()
    before = list(world.sent[run])
    again = world.campaigns.resend("letter", run, "chance01", world.now)
    assert again.occurrence == run
    world.work()
    assert sorted(world.sent[run][len(before):]) == [one for one in world.segments["readers"] if int(one[1:]) % 4 == 0]
    assert world.files.read_json(f"campaigns/letter/{again.id}/plan.json")["mode"] == "resend"
    assert world.runs.load("letter", again.id).audience == 100


def test_a_resend_keeps_variants_and_mends_templates() -> None:
    two = [{"name": "a", "template": "hello", "share": 50}, {"name": "b", "template": "other", "share": 50}]
    had: dict[str, str] = {}

    def failing(profile: str, variant: str, now: int) -> dict[str, str]:
        had[profile] = variant
        return {"o": "failed", "r": "no_sender"}
    world, run = sent_once(failing, variants=two)
    world.put("campaigns", "letter", {**world.documents["campaigns", "letter"], "variants": [
        {"name": "a", "template": "hello", "share": 10}, {"name": "b", "template": "other", "share": 90}]})
    seen: dict[str, str] = {}

    def sending(profile: str, variant: str, now: int) -> dict[str, str]:
        seen[profile] = variant
        return {"o": "sent"}
    world.outcome = sending
    world.campaigns.resend("letter", run, "chance01", world.now)
    world.work()
    assert seen == had


def test_sending_a_follow_up_again_sends_the_follow_up() -> None:
    two = [{"name": name, "template": "hello", "share": 50} for name in ("a", "b")]
    world, run = sent_once(variants=two)
    world.outcome = lambda *_: {"o": "failed", "r": "throttled"}
    after = world.campaigns.follow_up("letter", run, "other", "chance01", world.now)
    world.work()
    world.now += MINUTE
    again = world.campaigns.resend("letter", after.id, "chance02", world.now)
    world.now += MINUTE
    world.work()
    last = world.campaigns.resend("letter", again.id, "chance03", world.now)
    world.outcome = lambda *_: {"o": "sent"}
    world.work()
    for one in (after, again, last):
        templates = world.files.read_json(f"campaigns/letter/{one.id}/plan.json")["templates"]
        assert {name: template["name"] for name, template in templates.items()} == {"": "other"}
    assert len(world.sent[after.occurrence]) == len(set(world.sent[after.occurrence])) == len(world.sent[run])


def test_a_follow_up_goes_to_those_who_were_sent_to_and_have_not_looked() -> None:
    world, run = sent_once()
    got = list(world.sent[run])
    (key,) = {key for _, key in world.messages}
    for number, profile in enumerate(got[:30]):
        row = world.messages[profile, key]
        world.messages[profile, key] = replace(row, opened=1) if number % 2 else replace(row, clicked=1)
    after = world.campaigns.follow_up("letter", run, "other", "chance01", world.now)
    world.work()
    assert sorted(world.sent[after.occurrence]) == sorted(got[30:])
    assert world.files.read_json(f"campaigns/letter/{after.id}/plan.json")["templates"][""]["name"] == "other"
    world.now += MINUTE
    world.campaigns.follow_up("letter", run, "other", "chance02", world.now)
    world.work()
    assert len(world.sent[after.occurrence]) == len(got) - 30  # the same template again: everybody had it


def test_only_a_sending_that_is_over_can_be_followed() -> None:
    world, run = sent_once()
    world.put("templates", "text", {"channel": "sms"})
    with pytest.raises(Rejected, match="sms"):
        world.campaigns.follow_up("letter", run, "text", "chance01", world.now)
    with pytest.raises(Rejected, match="no templates/none"):
        world.campaigns.follow_up("letter", run, "none", "chance01", world.now)
    with pytest.raises(NotFound):
        world.campaigns.resend("letter", "20260101t000000-00000000", "chance01", world.now)
    second = world.campaigns.launch("letter", "chance02", world.now)
    with pytest.raises(Rejected, match="running"):
        world.campaigns.resend("letter", second.id, "chance01", world.now)
    with pytest.raises(Rejected, match="under way"):
        world.campaigns.resend("letter", run, "chance01", world.now)


def test_a_forecast_goes_beside_a_run_sends_nothing_and_waits_for_nothing() -> None:
    world = World(400, warm_up={"first_day": 50}, throttle={"per_minute": 60}, schedule={"type": "at", "at": "2026-06-03T09:00"})
    world.outcome = lambda profile, *_: {"o": "would_send"} if profile > "p0000100" else {"o": "held", "until": NOON + HOUR,
                                                                                         "r": "quiet_hours"}
    run = world.launch()
    forecast = world.campaigns.forecast("letter", "chance01", world.now)
    assert set(world.runs.turns()) == {Turn("letter", False, run.id), Turn("letter", True, forecast.id)}
    world.started = [one for one in world.started if one["run"] == forecast.id]
    world.work()
    done = world.runs.load("letter", forecast.id)
    assert (done.state, world.now, world.shown(done)["outcomes"]) == ("finished", NOON, {"would_send": 299, "held": 101})
    assert [one["id"] for one in world.answers.page("letter", 9, None, forecasts=True)] == [forecast.id]
    assert [one["id"] for one in world.answers.page("letter", 9, None)] == [run.id]
    with pytest.raises(Rejected):
        world.campaigns.resend("letter", forecast.id, "chance02", world.now)


def test_pages_of_people_hold_everybody_once_with_the_reason() -> None:
    world, run = sent_once(lambda profile, *_: {"o": "skipped", "r": "no_consent" if profile < "p0000200" else "suppressed",
                                                "d": "bounced"} if int(profile[1:]) % 2 else {"o": "sent"})
    found: list[Any] = []
    place = None
    while True:
        items, place = world.answers.people("letter", run, None, None, 90, place)
        found += items
        if place is None:
            break
    assert sorted(one["profile"] for one in found) == world.segments["readers"]
    skipped, place = world.answers.people("letter", run, "skipped", "no_consent", 1_000, None)
    assert (len(skipped), place) == (100, None)
    assert skipped[0] == {"profile": skipped[0]["profile"], "outcome": "skipped", "reason": "no_consent", "detail": "bounced",
                          "variant": None, "at": None, "until": None, "parts": None, "bytes": None}
    with pytest.raises(Rejected):
        world.answers.people("letter", run, None, None, 5, "x.y")
    with pytest.raises(NotFound):
        world.answers.people("letter", "20260101t000000-00000000", None, None, 5, None)


def test_one_person_is_told_what_became_of_them() -> None:
    world, run = sent_once(lambda profile, *_: {"o": "skipped", "r": "unsubscribed"} if profile == "p0000007" else {"o": "sent"})
    answer = world.answers.person("letter", "p0000007", None, world.now)
    assert (answer["outcome"], answer["reason"], answer["message"]) == ("skipped", "unsubscribed", None)
    answer = world.answers.person("letter", "p0000008", run, world.now)
    assert (answer["outcome"], answer["message"]["state"]) == ("sent", "sent")
    assert world.answers.person("letter", "nobody", run, world.now)["reason"] == "not_in_audience"
    with pytest.raises(NotFound):
        world.answers.person("none", "p0000007", None, world.now)
    del world.documents["campaigns", "letter"]
    assert world.answers.page("letter", 9, None)[0]["outcomes"] == {"skipped": 1, "sent": 399}  # also of a deleted one


def test_a_campaign_that_was_never_launched_has_no_runs() -> None:
    world = World(1)
    assert world.answers.page("letter", 9, None) == []
    for command in (world.campaigns.pause, world.campaigns.resume, world.campaigns.cancel):
        with pytest.raises(NotFound, match="never launched"):
            command("letter", NOON)
        with pytest.raises(NotFound, match="no campaigns/none"):
            command("none", NOON)
    with pytest.raises(NotFound, match="never launched"):
        world.answers.person("letter", "p1", None, world.now)
