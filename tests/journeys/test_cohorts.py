"""A schedule asks everybody of its segment in, once each time, however often it is looked at and wherever it breaks off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from socle.clock import DAY, HOUR, MINUTE
from socle.cohorts.model import NEVER, OFF, Cohort, Timetable
from socle.cohorts.service import Cohorts, Outcome
from socle.cohorts.store import TimetableStore
from socle.cohorts.timetable import LATE, looked_at
from socle.errors import Conflict, Unavailable
from socle.events.group import Record
from socle.events.model import Event
from socle.events.stream import decode
from socle.iso import from_iso, to_iso
from socle.journeys.model.release import LIVE, PAUSED, Release
from socle.profiles.codec import encode_aggregate
from socle.segments.membership import Membership, Move
from socle.segments.store import shard_of
from tests.examples import examples
from tests.people import event
from tests.world import World

NOON = from_iso("2026-06-01T12:00:00Z")
"""A Monday."""
WEEKLY = {"type": "schedule", "every": "cron(0 9 ? * MON *)", "segment": "readers"}


def release(name: str = "digest", trigger: dict[str, Any] | None = None, state: str = LIVE) -> Release:
    return Release(name, 1, {"trigger": trigger or WEEKLY}, "arn", NOON, True, state)


class MemoryTimetables:
    """As TimetableStore."""

    def __init__(self) -> None:
        self.tables: dict[str, Timetable] = {}

    def all(self) -> dict[str, Timetable]:
        return dict(self.tables)

    def save(self, table: Timetable) -> Timetable:
        stored = self.tables.get(table.journey)
        if (stored.number if stored else 0) != table.number:
            raise Conflict("conflict", "changed meanwhile")
        self.tables[table.journey] = table._replace(number=table.number + 1)
        return self.tables[table.journey]


class Town:
    """People who read, and journeys that ask them in; `events` are those that got onto the stream."""

    def __init__(self, people: int, *releases: Release) -> None:
        self.world = World()
        self.world.deliver(*(event(number, ("user_id", str(number))) for number in range(people)))
        self.readers = [key[0] for key in self.world.profiles.items if key[1] == "A"]
        self.timetables, self.releases, self.events = MemoryTimetables(), list(releases or [release()]), list[Event]()
        self.pages = 0
        self.breaks: set[int] = set()
        """Pages after whose events the call dies."""
        self.cohorts = Cohorts(self.timetables, self, self, self.world.profiles, self, lambda: "Europe/Paris")  # type: ignore[arg-type]

    def all(self) -> list[Release]:
        return self.releases

    def members(self, segment: str, limit: int, shard: int = 0, after: str = "") -> Any:
        limit = 3
        places = sorted((shard_of(one), one) for one in (self.readers if segment == "readers" else ()))
        found = [place for place in places if place > (shard, after)][:limit]
        return [Membership(segment, one, (Move(1, 1, True),)) for _, one in found], found[-1] if len(found) == limit else None

    def put(self, records: Sequence[Record]) -> None:
        self.events += [one for record in records for one in decode(record.data).events]
        self.pages += 1
        if self.pages in self.breaks:
            raise Unavailable("stream_unavailable", "send them again")

    def look(self, now: int, pages: int = 1_000) -> Outcome:
        """A call that has time for so many pages."""
        before = self.pages
        return self.cohorts.go_on(now, lambda: self.pages - before < pages)

    def asked(self, journey: str = "digest") -> Counter[str]:
        """How many events each person has: one that comes again is none."""
        keys = {(one.ids[0][1], one.key) for one in self.events if one.body["properties"]["journey"] == journey}
        return Counter(who for who, _ in keys)


def test_everybody_is_asked_in_at_the_times_of_the_schedule_by_the_companys_clocks() -> None:
    town = Town(10)
    for minutes in range(0, 15 * 24 * 60, 5):
        town.look(NOON + minutes * MINUTE)
    assert sorted({to_iso(one.at) for one in town.events}) == ["2026-06-08T07:00:00.000Z", "2026-06-15T07:00:00.000Z"]
    assert set(town.asked().values()) == {2}
    assert len(town.events) == 20
    assert {one.source for one in town.events} == {"socle"}
    assert town.events[0].body == {"properties": {"journey": "digest", "key": "", "data": {}, "by": "schedule"}}


def test_a_call_that_has_no_more_time_leaves_the_rest_to_the_next() -> None:
    town = Town(10)
    town.look(NOON)
    due = from_iso("2026-06-08T07:00:00Z")
    outcomes = [town.look(due + round_ * 5 * MINUTE, pages=2) for round_ in range(4)]
    assert [outcome.asked.get("digest", 0) for outcome in outcomes] == [6, 4, 0, 0]
    assert [outcome.waiting for outcome in outcomes] == [["digest"], [], [], []]
    assert {one.at for one in town.events} == {due}
    assert len(town.events) == 10


@examples(100)
@given(st.sets(st.integers(1, 12)), st.integers(1, 3))
def test_a_crash_between_asking_and_noting_doubles_nobody_and_forgets_nobody(breaks: set[int], pages: int) -> None:
    town = Town(11)
    town.look(NOON)
    town.breaks = breaks
    for round_ in range(30):
        town.look(from_iso("2026-06-08T07:00:00Z") + round_ * MINUTE, pages)
    assert town.asked() == Counter({str(number): 1 for number in range(11)})


def test_two_calls_at_once_ask_nobody_twice() -> None:
    town = Town(10)
    town.look(NOON)
    due = from_iso("2026-06-08T07:00:00Z")
    stale = town.timetables.all()
    town.look(due)
    town.timetables.all = lambda: stale  # type: ignore[method-assign]
    outcome = town.look(due + 1)
    assert (outcome.asked, list(outcome.failed), len(town.events)) == ({}, ["digest"], 10)


def test_two_who_are_one_by_the_second_try_have_one_event() -> None:
    town = Town(2)
    town.look(NOON)
    town.breaks = {1}
    due = from_iso("2026-06-08T07:00:00Z")
    assert list(town.look(due).failed) == ["digest"]
    town.world.deliver(event(9, ("user_id", "0"), ("user_id", "1")))
    town.look(due)
    assert len({one.key for one in town.events}) == 1


def test_who_was_erased_is_not_asked() -> None:
    town = Town(2)
    gone = town.world.profiles.load(town.readers)[town.readers[0]]
    erased = replace(gone, erased=NOON, version=gone.version + 1)
    town.world.profiles.save(erased, encode_aggregate(erased))
    town.look(NOON)
    assert town.look(from_iso("2026-06-08T07:00:00Z")).asked == {"digest": 1}


def test_a_paused_journey_asks_nobody_and_makes_up_for_nothing() -> None:
    town = Town(4)
    town.look(NOON)
    town.releases = [release(state=PAUSED)]
    town.look(NOON + HOUR)
    assert (town.timetables.tables["digest"].schedule, town.timetables.tables["digest"].due) == (OFF, NEVER)
    town.look(NOON + 8 * DAY)
    town.releases = [release()]
    town.look(NOON + 8 * DAY + HOUR)
    assert town.events == []
    town.look(NOON + 14 * DAY)
    assert len(town.events) == 4


def test_pausing_in_the_middle_stops_the_rest() -> None:
    town = Town(10)
    town.look(NOON)
    due = from_iso("2026-06-08T07:00:00Z")
    town.look(due, pages=1)
    town.releases = [release(state=PAUSED)]
    town.look(due + MINUTE)
    town.releases = [release()]
    town.look(due + 2 * MINUTE)
    assert len(town.events) == 3


def test_one_journey_holds_up_no_other() -> None:
    town = Town(6, release(), release("other"), release("odd", {**WEEKLY, "every": "now and then"}),
                release("quiet", {"type": "request"}))
    assert list(town.look(NOON).failed) == ["odd"]
    town.breaks = {1}
    outcome = town.look(from_iso("2026-06-08T07:00:00Z"))
    assert (outcome.asked, outcome.waiting) == ({"other": 6}, ["digest"])
    assert town.look(from_iso("2026-06-08T07:05:00Z")).asked == {"digest": 6}


@pytest.mark.parametrize(("late", "begins"), [(0, True), (LATE - 1, True), (LATE, False), (DAY, False)])
def test_a_time_that_was_missed_by_too_much_is_not_made_up_for(late: int, begins: bool) -> None:
    due = from_iso("2026-06-08T07:00:00Z")
    table = looked_at(Timetable("digest", f"{WEEKLY['every']} UTC", due, number=1), "digest", WEEKLY, "UTC", due + late)
    assert table is not None
    assert (table.cohort is not None, table.due > due + late) == (begins, True)


def test_asking_that_takes_too_long_ends_because_nobody_would_enter() -> None:
    table = Timetable("digest", f"{WEEKLY['every']} UTC", NEVER, Cohort(NOON, "readers", 3, "x", 9), 4)
    assert looked_at(table, "digest", WEEKLY, "UTC", NOON + LATE - 1) == table
    assert looked_at(table, "digest", WEEKLY, "UTC", NOON + LATE) == table._replace(cohort=None)


def test_a_time_that_comes_while_others_are_asked_waits_for_them() -> None:
    hourly = {**WEEKLY, "every": "rate(1 hour)"}
    table = looked_at(None, "digest", hourly, "UTC", NOON)
    assert table == Timetable("digest", "rate(1 hour) UTC", NOON + HOUR)
    busy = table._replace(cohort=Cohort(NOON, "readers"))
    assert looked_at(busy, "digest", hourly, "UTC", NOON + 2 * HOUR) == busy
    after = looked_at(table, "digest", hourly, "UTC", NOON + 2 * HOUR)
    assert after == table._replace(cohort=Cohort(NOON + HOUR, "readers"), due=NOON + 3 * HOUR)


@pytest.fixture(scope="module")
def table() -> Iterator[TimetableStore]:
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name="us-east-1")
        dynamodb.create_table(
            TableName="definitions", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}, {"AttributeName": "SK", "AttributeType": "S"}])
        yield TimetableStore(dynamodb, "definitions")


@pytest.mark.parametrize("where", ["moto", "memory"])
def test_a_timetable_comes_back_as_it_was_and_is_written_over_what_was_read(where: str, table: TimetableStore) -> None:
    store: Any = table if where == "moto" else MemoryTimetables()
    first = store.save(Timetable("digest", "rate(1 day) UTC", NOON))
    second = store.save(first._replace(cohort=Cohort(NOON, "readers", 3, "abc", 12)))
    assert store.all() == {"digest": second}
    for stale in (first, Timetable("digest", "x", NOON)):
        with pytest.raises(Conflict):
            store.save(stale)
