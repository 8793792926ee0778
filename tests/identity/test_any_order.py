"""Whatever the order of events and of merges by hand, the same people come of it, as long as no limit overflows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.identity.test_unmerge import ANN, DEVICE, MAIL, PHONE, TABLET, Life
from tests.people import T0, identify

IDS = (ANN, MAIL, DEVICE, TABLET, PHONE, ("crm_id", "c1"))


def together(groups: list[set]) -> set[frozenset]:
    """Identifiers that are one person's: those that are linked, however far."""
    people: list[set] = []
    for group in groups:
        linked = [one for one in people if one & group]
        people = [one for one in people if not one & group] + [set().union(group, *linked)]
    return {frozenset(one) for one in people}


@st.composite
def lives(draw: st.DrawFn):
    """Events, merges by hand, and two orders of all of them in which nobody is merged before they are known."""
    groups = draw(st.lists(st.sets(st.sampled_from(IDS), min_size=1, max_size=2), min_size=2, max_size=8))
    events = [identify(number, *sorted(ids), traits={f"t{number % 3}": number}, received=T0 + 1_000_000)
              for number, ids in enumerate(groups)]
    known = sorted(set().union(*groups))
    merges = draw(st.lists(st.tuples(st.sampled_from(known), st.sampled_from(known)), max_size=3))
    orders = []
    for _ in range(2):
        order = list(draw(st.permutations(events)))
        for pair in merges:
            met: set = set()
            ready = next(place for place, step in enumerate(order, 1)
                         if (met := met | set(getattr(step, "ids", ()))) and set(pair) <= met)
            order.insert(draw(st.integers(ready, len(order))), pair)
        orders.append(order)
    return groups, merges, orders


@given(lives())
def test_any_order_of_events_and_merges_gives_the_same_people(life):
    groups, merges, orders = life
    seen = []
    for order in orders:
        told = Life()
        for step in order:
            if len(step) == 2:
                told.merge(*step)
            else:
                told.world.deliver(step)
        seen.append(told.people())
    assert seen[0] == seen[1]
    assert set(seen[0]) == together([*groups, *({*pair} for pair in merges)])
