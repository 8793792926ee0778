"""Two snapshots together are the fold of both histories, or nothing is said without them."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.events.model import Event
from socle.profiles.fold import HistoryNeeded, join, refold
from socle.profiles.model import Snapshot
from tests.people import T0, event, histories, identify, order


def _shared(one: list[Event], other: list[Event]) -> bool:
    return bool(refold(one).order_ids & refold(other).order_ids)


@given(st.data())
def test_two_snapshots_together_are_the_fold_of_both_histories(data):
    events = data.draw(histories())
    of_one = data.draw(st.sets(st.sampled_from([one.key for one in events]))) if events else set()
    one, other = [each for each in events if each.key in of_one], [each for each in events if each.key not in of_one]
    limits = {name: data.draw(st.integers(0, 3)) for name in ("MAX_TRAITS", "MAX_NAMES", "MAX_CONSENTS", "MAX_ACCOUNTS")}
    with patch.multiple("socle.profiles.fold", **limits):
        if _shared(one, other):
            with pytest.raises(HistoryNeeded):
                join(refold(one), refold(other))
        else:
            assert join(refold(one), refold(other)) == refold(events)
            assert join(refold(other), refold(one)) == refold(events)


def test_nothing_and_somebody_are_somebody():
    known = refold([identify(1, traits={"a": 1}), order(2, order_id="o", revenue=3)])
    assert join(known, Snapshot()) == join(Snapshot(), known) == known


def test_neither_of_two_snapshots_is_changed():
    one = refold([identify(1, traits={"a": 1})])
    other = refold([identify(2, ("email", "a@b.c"), traits={"b": 2}), event(3, ts=T0)])
    before = one.copy(), other.copy()
    join(one, other)
    assert (one, other) == before


def test_traits_that_are_not_simply_the_latest_ask_for_the_history():
    known = refold([identify(1, traits={"a": 1})])
    ruled = known.copy()
    ruled.rules = 7
    for pair in ((known, ruled), (ruled, known)):
        with pytest.raises(HistoryNeeded):
            join(*pair)
