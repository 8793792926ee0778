"""A delta after k changes has k rows; whatever breaks off, the next try ends at the same."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from socle.errors import Unavailable
from tests.exports.lake import SEGMENT, Way

FIELDS = ["id", {"path": "traits.plan", "name": "plan"}, "identifiers.email[]", "last_seen",
          {"path": "traits.n", "type": "number"}]


def somebody(number: int, plan: Any = "free") -> dict[str, Any]:
    return {"traits": {"plan": plan, "n": number / 3, "other": number}, "identifiers": {"email": [f"{number}@x.example"]}}


def changes_of(way: Way, manifest: dict[str, Any]) -> dict[str, str]:
    return {row["id"]: row["change"] for row in way.rows(manifest)}


@pytest.mark.parametrize(("seed", "form"), [(1, "csv"), (2, "ndjson"), (3, "parquet")], ids=["csv", "ndjson", "parquet"])
def test_a_delta_after_k_changes_has_k_rows(tmp_path: Path, seed: int, form: str) -> None:
    chance = random.Random(seed)
    way = Way(tmp_path)
    people = {f"p{number}": somebody(number) for number in range(30)}
    way.define(fields=FIELDS, mode="delta", format=form)
    way.lake.write(people)
    first = way.run()
    assert changes_of(way, first) == dict.fromkeys(people, "added")
    assert first["is_first"]
    for step in range(2):
        expected = {}
        for name in chance.sample(sorted(people), chance.randint(0, len(people) - 1)):
            match chance.randrange(4):
                case 0:
                    del people[name]
                    expected[name] = "removed"
                case 1:
                    people[name] = {**people[name], "segments": {}}
                    expected[name] = "removed"
                case 2:
                    people[name] = somebody(step, f"plan {chance.random()}")
                    expected[name] = "changed"
                case _:  # of no field that was chosen
                    people[name] = {**people[name], "traits": {**people[name]["traits"], "other": chance.random()}}
        people |= (new := {f"n{step}-{number}": somebody(number) for number in range(chance.randrange(5))})
        expected |= dict.fromkeys(new, "added")
        way.lake.write(people)
        delta = way.run()
        assert changes_of(way, delta) == expected
        assert delta["counts"]["rows"] == len(expected)
        assert sum(delta["counts"]["changes"].values()) - delta["counts"]["changes"]["removed"] == sum(
            one.get("segments", {SEGMENT: 1}) != {} for one in people.values())
        for name in [name for name, change in expected.items() if change == "removed" and name in people]:
            del people[name]


def test_a_removed_row_has_the_values_that_the_receiver_knows(tmp_path: Path) -> None:
    way = Way(tmp_path)
    way.define(fields=FIELDS, mode="delta", format="parquet")
    way.lake.write({"a": somebody(1), "b": somebody(2)})
    (before,) = [row for row in way.rows(way.run()) if row["id"] == "a"]
    way.lake.write({"b": somebody(2)})
    (gone,) = way.rows(way.run())
    assert gone == {**before, "change": "removed"}


def test_an_audience_says_in_its_file_names_what_to_add_and_what_to_remove(tmp_path: Path) -> None:
    way = Way(tmp_path)
    said = [{"channel": "email", "topic": None, "at": "2026-01-01T00:00:00.000Z", "state": "subscribed"}]
    way.define(layout="google_customer_match", mode="delta", purpose={"channel": "email"})
    way.lake.write({name: {"identifiers": {"email": [f"{name}@x.example"]}, "consent": said} for name in "ab"})
    first = way.run()
    way.lake.write({name: {"identifiers": {"email": [f"{name}@x.example"]}, "consent": said} for name in "bc"})
    second = way.run()
    assert [file["file"] for file in first["files"]] == ["change=added/part-000.csv"]
    assert [file["file"] for file in second["files"]] == ["change=added/part-000.csv", "change=removed/part-000.csv"]
    lines = way.bytes_of(first).decode().splitlines()
    assert way.bytes_of(second, 1).decode().splitlines() == [lines[0], lines[1]]


def test_withdrawn_consent_is_a_removal(tmp_path: Path) -> None:
    way = Way(tmp_path)
    said = {"channel": "email", "topic": None, "at": "2026-01-01T00:00:00.000Z"}
    way.define(fields=["id"], mode="delta", purpose={"channel": "email"})
    way.lake.write({"a": {"consent": [{**said, "state": "subscribed"}]}})
    way.run()
    way.lake.write({"a": {"consent": [{**said, "state": "unsubscribed"}]}})
    assert changes_of(way, way.run()) == {"a": "removed"}


def test_other_buckets_and_parts_than_last_time_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    way = Way(tmp_path)
    way.define(fields=["id"], mode="delta")
    way.lake.write({f"p{number}": somebody(number) for number in range(30)})
    way.run()
    for size in (1, 1_000_000):
        monkeypatch.setattr("socle.exports.service.plan.PART_BYTES", size)
        assert way.run()["counts"]["changes"] == {"added": 0, "changed": 0, "removed": 0, "unchanged": 30}


def test_a_run_that_failed_is_not_what_the_next_delta_compares_with(tmp_path: Path) -> None:
    way = Way(tmp_path)
    way.define(fields=["id"], mode="delta")
    way.lake.write({"a": somebody(1)})
    way.run()
    way.lake.write({"a": somebody(1), "b": somebody(2)})
    broken = way.begin()
    for part in way.planner.plan("out", broken, 0)["parts"]:
        way.writer.write("out", broken, part)
    way.finisher.give_up("out", broken, 0)
    assert way.runs.load("out", broken).state == "failed"
    assert changes_of(way, way.run()) == {"b": "added"}


def test_a_crash_at_any_write_leaves_no_half_export_and_the_next_try_ends_at_the_same(tmp_path: Path) -> None:
    way = Way(tmp_path)
    way.define(fields=["id", "traits.plan"], mode="delta")
    way.lake.write({"a": somebody(1), "b": somebody(2)})
    way.run()
    way.lake.write({"a": somebody(1, "gold"), "c": somebody(3)})
    run = way.begin()
    before = dict(way.files.objects), dict(way.runs.runs), way.lake.now
    way.lake.write({"c": somebody(3)})
    later = way.lake.now

    def told(fail_at: tuple[int, bool] | None, tries_again: bool) -> tuple[Any, ...]:
        """A delta with a fault, then the same run again, or given up and another one; then a delta against what that left."""
        way.files.objects, way.runs.runs, way.lake.now = dict(before[0]), dict(before[1]), before[2]
        way.runs.turns = {"out": run}
        way.files.writes, way.files.fail_at = 0, fail_at
        if fail_at is None:
            second = way.go(run)
        else:
            with pytest.raises(Unavailable):
                way.go(run)
            way.files.fail_at = None
            if not tries_again:
                way.finisher.give_up("out", run, 0)
            second = way.go(run) if way.runs.load("out", run).state != "failed" else way.run()
        writes, way.lake.now = way.files.writes, later
        is_looked_at = fail_at is None or fail_at[0] % 3 == 0  # a third of them: the others would take long and say the same
        return changes_of(way, second), changes_of(way, way.run()) if is_looked_at else last, way.turn_is_free(), writes

    last = {"a": "removed"}
    *expected, writes = told(None, True)
    assert expected == [{"a": "changed", "b": "removed", "c": "added"}, last, True]
    assert writes >= 8
    for number in range(1, writes + 1):
        for after in (False, True):
            assert [*told((number, after), (number + after) % 2 == 0)][:3] == expected, (number, after)
