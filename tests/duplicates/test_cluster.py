"""Who is one person, when pairs are put together."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from socle.duplicates.cluster import cluster
from socle.duplicates.model import Pair, pair_id

PROFILES = [f"p{number}" for number in range(8)]
PAIRS = st.lists(st.tuples(st.sampled_from(list(combinations(PROFILES, 2))), st.integers(1, 40)), max_size=20,
                 unique_by=lambda one: one[0])
USERS = st.dictionaries(st.sampled_from(PROFILES), st.sampled_from(["u1", "u2", "u3"]))
APART = st.sets(st.sampled_from([pair_id(*both) for both in combinations(PROFILES, 2)]), max_size=6)


def pair(left: str, right: str, weight: float = 20) -> Pair:
    return Pair(left, right, (1, 1), 1 - 2.0 ** -weight, weight, (), True)


def test_pairs_that_meet_make_one_person():
    assert cluster([pair("a", "b"), pair("b", "c"), pair("d", "e")], {}).groups == [["a", "b", "c"], ["d", "e"]]


def test_of_two_users_the_more_probable_one_gets_the_stranger():
    pairs = [pair("a", "x", 10), pair("b", "x", 12)]
    assert cluster(pairs, {"a": "1", "b": "2"}).groups == [["b", "x"]]
    assert cluster(pairs, {"a": "1", "b": "1"}).groups == [["a", "b", "x"]]


def test_who_is_kept_apart_does_not_meet_through_a_third():
    assert cluster([pair("a", "x", 12), pair("b", "x", 10)], {}, {"a-b"}).groups == [["a", "x"]]


def test_a_group_that_is_too_large_is_left_alone_and_reported():
    star = [pair("a", f"b{number}") for number in range(4)]
    assert cluster([*star, pair("y", "z")], {}, most=4) == ([["y", "z"]], [5])
    assert cluster(star, {}, most=5).too_large == []


@given(PAIRS, USERS, APART, st.integers(2, 8))
def test_a_group_never_holds_what_must_not_be_one(edges, users, apart, most):
    pairs = [pair(*both, weight) for both, weight in edges]
    found = cluster(pairs, users, apart, most)
    members = [profile for group in found.groups for profile in group]
    assert len(members) == len(set(members))
    for group in found.groups:
        assert 2 <= len(group) <= most
        assert len({users[profile] for profile in group if profile in users}) <= 1
        assert not {pair_id(*both) for both in combinations(group, 2)} & apart
        linked = {one.id for one in pairs}
        assert all(any(pair_id(one, other) in linked for other in group if other != one) for one in group)
    assert all(size > most for size in found.too_large)


@given(PAIRS, USERS, APART, st.randoms())
def test_the_order_of_pairs_does_not_matter(edges, users, apart, chance):
    pairs = [pair(*both, weight) for both, weight in edges]
    shuffled = list(pairs)
    chance.shuffle(shuffled)
    assert cluster(shuffled, users, apart) == cluster(pairs, users, apart)
