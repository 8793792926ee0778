"""Account conditions live: people are given what segments ask of their accounts, whatever changed it."""

from __future__ import annotations

from socle.definitions.model import Definition
from socle.identity.service.graph import IdentityGraph
from socle.profiles.service import Profiles
from socle.segments import accounts as pure
from socle.segments.service import accounts as service
from tests.accounts.groups import ADA, BOB, DEVICE, group
from tests.accounts.town import BUYER, CY, GOLD, Town, bought, of_members
from tests.people import T0, event


def test_a_trait_of_the_account_lets_its_people_in_and_out():
    town = Town(gold=GOLD).after(group(1, ADA), group(2, BOB), group(3, CY, to="other"))
    assert [town.of(who) for who in (ADA, BOB, CY)] == [set(), set(), set()]
    town.after(group(4, ADA, plan="gold"))
    assert [town.of(who) for who in (ADA, BOB, CY)] == [{"gold"}, {"gold"}, set()]
    town.writer.put("acme", {"plan": "free"}, T0 + 60_000, "api", T0 + 60_000)
    town.after()
    assert [town.of(who) for who in (ADA, BOB, CY)] == [set(), set(), set()]


def test_a_trait_that_is_called_otherwise_is_gone():
    town = Town(gold=GOLD).after(group(1, ADA, plan="gold"))
    town.writer.put("acme", {"plan": None, "tier": "gold"}, T0 + 60_000, "api", T0 + 60_000)
    assert town.after().of(ADA) == set()
    assert town.given(ADA) is None


def test_who_joins_later_is_given_what_the_others_have():
    town = Town(gold=GOLD).after(group(1, ADA, plan="gold"))
    assert town.after(group(2, BOB)).of(BOB) == {"gold"}


def test_who_comes_by_an_event_that_only_names_the_account_is_given_it_too():
    town = Town(gold=GOLD).after(group(1, ADA, plan="gold"), event(2, BOB, context={"groupId": "acme"}))
    assert town.of(BOB) == {"gold"}


def test_a_correction_takes_the_person_out_of_the_account_and_what_was_given_with_it():
    town = Town(gold=GOLD, colleague=of_members("any"), buyers=BUYER)
    town.after(bought(0, ADA), group(1, ADA, plan="gold"), group(2, BOB))
    assert (town.of(ADA), town.of(BOB)) == ({"gold", "colleague", "buyers"}, {"gold", "colleague"})
    town.after(group(1, ADA, to="other", revision=1))
    assert town.given(ADA) is None
    assert (town.of(ADA), town.of(BOB)) == ({"colleague", "buyers"}, {"gold"})


def test_any_all_and_none_of_the_members():
    town = Town(buyers=BUYER, **{name: of_members(name) for name in ("any", "all", "none")})
    town.after(group(1, ADA), group(2, BOB))
    assert town.of(ADA) == town.of(BOB) == {"none"}
    town.after(bought(3, ADA))
    assert (town.of(ADA), town.of(BOB)) == ({"any", "buyers"}, {"any"})
    town.after(bought(4, BOB))
    assert town.of(BOB) == {"any", "all", "buyers"}
    town.after(group(5, CY))
    assert town.of(CY) == {"any"}
    assert town.given(CY)["segments"] == {"buyers": [2, 3]}


def test_members_who_turn_out_to_be_one_count_once():
    town = Town(buyers=BUYER, all=of_members("all")).after(group(1, ADA), bought(2, ADA), group(3, DEVICE))
    assert town.given(ADA)["segments"] == {"buyers": [1, 2]}
    town.after(event(4, ADA, DEVICE))
    assert town.given(ADA)["segments"] == {"buyers": [1, 1]}
    assert town.of(ADA) == {"all", "buyers"}


def test_who_becomes_a_member_by_a_merge_is_given_what_the_account_says():
    town = Town(gold=GOLD).after(event(1, ADA))
    town.world.deliver(group(2, DEVICE, plan="gold"))
    town.after(event(3, ADA, DEVICE))
    assert town.of(ADA) == {"gold"}


def test_an_unmerge_gives_each_the_facts_of_their_own_accounts():
    town = Town(gold=GOLD, buyers=BUYER, colleague=of_members("any"))
    town.after(group(1, ADA, plan="gold"), group(2, DEVICE, to="other", plan="gold"), bought(3, BOB), group(4, BOB, to="other"))
    ada, device = town.id(ADA), town.id(DEVICE)
    town.after(event(5, ADA, DEVICE))
    assert town.given(ADA, "other")["segments"] == {"buyers": [1, 2]}
    IdentityGraph(town.world.profiles).unmerge(ada if town.id(ADA) == ada else device,  # type: ignore[arg-type]
                                               device if town.id(ADA) == ada else ada, T0 + 60_000)
    town.after(event(6, ADA), event(7, DEVICE))
    assert town.of(ADA) == {"gold"}
    assert town.of(DEVICE) == {"gold", "colleague"}


def test_an_account_that_is_deleted_leaves_nothing_with_its_people():
    town = Town(gold=GOLD).after(group(1, ADA, plan="gold"))
    town.writer.delete("acme", T0 + 60_000)
    assert town.after().of(ADA) == set()
    assert (town.given(ADA), town.store.pushed("acme").facts) == (None, None)


def test_it_leaves_nothing_even_if_no_definition_asks_any_more():
    town = Town(gold=GOLD).after(group(1, ADA, plan="gold"))
    town.define()
    town.world.now += service.LIFETIME
    town.writer.delete("acme", T0 + 60_000)
    assert town.after().given(ADA) is None


def test_whose_erasure_leaves_an_account_counts_no_more():
    town = Town(buyers=BUYER, any=of_members("any")).after(group(1, ADA), bought(2, ADA), group(3, BOB))
    assert town.of(BOB) == {"any"}
    groups = town.facts.accounts_of(town.id(ADA))
    Profiles(town.world.profiles).erase(town.id(ADA), T0 + 60_000)  # type: ignore[arg-type]
    for name in groups:
        town.facts.refresh(name)
    assert town.after().of(BOB) == set()


def test_without_such_conditions_nothing_is_read_or_sent():
    town = Town(buyers=BUYER).after(group(1, ADA, plan="gold"), bought(2, ADA))
    town.writer.put("acme", {"plan": "free"}, T0 + 60_000, "api", T0 + 60_000)
    assert (town.stream, town.store.pushed("acme").version, town.given(ADA)) == ([], 0, None)


def test_what_no_condition_names_is_not_given():
    town = Town(gold=GOLD).after(group(1, ADA, plan="gold", revenue=5))
    assert town.given(ADA) == {"traits": {"plan": "gold"}, "segments": {}}
    town.writer.put("acme", {"revenue": 6}, T0 + 60_000, "api", T0 + 60_000)
    assert town.stream == []


def test_of_many_members_the_numbers_are_said_when_they_answer_otherwise(monkeypatch):
    monkeypatch.setattr(pure, "EXACT", 1)
    town = Town(buyers=BUYER, **{name: of_members(name) for name in ("any", "all")})
    town.after(group(1, ADA), group(2, BOB), group(3, CY), bought(4, ADA))
    town.world.deliver(bought(5, BOB))
    town.run(town.waiting())
    assert town.stream == []
    town.after(bought(6, CY))
    assert [town.of(who) for who in (ADA, BOB, CY)] == [{"any", "all", "buyers"}] * 3


def test_of_too_many_members_the_first_are_told_and_whoever_comes(monkeypatch):
    monkeypatch.setattr(service, "MAX_MEMBERS", 2)
    town = Town(gold=GOLD).after(*(group(number, ("user_id", f"u{number}"), plan="gold") for number in range(1, 5)))
    assert [town.of(("user_id", f"u{number}")) for number in range(1, 5)] == [{"gold"}] * 4
    assert set(town.large) == {"acme"}
    town.large.clear()
    town.writer.put("acme", {"plan": "free"}, T0 + 60_000, "api", T0 + 60_000)
    town.after()
    assert [town.of(("user_id", f"u{number}")) for number in range(1, 5)] == [set(), set(), {"gold"}, {"gold"}]
    assert town.large == ["acme"]


def test_a_new_condition_is_answered_for_accounts_that_were_there_before(monkeypatch):
    monkeypatch.setattr(service, "STEP", 1)
    town = Town(buyers=BUYER).after(group(1, ADA, plan="gold"), group(2, BOB, to="other", plan="gold"))
    town.define(gold=GOLD)
    town.facts.announce()
    assert [delay for _, delay in town.walks] == [0, service.LATER]
    assert service.LATER * 1_000 > service.LIFETIME
    while town.walks:
        town.run([town.walks.pop(0)[0]])
    town.after()
    assert (town.of(ADA), town.of(BOB)) == ({"gold"}, {"gold"})


def test_all_that_rests_on_accounts_is_known_to_and_nothing_else():
    by_itself, by_another = {"when": GOLD}, {"when": {"type": "segment", "segment": "gold"}}
    scored = {"value": {"type": "score", "rules": [{"points": 5, "when": GOLD}]}}
    there = {"segments": [Definition("segments", "gold", 1, by_itself, T0, T0)], "computed-traits": []}
    for kind, document, looks in (("segments", by_itself, True), ("segments", by_another, True),
                                  ("segments", {"when": BUYER}, False), ("computed-traits", scored, True)):
        assert pure.looks_at_accounts(lambda kind: there[kind], Definition(kind, "new", 1, document, T0, T0)) is looks


def test_facts_that_differ_in_kind_are_not_the_same():
    assert not pure.still_says({"traits": {"vip": True}, "segments": {}}, {"traits": {"vip": 1}, "segments": {}})
    assert pure.still_says(None, None)
