"""The whole way on the local machine: from events to a file that is downloaded, to a webhook, and by the clock."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from infra.local.machine import LocalMachine, local_machine
from tests.exports.on_machine import ask, by_the_clock, define, ended, exported, people


@pytest.fixture(scope="module")
def machine() -> Iterator[LocalMachine]:
    with local_machine() as running:
        define(running)
        people(running, "u1", "u2")
        yield running


def download(machine: LocalMachine, name: str, run: str, file: str) -> str:
    status, answer = ask(machine, "GET", f"/exports/{name}/runs/{run}/file?file={file}")
    assert status == 200, answer
    status, _, data = machine.request("GET", answer["url"].removeprefix(machine.links.url), {}, b"")
    assert status == 200
    return bytes(data).decode()


def test_from_events_to_a_file_to_what_changed_since(machine: LocalMachine) -> None:
    first = exported(machine, "golden-file")
    (file,) = first["manifest"]["files"]
    assert sorted(download(machine, "golden-file", first["id"], file["file"]).split()) == [
        "added,u1@shop.example.com", "added,u2@shop.example.com", "change,identifiers.email"]
    people(machine, "u2", plan="none")
    people(machine, "u3")
    second = by_the_clock(machine, "golden-file")
    assert sorted(download(machine, "golden-file", second["id"], "part-000.csv").split()[1:]) == [
        "added,u3@shop.example.com", "removed,u2@shop.example.com"]
    assert exported(machine, "golden-file")["counts"]["rows"] == 0


def test_a_webhook_gets_signed_rows(machine: LocalMachine) -> None:
    done = exported(machine, "golden-hook")
    assert (done["state"], done["counts"]["refused"]) == ("succeeded", 0), done
    _, _, answer = machine.request("GET", "/local/outbox", {"accept": "application/json"}, b"")
    (item,) = [one for one in json.loads(answer)["items"] if one["channel"] == "webhook"]
    body = json.loads(item["text"])
    assert (body["type"], body["export"], body["run"]) == ("export", "golden-hook", done["id"])
    assert len(body["rows"]) == done["counts"]["sent"] > 0
    assert item["headers"]["webhook-signature"].startswith("v1,")


def test_a_run_that_fails_says_why(machine: LocalMachine) -> None:
    failed = exported(machine, "of-nobody")
    assert (failed["state"], failed["failure"]["code"], failed["failure"]["field"]) == ("failed", "unknown_segment", "segment")


def test_a_second_run_is_refused_while_the_first_is_under_way(machine: LocalMachine) -> None:
    status, run = ask(machine, "POST", "/exports/of-nobody/run")
    again, answer = ask(machine, "POST", "/exports/of-nobody/run")
    assert status == 202
    if ended(machine, "of-nobody", run["id"])["ended"] is None or again == 409:
        assert answer["error"]["code"] == "export_running"


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), [
    ("POST", "/exports/none/run", None, 404, "unknown_definition"),
    ("GET", "/exports/none/runs", None, 404, "unknown_definition"),
    ("GET", "/exports/golden-file/runs/20260101t000000-00000000", None, 404, "unknown_run"),
    ("GET", "/exports/golden-file/runs/x", None, 400, "invalid"),
    ("GET", "/exports/none/secret", None, 404, "unknown_definition"),
    ("GET", "/exports/golden-file/runs/20260101t000000-00000000/file", None, 400, "invalid"),
    ("PUT", "/exports/bad", {"segment": "golden", "fields": ["email"]}, 400, "invalid"),
], ids=range(7))
def test_bad_requests_are_told_what_is_wrong(machine: LocalMachine, method: str, path: str, body: object, status: int,
                                             code: str) -> None:
    found, answer = ask(machine, method, path, body)
    assert (found, answer["error"]["code"]) == (status, code)
