"""What is said of an account adds up to the same in any order, batches and repetition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.accounts.fold import change_of, deleted, fold
from socle.accounts.link import group_of
from socle.accounts.model import MAX_TRAITS, Account, Change
from socle.accounts.view import account_view
from tests.people import T0, event

_changes = st.lists(
    st.builds(
        Change,
        at=st.integers(T0, T0 + 3),
        tie=st.integers(0, 2),
        revision=st.integers(0, 1),
        received=st.integers(T0, T0 + 3),
        source=st.sampled_from(["", "shop", "crm"]),
        traits=st.dictionaries(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 2), st.just([1])), max_size=3),
    ),
    max_size=12,
)


def folded(changes, account=None):
    for change in changes:
        account = fold(account or Account("acme"), change)
    return account_view(account or Account("acme"))


@given(st.data())
def test_any_order_and_repetition_gives_the_same_account(data):
    changes = data.draw(_changes)
    again = data.draw(st.permutations(changes + changes[: data.draw(st.integers(0, len(changes)))]))
    assert folded(again) == folded(changes)


@given(_changes)
def test_what_is_said_again_changes_nothing_and_is_not_written(changes):
    account = Account("acme")
    for change in changes:
        account = fold(account, change)
    assert all(fold(account, change) is account for change in changes)


@given(st.data())
def test_more_traits_than_an_account_holds_keep_the_latest_in_any_order(data):
    changes = [Change(T0 + number, 0, 0, T0, "shop", {f"t{number}": number}) for number in range(MAX_TRAITS + 20)]
    view = folded(data.draw(st.permutations(changes)))
    assert set(view["traits"]) == {f"t{number}" for number in range(20, MAX_TRAITS + 20)}


def test_the_latest_value_stays_and_null_removes_it():
    say = lambda second, **traits: Change(T0 + second, 0, 0, T0, "shop", traits)  # noqa: E731
    assert folded([say(2, plan="gold"), say(1, plan="free", size=1)])["traits"] == {"plan": "gold", "size": 1}
    assert folded([say(2, plan=None), say(1, plan="free")])["traits"] == {}


@pytest.mark.parametrize("traits", [{"": 1}, {"n" * 301: 1}, {"large": "x" * 2_000}], ids=["no name", "long name", "large"])
def test_a_trait_beyond_the_limits_is_passed_over_and_the_others_stay(traits):
    assert folded([Change(T0, 0, 0, T0, "shop", {**traits, "name": "Acme"})])["traits"] == {"name": "Acme"}


def test_what_was_received_before_a_deletion_does_not_bring_it_back():
    account = deleted(fold(Account("acme"), Change(T0, 0, 0, T0, "shop", {"name": "Acme"})), T0 + 5)
    assert (account.exists, account_view(account)["traits"]) == (False, {})
    assert fold(account, Change(T0 + 9, 0, 0, T0 + 5, "shop", {"name": "Acme"})) is account
    back = fold(account, Change(T0, 0, 0, T0 + 6, "shop", {"plan": "gold"}))
    assert (back.exists, account_view(back)["traits"]) == (True, {"plan": "gold"})


def test_a_group_call_says_traits_and_any_other_event_only_names_an_account():
    said = event(1, type="group", name="$group", groupId="acme", traits={"plan": "gold"})
    named = event(2, context={"groupId": "acme"}, traits={"plan": "gold"})
    assert (group_of(said), change_of(said).traits) == ("acme", {"plan": "gold"})
    assert (group_of(named), change_of(named).traits, change_of(named).source) == ("acme", {}, "")


@pytest.mark.parametrize(
    ("value", "group"),
    [
        ("acme", "acme"),
        (" acme ", "acme"),
        (42, "42"),
        (42.0, "42"),
        (None, None),
        ("", None),
        ("null", None),
        ([], None),
        ({}, None),
        (True, None),
        ("x" * 257, None),
        ("\U0001f600" * 251, None),
        (1e200, None),
        ("\ud800", None),
    ],
    ids=[
        "text",
        "spaces",
        "number",
        "float",
        "null",
        "empty",
        "placeholder",
        "list",
        "object",
        "bool",
        "long",
        "bytes",
        "huge",
        "half",
    ],
)
@pytest.mark.parametrize("kind", ["group", "track"])
def test_a_group_id_is_read_as_other_ids_are_and_what_is_none_links_to_nothing(kind, value, group):
    body = {"groupId": value} if kind == "group" else {"context": {"groupId": value}}
    assert group_of(event(1, type=kind, **body)) == group
