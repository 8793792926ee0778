"""One run of an export at a time; what is due starts once; a run that was left behind is in nobody's way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from socle.clock import DAY, HOUR
from socle.errors import NotFound, Rejected, Unavailable
from socle.exports.model.document import ExportDocument
from socle.exports.service.requests import Exports
from tests.exports.lake import NOW, Way


class Executions:
    """As Workflow: what was started, and the state of each."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.is_down = False

    def start(self, name: str, document: dict[str, Any]) -> None:
        if self.is_down:
            raise Unavailable("unavailable", "it can't be reached")
        self.states.setdefault(name, "running")

    def state(self, name: str) -> str | None:
        return self.states.get(name)


class Desk:
    """The exports of a deployment."""

    def __init__(self, directory: Path) -> None:
        self.way, self.executions = Way(directory), Executions()
        self.exports = Exports(self.way.runs, self.way.files, self.way, self.executions)
        self.way.lake.write({"a": {}})
        self.way.define(fields=["id"])

    def due(self, now: int, schedule: str | None = "rate(6 hours)", **fields: Any) -> str | None:
        document = ExportDocument.model_validate({"segment": "vip", "fields": ["id"], "schedule": schedule, **fields})
        run = self.exports.start_due("out", document, now)
        return run.id if run else None


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_second_run_while_one_is_running_is_refused(desk: Desk) -> None:
    run = desk.exports.start("out", "abcdefgh", NOW)
    with pytest.raises(Rejected) as caught:
        desk.exports.start("out", "ijklmnop", NOW)
    assert (caught.value.code, caught.value.status) == ("export_running", 409)
    desk.way.go(run.id)
    assert desk.exports.start("out", "ijklmnop", NOW).state == "running"


def test_a_run_whose_workflow_is_over_is_in_nobody_s_way(desk: Desk) -> None:
    run = desk.exports.start("out", "abcdefgh", NOW)
    desk.executions.states[run.execution] = "timed_out"
    assert desk.exports.start("out", "ijklmnop", NOW).state == "running"
    assert desk.way.runs.load("out", run.id).state == "failed"


def test_a_run_that_could_not_be_started_is_in_nobody_s_way(desk: Desk) -> None:
    desk.executions.is_down = True
    with pytest.raises(Unavailable):
        desk.exports.start("out", "abcdefgh", NOW)
    desk.executions.is_down = False
    assert desk.exports.start("out", "ijklmnop", NOW).state == "running"


def test_a_run_that_was_overtaken_writes_nothing(desk: Desk) -> None:
    first = desk.exports.start("out", "abcdefgh", NOW)
    desk.executions.states[first.execution] = "aborted"
    desk.exports.start("out", "ijklmnop", NOW)
    desk.way.runs.runs["out", first.id] = first  # as it was before it was given up for lost
    with pytest.raises(Rejected) as caught:
        desk.way.planner.plan("out", first.id, NOW)
    assert caught.value.code == "overtaken"


def test_an_unknown_export_has_no_runs(desk: Desk) -> None:
    for ask in (lambda: desk.exports.start("none", "abcdefgh", NOW), lambda: desk.exports.page("none", 9, None)):
        with pytest.raises(NotFound):
            ask()


def test_a_link_leads_to_files_of_finished_runs_only(desk: Desk) -> None:
    run = desk.exports.start("out", "abcdefgh", NOW)
    with pytest.raises(NotFound):
        desk.exports.link("out", run.id, "part-000.csv")
    desk.way.go(run.id)
    assert desk.exports.link("out", run.id, "part-000.csv") == f"https://bucket/exports/out/{run.id}/part-000.csv"
    for file in ("_plan.json", "../latest.json", "part-001.csv"):
        with pytest.raises(NotFound):
            desk.exports.link("out", run.id, file)


def test_a_run_is_shown_with_its_manifest_as_long_as_that_is_there(desk: Desk) -> None:
    run = desk.exports.start("out", "abcdefgh", NOW)
    manifest = desk.way.go(run.id)
    shown = desk.exports.show("out", run.id)
    assert (shown["state"], shown["counts"]["rows"], shown["manifest"]) == ("succeeded", 1, json.loads(json.dumps(manifest)))
    desk.way.files.objects.clear()
    assert desk.exports.show("out", run.id)["manifest"] is None


def test_a_schedule_starts_one_run_each_time_and_makes_up_for_none(desk: Desk) -> None:
    assert desk.due(NOW) is None  # seen for the first time: it is due in six hours
    assert desk.due(NOW + 6 * HOUR - 1) is None
    first = desk.due(NOW + 6 * HOUR)
    assert first is not None
    assert desk.due(NOW + 6 * HOUR + 1) is None
    desk.way.go(first)
    assert desk.due(NOW + 3 * DAY) not in (None, first)
    assert desk.due(NOW + 3 * DAY + 1) is None


def test_an_export_that_is_still_running_skips_its_turn(desk: Desk) -> None:
    desk.due(NOW)
    desk.exports.start("out", "abcdefgh", NOW)
    assert desk.due(NOW + 6 * HOUR) is None
    assert desk.due(NOW + 6 * HOUR + 1) is None


def test_a_start_that_broke_off_is_made_once_more_and_not_twice(desk: Desk) -> None:
    desk.due(NOW)
    desk.executions.is_down = True
    with pytest.raises(Unavailable):
        desk.due(NOW + 6 * HOUR)
    desk.executions.is_down = False
    assert desk.due(NOW + 6 * HOUR + 1) is not None
    assert len(desk.way.runs.runs) == 1


def test_another_schedule_counts_from_when_it_was_seen(desk: Desk) -> None:
    desk.due(NOW)
    assert desk.due(NOW + 6 * HOUR, "rate(1 hour)") is None
    assert desk.due(NOW + 7 * HOUR, "rate(1 hour)") is not None


def test_what_is_disabled_or_has_no_schedule_does_not_start(desk: Desk) -> None:
    desk.due(NOW)
    assert desk.due(NOW + DAY, enabled=False) is None
    assert desk.due(NOW + DAY, None) is None


def test_a_schedule_that_has_ended_starts_no_more(desk: Desk) -> None:
    desk.due(NOW, "cron(0 0 1 1 ? 2027)")
    last = desk.due(NOW + 400 * DAY, "cron(0 0 1 1 ? 2027)")
    assert last is not None
    desk.way.go(last)
    assert desk.due(NOW + 800 * DAY, "cron(0 0 1 1 ? 2027)") is None
