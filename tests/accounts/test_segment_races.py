"""Account conditions live, when things meet: in whatever order effects and ticks arrive, all are given what is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.effects.model import MEMBERS
from socle.errors import Unavailable
from socle.profiles.codec import encode_aggregate
from tests.accounts.groups import ADA, BOB, DEVICE, group
from tests.accounts.town import BUYER, CY, GOLD, Town, bought, of_members
from tests.examples import examples
from tests.people import event


def test_of_two_who_look_at_once_the_later_look_is_what_stays():
    town = Town(buyers=BUYER, all=of_members("all")).after(group(1, ADA), group(2, BOB))

    def bob_buys() -> None:
        town.world.deliver(bought(4, BOB))
        town.run(town.waiting())

    town.world.deliver(bought(3, ADA))
    town.rival = bob_buys
    town.run(town.waiting())
    town.arrive()
    assert (town.given(ADA)["segments"], town.given(BOB)["segments"]) == ({"buyers": [2, 2]}, {"buyers": [2, 2]})


def test_a_push_that_breaks_off_is_made_up_for_when_the_effect_comes_again():
    def broken() -> None:
        raise Unavailable("stream_unavailable", "not now")

    town = Town(gold=GOLD)
    town.world.deliver(group(1, ADA, plan="gold"))
    town.rival, effects = broken, town.waiting()
    with pytest.raises(Unavailable):
        town.run(effects)
    assert town.stream == []
    town.run(effects)
    assert town.after().of(ADA) == {"gold"}


def test_what_a_tick_brings_is_not_lost_with_a_race():
    town = Town(gold=GOLD)
    town.world.deliver(group(1, ADA, plan="gold"))
    town.run(town.waiting())
    profiles, load = town.world.profiles, town.world.profiles.load

    def overtaken(wanted: Any, fresh: bool = True) -> Any:
        profiles.load = load  # type: ignore[method-assign]
        found = load(wanted, fresh)
        for one in found.values():
            profiles.save(after := one.next(), encode_aggregate(after))
        return found

    profiles.load = overtaken  # type: ignore[method-assign]
    town.arrive()
    assert town.of(ADA) == {"gold"}


def test_who_leaves_before_hearing_of_the_account_is_missed_by_the_others():
    """Found by the property below: what they were given had not arrived, so nothing said that they had ever belonged to it."""
    town = Town(buyers=BUYER, any=of_members("any")).after(group(1, ADA))
    town.world.deliver(group(2, BOB))
    town.run(town.waiting())
    town.world.deliver(group(2, BOB, to="other", revision=1))
    assert [effect.name for effect in town.waiting(keep=True) if effect.kind == MEMBERS] == ["acme"]
    town.after()
    assert town.given(ADA)["segments"] == {"buyers": [0, 1]}


_happenings = st.sampled_from([
    group(1, ADA), group(2, BOB), group(3, CY), group(4, BOB, plan="gold"), group(5, CY, plan="free"), bought(6, ADA),
    bought(7, BOB), event(8, ADA, DEVICE), group(9, DEVICE), group(2, BOB, to="other", revision=1), bought(10, DEVICE)])


@examples(40)
@given(st.lists(_happenings, min_size=2, max_size=8, unique_by=lambda one: (one.key, one.revision)), st.data())
def test_in_whatever_order_effects_and_ticks_arrive_all_have_what_is(events, data):
    segments = {"buyers": BUYER, "gold": GOLD, **{name: of_members(name) for name in ("any", "all", "none")}}
    town = Town(**segments)
    for one in events:
        town.world.deliver(one)
        waiting = data.draw(st.permutations(town.waiting()))
        kept = data.draw(st.integers(0, len(waiting)))
        town.run([*waiting[kept:], *waiting[kept:][:1]])
        town.done -= kept
        town.world.queue.sent[town.done:] = waiting[:kept]
        if data.draw(st.booleans()):
            town.arrive()
    town.after()
    for who in {identifier for one in events for identifier in one.ids}:
        person = town.world.profiles.load([town.id(who)])[town.id(who)]
        for name in person.snapshot.accounts:
            assert person.given[f"account:{name}"]["segments"]["buyers"] == expected(town, name), name


def expected(town: Town, name: str) -> list[int]:
    ids = [item["id"] for item in town.accounts.members(name, 100)["items"]]
    return [sum("buyers" in one.segments for one in town.world.profiles.load(ids).values()), len(ids)]
