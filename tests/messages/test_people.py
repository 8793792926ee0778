"""Somebody is looked at as the person that they are by now."""

from __future__ import annotations

from collections.abc import Iterable

from socle.identity.model import MANUAL, Evidence
from socle.messages.service.people import known_by, look
from socle.messages.store import Found
from socle.profiles.model import Aggregate, Member, Snapshot
from tests.messages.people import KEY, aggregate, row


class Held:
    """A ledger that holds these."""

    def __init__(self, *aggregates: Aggregate) -> None:
        self.found = Found({one.id: one for one in aggregates}, {"p2": row(profile="p2")}, {"p2": (1, {})})

    def look(self, profiles: Iterable[str], key: str) -> Found:
        asked = set(profiles)
        return Found(*({name: one for name, one in part.items() if name in asked} for part in self.found))


def merged(*members: str) -> dict[str, Member]:
    return {one: Member("p1", "", 1, Evidence(MANUAL, 0)) for one in members}


def test_who_was_merged_away_is_the_survivor_with_the_rows_of_both():
    ledger = Held(aggregate("p1", members=merged("p2")), Aggregate("p2", 2, merged_into="p1"))
    for profile in ("p1", "p2"):
        person = look(ledger, [profile], KEY)[profile]
        assert (person.profile, person.root.id) == (profile, "p1")
        assert [one.profile for one in person.rows] == ["p2"]


def test_who_is_read_half_way_through_an_unmerge_is_nobody_yet():
    ledger = Held(aggregate("p1"), Aggregate("p2", 2, merged_into="p1"))
    assert look(ledger, ["p1", "p2"], KEY).keys() == {"p1"}


def test_a_circle_of_what_was_read_one_after_the_other_ends():
    ledger = Held(Aggregate("p1", 2, merged_into="p2"), Aggregate("p2", 2, merged_into="p1"))
    assert look(ledger, ["p1"], KEY) == {}


def test_who_is_not_there_is_an_empty_person():
    assert look(Held(), ["p9"], KEY)["p9"].root.version == 0


def test_events_find_a_person_by_the_most_trusted_identifier():
    assert known_by(aggregate("p1")) == ("user_id", "p1")
    assert known_by(Aggregate("p1", snapshot=Snapshot({"anonymous_id": {"a"}, "email": {"x@example.com"}}))) == (
        "email", "x@example.com")
    assert known_by(Aggregate("p1")) is None
