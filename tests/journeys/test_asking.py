"""Whom the API asks into a journey, and what it says of those whom it can't."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from socle.errors import NotFound, Rejected
from socle.events.group import Record
from socle.events.model import Event
from socle.events.stream import decode
from socle.journeys.model.release import HELD, LIVE, PAUSED, STOPPED, Release
from socle.journeys.requests import MAX_DATA_BYTES
from socle.journeys.service.asking import Asked, Asking
from tests.people import event
from tests.world import World

ADA, BOB = ("user_id", "ada"), ("user_id", "bob")


def asked(by: tuple[str, str] | None = ADA, profile: str | None = None, key: str = "", once: str = "", field: str = "",
          **data: Any) -> Asked:
    return Asked(profile, by, field, key, data, once)


class Door:
    """Two people and a journey; `events` are those that got onto the stream."""

    def __init__(self, trigger: str = "request", state: str = LIVE) -> None:
        self.world, self.events = World(), list[Event]()
        self.world.deliver(event(1, ADA), event(2, BOB))
        old = Release("offer", 2, {"trigger": {"type": "event", "event": "x"}}, "arn", 0, False, state)
        self.releases = [old, Release("offer", 3, {"trigger": {"type": trigger}}, "arn", 0, True, state)]
        self.asking = Asking(self, self.world.profiles, self)  # type: ignore[arg-type]

    def of(self, name: str) -> list[Release]:
        return self.releases if name == "offer" else []

    def put(self, records: Sequence[Record]) -> None:
        self.events += [one for record in records for one in decode(record.data).events]

    def enter(self, *people: Asked, chance: str = "chance", now: int = 5) -> Any:
        return self.asking.enter("offer", people, chance, now)


def test_somebody_is_asked_in_by_an_event_that_only_socle_makes() -> None:
    door = Door()
    answer = door.enter(asked(key="order-1", plan="yearly"))
    assert (answer.version, answer.accepted, answer.refused) == (3, 1, {})
    (one,) = door.events
    assert (one.source, one.type, one.name, one.ids, one.at) == ("socle", "track", "Journey Requested", (ADA,), 5)
    assert one.body["properties"] == {"journey": "offer", "key": "order-1", "data": {"plan": "yearly"}, "by": "api"}


def test_asking_again_by_the_same_name_is_the_same_event_at_any_time_and_also_by_a_merged_identity() -> None:
    door = Door()
    door.enter(asked(once="4711"), chance="a", now=5)
    door.enter(asked(once="4711"), chance="b", now=9)
    door.world.deliver(event(3, ADA, ("user_id", "grace")))
    door.enter(asked(once="4711"), chance="c", now=12)
    assert len({one.key for one in door.events}) == 1
    door.enter(asked(once="4712"), chance="d")
    door.enter(asked(once="4711", key="other"), chance="d")
    assert len({one.key for one in door.events}) == 3


def test_without_a_name_each_request_is_an_occasion_of_its_own() -> None:
    door = Door()
    door.enter(asked(), asked(), chance="a")
    door.enter(asked(), chance="b")
    assert len({one.message_id for one in door.events}) == 3


def test_of_several_those_who_cannot_enter_are_named_and_the_others_enter() -> None:
    door = Door()
    known = door.world.profiles.owners([BOB])[BOB].profile
    answer = door.enter(asked(ADA, field="people.0"), asked(("user_id", "nobody"), field="people.1"),
                        asked(None, known, field="people.2"), asked(None, "noprofile", field="people.3"),
                        asked(BOB, field="people.4", text="é" * MAX_DATA_BYTES))
    assert answer.accepted == len(door.events) == 2
    assert {index: (one.code, one.field, one.status) for index, one in answer.refused.items()} == {
        1: ("unknown_profile", "people.1.by", 404), 3: ("unknown_profile", "people.3.profile", 404),
        4: ("too_large", "people.4.data", 413)}


@pytest.mark.parametrize("state", [PAUSED, HELD, STOPPED])
def test_nobody_enters_a_journey_that_is_not_live(state: str) -> None:
    door = Door(state=state)
    with pytest.raises(Rejected, match=f"{state}.*resume") as refused:
        door.enter(asked())
    assert (refused.value.status, refused.value.code, door.events) == (409, "journey_not_live", [])


@pytest.mark.parametrize("trigger", ["event", "segment", "date", "geofence"])
def test_nobody_is_asked_into_a_journey_that_people_enter_by_themselves(trigger: str) -> None:
    with pytest.raises(Rejected, match="request") as refused:
        Door(trigger).enter(asked())
    assert (refused.value.status, refused.value.code) == (409, "wrong_trigger")


def test_people_of_a_schedule_may_be_asked_in_too() -> None:
    assert Door("schedule").enter(asked()).accepted == 1


def test_what_was_never_published_is_not_found() -> None:
    door = Door()
    door.releases = []
    with pytest.raises(NotFound, match="publish"):
        door.enter(asked())
