"""Figures of very many people, and pages of them: who is inside is reckoned from a random part, and said to be so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from socle.errors import NotFound, Rejected
from socle.iso import to_iso
from socle.journeys.items import SHARDS, shard_of
from socle.journeys.model.entry import entry_id
from socle.journeys.model.release import Release
from socle.journeys.model.row import Inside, Logged, Parked, Row
from socle.journeys.service.answers import SAMPLE, Answers
from tests.journeys.people import CART, HOUR, release
from tests.people import T0

NOW = T0 + HOUR


class Crowd:
    """People inside `cart`, one in four of whom is about to be reminded; the others are held."""

    def __init__(self, people: int, entered: int | None = None) -> None:
        self.everybody = [Inside(entry_id("cart", f"p{number}", "", "", 0), f"p{number}", 1) for number in range(people)]
        self.counts = {("", "entered"): people if entered is None else entered}
        self.reads = 0
        self.answers = Answers(self, self, self, self)

    def of(self, name: str) -> list[Release]:
        return [release(CART, name)] if name == "cart" else []

    def current(self, kind: str, name: str) -> None: ...
    def version(self, kind: str, name: str, version: int) -> None: ...

    def people(self, journey: str, shard: int, after: str = "", limit: int = 1_000) -> list[Inside]:
        mine = sorted(one for one in self.everybody if shard_of(one.entry) == shard and one.entry > after)
        return mine[:limit]

    def parked(self, journey: str, after: str = "", limit: int = 1_000) -> list[Parked]:
        return [Parked(one.entry, one.part, 1, "Remind", 0, "paused", T0) for one in sorted(self.everybody)
                if one.entry > after][:limit]

    def load(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Row]:
        found = {}
        for part, entry in keys:
            self.reads += 1
            is_through = int(part[1:]) % 4 == 0
            said = Logged(T0, "timed out") if is_through else Logged(T0, "holding", to_iso(T0 + HOUR))
            found[part, entry] = Row("cart", 1, T0, {("Left alone", 0): said}, {}, {}, {}, {})
        return found

    def read(self, journey: str, version: int) -> dict[tuple[str, str], int]:
        return self.counts


def inside(told: dict[str, Any]) -> dict[str, int]:
    return {step["step"]: step["inside"] for step in told["steps"]}


def test_of_few_people_everybody_is_counted() -> None:
    told = Crowd(400).answers.state("cart", None, NOW)
    assert inside(told) == {"Left alone": 300, "Remind": 100, "Offer": 0}
    assert (told["inside_is_exact"], told["looked_at"], told["inside"]) == (True, 400, 400)


def test_of_many_people_a_random_part_is_looked_at_and_the_answer_says_so() -> None:
    crowd = Crowd(8_000)
    told = crowd.answers.state("cart", None, NOW)
    assert (told["inside_is_exact"], told["looked_at"], crowd.reads) == (False, SAMPLE, SAMPLE)
    assert inside(told)["Remind"] == pytest.approx(2_000, rel=0.1)
    assert sum(inside(told).values()) == pytest.approx(8_000, abs=2)


@pytest.mark.parametrize("limit", [1, 7, 100, 1_000])
def test_pages_list_everybody_once(limit: int) -> None:
    crowd = Crowd(60)
    met: list[str] = []
    place: str | None = None
    for _ in range(200):
        some, place = crowd.answers.people("cart", None, None, limit, place, NOW)
        met += [one["entry"] for one in some]
        if place is None:
            break
    assert sorted(met) == sorted(one.entry for one in crowd.everybody)


def test_pages_of_one_step_skip_the_others_and_lose_nobody() -> None:
    crowd = Crowd(80)
    met, place = 0, None
    while True:
        some, place = crowd.answers.people("cart", "Remind", "due", 5, place, NOW)
        met += len(some)
        assert {one["step"] for one in some} <= {"Remind"}
        if place is None:
            break
    assert met == 20


@pytest.mark.parametrize("place", ["x", "9.", "1", f"{SHARDS}.abc", "-1.a"])
def test_a_place_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(Rejected, match="not from this list"):
        Crowd(1).answers.people("cart", None, None, 5, place, NOW)


def test_those_who_stopped_are_listed_page_by_page() -> None:
    crowd = Crowd(5)
    first, place = crowd.answers.parked("cart", 3, None)
    second, last = crowd.answers.parked("cart", 3, place)
    assert (len(first), len(second), last) == (3, 2, None)


def test_a_journey_that_there_is_not_is_said_to_be_none() -> None:
    with pytest.raises(NotFound, match="GET /api/journeys"):
        Crowd(1).answers.state("other", None, NOW)
