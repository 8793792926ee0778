"""Whose event is it: the plain rule."""

from __future__ import annotations

from socle.identity.resolve import Person, Plan, resolve
from socle.identity.rules import IdentifierType, IdentityRules

ANN, BOB = ("user_id", "ann"), ("user_id", "bob")
MAIL, PHONE, DEVICE, OTHER = ("email", "a@b.c"), ("phone", "+33123456789"), ("anonymous_id", "d1"), ("anonymous_id", "d2")


def people(**known):
    return {name: Person({"user_id": len(users)} if users else {}, first, parts=frozenset((name,)))
            for name, (users, first) in known.items()}


def person(name, first_seen, anonymous=0, merges=0, users=1):
    """One with so many identifiers: a user id, if any, and anonymous ids."""
    return Person({"user_id": users, "anonymous_id": anonymous} if users else {"anonymous_id": anonymous}, first_seen, merges,
                  frozenset((name,)))


MANY = IdentityRules({"anonymous_id": IdentifierType(80, 1_000)})


def test_a_profile_takes_in_a_thousand_identifiers_and_a_hundred_people_then_the_rest_stays_apart():
    full = {"p": person("p", 1, 999, merges=3), "q": person("q", 2, users=0)}
    assert resolve((ANN, DEVICE), {ANN: "p"}, full, MANY) == ("p", (), (), (DEVICE,))
    many = {"p": person("p", 1, 4, merges=99), "q": person("q", 2, 1, users=0)}
    assert resolve((ANN, DEVICE), {ANN: "p", DEVICE: "q"}, many).merged == (("q", DEVICE),)
    many["p"] = many["p"]._replace(merges=100)
    assert resolve((ANN, DEVICE), {ANN: "p", DEVICE: "q"}, many) == ("p", (), (), (DEVICE,))


def test_of_two_who_have_no_user_id_the_one_with_a_history_survives():
    found = resolve((MAIL, DEVICE), {MAIL: "empty", DEVICE: "old"}, people(empty=((), 0), old=((), 5)))
    assert (found.profile, found.merged) == ("old", (("empty", MAIL),))


def test_what_a_batch_has_met_is_known_to_the_rest_of_it():
    plan = Plan({}, {})
    plan.place((ANN, DEVICE), "p")
    plan.place((BOB, DEVICE), "q")
    assert plan.profile_of((BOB, DEVICE)) == ("q", (DEVICE,))
    full = Plan({ANN: "p"}, {"p": person("p", 1, 998)}, MANY)
    full.place((ANN, DEVICE), "new")
    full.place((ANN, OTHER), "new")
    assert full.profile_of((ANN, OTHER)) == ("p", (OTHER,))


def test_two_people_with_a_thousand_identifiers_together_become_one_and_with_more_stay_two():
    known = {"p": person("p", 1, 599), "q": person("q", 2, 400, users=0)}
    assert resolve((ANN, DEVICE), {ANN: "p", DEVICE: "q"}, known, MANY).merged == (("q", DEVICE),)
    known["q"] = person("q", 2, 401, users=0)
    assert resolve((ANN, DEVICE), {ANN: "p", DEVICE: "q"}, known, MANY) == ("p", (), (), (DEVICE,))


def test_two_profiles_that_can_not_be_one_item_stay_two():
    known = people(p=(("ann",), 1), q=((), 2))
    found = resolve((ANN, DEVICE), {ANN: "p", DEVICE: "q"}, known, impossible={frozenset(("p", "q"))})
    assert found == ("p", (), (), (DEVICE,))


def test_nobody_known_is_a_new_person_who_gets_all_identifiers():
    assert resolve((ANN, DEVICE), {}, {}) == (None, (), (ANN, DEVICE), ())


def test_an_unknown_identifier_joins_the_known_one_s_profile():
    assert resolve((ANN, DEVICE), {DEVICE: "p"}, people(p=((), 5))) == ("p", (), (ANN,), ())


def test_an_anonymous_profile_is_merged_into_the_one_with_a_user_id():
    found = resolve((ANN, DEVICE), {ANN: "young", DEVICE: "old"}, people(young=(("ann",), 9), old=((), 1)))
    assert (found.profile, found.merged) == ("young", (("old", DEVICE),))


def test_of_two_without_user_id_the_one_seen_first_survives_then_the_smaller_id():
    assert resolve((MAIL, DEVICE), {MAIL: "b", DEVICE: "a"}, people(a=((), 9), b=((), 1))).profile == "b"
    assert resolve((MAIL, DEVICE), {MAIL: "b", DEVICE: "a"}, people(a=((), 1), b=((), 1))).profile == "a"


def test_somebody_else_s_device_stays_theirs():
    found = resolve((BOB, DEVICE), {DEVICE: "p"}, people(p=(("ann",), 1)))
    assert found == (None, (), (BOB,), (DEVICE,))


def test_two_users_are_never_one_even_without_a_user_id_in_the_event():
    found = resolve((MAIL, DEVICE), {MAIL: "p", DEVICE: "q"}, people(p=(("ann",), 1), q=(("bob",), 2)))
    assert (found.profile, found.merged, found.unlinked) == ("p", (), (DEVICE,))


def test_a_profile_that_people_merged_by_hand_keeps_its_two_user_ids():
    found = resolve((ANN,), {ANN: "p"}, people(p=(("ann", "bob"), 1)))
    assert found.profile == "p"


def test_a_plan_follows_the_merges_of_its_own_batch():
    plan = Plan({ANN: "p", DEVICE: "q"}, people(p=(("ann",), 1), q=((), 2)))
    for index, ids in enumerate([(DEVICE,), (ANN, DEVICE), (DEVICE, OTHER)]):
        plan.place(ids, f"new-{index}")
    assert [(merge.survivor, merge.loser) for merge in plan.merges] == [("p", "q")]
    assert plan.profile_of((DEVICE,)) == ("p", ())
    assert plan.profile_of((DEVICE, OTHER)) == ("p", ())
    assert plan.claims == {OTHER: "p"}


def test_a_plan_makes_one_person_of_events_that_share_a_new_identifier():
    plan = Plan({}, {})
    plan.place((DEVICE,), "new-0")
    plan.place((ANN, DEVICE), "new-1")
    plan.place((ANN,), "new-2")
    assert {plan.profile_of(ids)[0] for ids in [(DEVICE,), (ANN, DEVICE), (ANN,)]} == {"new-0"}


def test_the_least_trusted_identifier_of_a_type_that_is_full_is_dropped_and_the_others_match():
    known = {"p": Person({"user_id": 1, "email": 5}, 1, parts=frozenset("p")), "q": Person({"email": 1}, 2, parts=frozenset("q"))}
    other = ("email", "x@y.z")
    assert resolve((ANN, MAIL, DEVICE), {ANN: "p"}, known) == ("p", (), (ANN, DEVICE)[1:], (MAIL,))
    assert resolve((ANN, other, DEVICE), {ANN: "p", other: "q"}, known) == ("p", (), (DEVICE,), (other,))


def test_an_address_that_is_more_trusted_than_a_device_with_five_addresses_is_somebody_new():
    known = {"p": Person({"anonymous_id": 1, "email": 5}, 1, parts=frozenset("p"))}
    assert resolve((MAIL, DEVICE), {DEVICE: "p"}, known) == (None, (), (MAIL,), (DEVICE,))


def test_rules_decide_whom_an_event_asks_first_and_how_many_a_person_has():
    rules = IdentityRules({"anonymous_id": IdentifierType(5, 1), "crm_id": IdentifierType(90, 2)})
    assert rules.ranked((ANN, ("crm_id", "7"), DEVICE)) == (DEVICE, ANN, ("crm_id", "7"))
    assert resolve((DEVICE, OTHER), {}, {}, rules) == (None, (), (DEVICE,), (OTHER,))


def test_blocked_values_identify_nobody_whatever_their_capitals_and_only_for_their_type():
    rules = IdentityRules({"crm_id": IdentifierType(40, 5, ("0000*", "N/A?", "[x]")),
                           "external": IdentifierType(60, 5, ("none",))})
    for value, blocked in (("00001", True), ("n/a?", True), ("n/ab", False), ("[X]", True), ("x", False), ("1000", False)):
        assert rules.is_blocked(("crm_id", value)) is blocked
    assert rules.is_blocked(("badge", "None"))
    assert not rules.is_blocked(("email", "0000@x.y"))


def test_two_who_are_apart_are_not_joined_by_way_of_a_third():
    known = {"p": Person({"user_id": 1}, 1, parts=frozenset("p"), apart=frozenset("r")),
             "q": Person({"email": 1}, 2, parts=frozenset("q")), "r": Person({"anonymous_id": 1}, 3, parts=frozenset("r"))}
    owners = {ANN: "p", MAIL: "q", DEVICE: "r"}
    assert resolve((ANN, MAIL, DEVICE), owners, known) == ("p", (("q", MAIL),), (), (DEVICE,))
    assert resolve((MAIL, DEVICE), owners, known) == ("q", (("r", DEVICE),), (), ())
