"""Rows of memberships: moves arrive in any order, more than once, two at a time; the row is the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from infra.local import dynamodb
from socle.effects.model import Effect
from socle.errors import Conflict, Rejected
from socle.segments.membership import KEPT, MAX_MOVES, Membership, Move, move_of
from socle.segments.store import SHARDS, MembershipStore, shard_of
from tests.examples import examples
from tests.people import T0
from tests.profiles.test_store import make_table


@pytest.fixture(scope="module")
def store() -> Iterator[MembershipStore]:
    with mock_aws(), ExitStack() as stack:
        dynamodb.install(stack)
        client = boto3.client("dynamodb")
        make_table(client)
        yield MembershipStore(client, "profiles")


def moves(*entered: bool, first: int = 1) -> list[Move]:
    return [Move(first + at, one, T0 + at) for at, one in enumerate(entered)]


def everybody(store: MembershipStore, segment: str, limit: int = 100) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    place: tuple[int, str] | None = (0, "")
    while place is not None:
        page, place = store.members(segment, limit, *place)
        assert len(page) <= limit
        assert not {one.profile for one in page} & set(found)
        found |= {one.profile: one.since for one in page}
    return found


_number = iter(range(10**6))


@examples(15)
@given(st.data(), st.lists(st.booleans(), min_size=1, max_size=5))
def test_in_whatever_order_moves_come_the_newest_says_who_is_in_and_each_is_kept_once(store, data, entered):
    profile, all_moves = f"p{next(_number)}", moves(*entered)
    for move in data.draw(st.permutations(all_moves * 2)):
        store.add("vip", profile, move)
    [row] = store.load(["vip"], [profile])
    assert row == Membership("vip", profile, tuple(all_moves))
    assert row.since == (all_moves[-1].at if entered[-1] else None)


def test_a_row_keeps_the_newest_moves_and_forgets_the_oldest(store):
    many = moves(*[n % 2 == 0 for n in range(2 * MAX_MOVES + 1)])
    for move in many:
        store.add("busy", "p", move)
    [row] = store.load(["busy"], ["p"])
    assert KEPT <= len(row.moves) <= MAX_MOVES
    assert row.moves == tuple(many[-len(row.moves):])
    assert everybody(store, "busy") == {"p": many[-1].at}


def test_a_member_is_listed_once_on_pages_of_any_size_and_who_left_is_not(store):
    people = [f"{number:032x}" for number in range(30)]
    for number, profile in enumerate(people):
        store.add("paged", profile, Move(1, True, T0 + number))
    for profile in people[:10]:
        store.add("paged", profile, Move(2, False, T0 + 100))
    expected = {profile: T0 + number for number, profile in enumerate(people)} | dict.fromkeys(people[:10])
    for limit in (1, 7, 100):
        assert everybody(store, "paged", limit) == {name: since for name, since in expected.items() if since is not None}


def test_members_are_spread_over_all_partitions():
    assert {shard_of(f"{number:032x}") for number in range(300)} == set(range(SHARDS))


def test_a_cleared_segment_has_no_rows_left_and_its_neighbours_keep_theirs(store):
    for segment in ("gone", "gone-2"):
        for number in range(15):
            store.add(segment, f"p{number}", Move(1, number % 3 > 0, T0))
    assert store.clear("gone") is True
    assert everybody(store, "gone") == {}
    assert store.load(["gone"], [f"p{number}" for number in range(15)]) == []
    assert len(everybody(store, "gone-2")) == 10


def test_what_is_forgotten_of_a_person_is_theirs_alone(store):
    for segment in ("one", "two"):
        for profile in ("ada", "bob"):
            store.add(segment, profile, Move(1, True, T0))
    store.forget(["one", "two", "never-written"], ["ada"])
    assert store.load(["one", "two"], ["ada"]) == []
    assert len(store.load(["one", "two"], ["bob"])) == 2


def test_two_who_write_a_late_move_at_once_lose_neither(store, monkeypatch):
    first, late, later = moves(True, False, True)
    store.add("raced", "p", later)
    load = store.load

    def overtaken(*asked: list[str]) -> list[Membership]:
        found = load(*asked)
        monkeypatch.setattr(store, "load", load)
        store.add("raced", "p", late)
        return found

    monkeypatch.setattr(store, "load", overtaken)
    store.add("raced", "p", first)
    assert store.load(["raced"], ["p"]) == [Membership("raced", "p", (first, late, later))]


def test_who_is_always_beaten_is_told_so(store, monkeypatch):
    monkeypatch.setattr("socle.clock.wait", lambda ms: None)
    store.add("beaten", "p", Move(2, True, T0))
    monkeypatch.setattr(store, "load", lambda *asked: [])
    with pytest.raises(Conflict):
        store.add("beaten", "p", Move(1, True, T0))


@pytest.mark.parametrize("key", ["", "+", "x1", "+1x", "1"])
def test_an_effect_that_says_nothing_is_refused(key):
    with pytest.raises(Rejected):
        move_of(Effect("segment", "vip", "p", key, 1))


def test_an_effect_is_read_as_the_move_that_it_is():
    assert move_of(Effect("segment", "vip", "p", f"+{T0}", 7)) == Move(7, True, T0)
    assert move_of(Effect("segment", "vip", "p", f"-{T0}", 8)) == Move(8, False, T0)
