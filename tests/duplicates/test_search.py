"""A search from profiles to the queue, and what people make of it."""

from __future__ import annotations

import boto3
import pytest
from pydantic import ValidationError

from socle.duplicates.model import DuplicateRules
from socle.errors import NotFound, Rejected, Unavailable
from socle.identity.model import Evidence
from tests.duplicates.conftest import NOW, Town

ANNA = {"firstName": "Anna", "lastName": "Müller", "birthday": "1980-02-03",
        "address": {"street": "Hauptstr. 5", "city": "Berlin", "postalCode": "10115", "country": "DE"}}
AGAIN = {**ANNA, "lastName": "Muller", "address": {"street": "Hauptstr 5", "city": "Berlin", "country": "DE"}}
PAUL = {**ANNA, "firstName": "Paul", "birthday": "1978-11-30"}
KNOWN, STRANGER, THIRD = ("user_id", "1"), ("anonymous_id", "a"), ("email", "am@example.com")


@pytest.fixture
def annas(town: Town) -> tuple[str, str]:
    """Somebody who is there twice, and her husband."""
    town.arrive(("user_id", "2"), **PAUL)
    return town.arrive(KNOWN, **ANNA), town.arrive(STRANGER, **AGAIN)


def test_somebody_who_is_there_twice_is_proposed_with_the_reasons(town, annas):
    report = town.run()
    assert (report["people"], report["candidates"], report["new"], report["merged"]) == (3, 1, 1, 0)
    (item,) = town.review.page("open", 10)["items"]
    assert item["id"] == "-".join(sorted(annas))
    assert item["probability"] > 0.99
    assert {one["field"]: one["level"] for one in item["comparison"]} == {
        "given": "exact", "surname": "exact", "birth": "exact", "email": "unknown", "phone": "unknown",
        "address": "same street and place"}
    assert town.review.read(item["id"]) == item
    assert town.review.report() == report


def test_accepting_makes_one_of_two(town, annas):
    town.run()
    (id_,) = town.open()
    answer = town.review.accept(id_, NOW)
    assert (answer["state"], answer["by"], answer["survivor"]) == ("accepted", "review", town.of(KNOWN))
    assert town.of(KNOWN) == town.of(STRANGER)
    (merge,) = town.graph.read(town.of(KNOWN))["merges"]
    assert (merge["rule"], merge["detail"][:11]) == ("near_duplicate", "probability")
    assert town.review.accept(id_, NOW + 1) == answer
    assert town.open() == []
    with pytest.raises(Rejected, match="unmerge"):
        town.review.reject(id_, NOW)


def test_who_was_rejected_is_never_proposed_again(town, annas):
    town.run()
    (id_,) = town.open()
    answer = town.review.reject(id_, NOW)
    assert answer["state"] == "rejected"
    assert town.review.reject(id_, NOW + 1) == answer
    town.rules = DuplicateRules(auto_merge=0.9)
    assert town.run()["candidates"] == 0
    assert town.open() == []
    assert town.of(KNOWN) != town.of(STRANGER)
    assert [item["id"] for item in town.review.page("rejected", 10)["items"]] == [id_]
    with pytest.raises(Rejected, match="apart for ever"):
        town.review.accept(id_, NOW)


def test_who_was_taken_apart_is_not_merged_again(town, annas):
    town.run()
    town.review.accept(town.open()[0], NOW)
    town.graph.unmerge(town.of(KNOWN), annas[1] if town.of(KNOWN) == annas[0] else annas[0], NOW)
    town.rules = DuplicateRules(auto_merge=0.9)
    assert town.run()["candidates"] == 0
    assert town.of(KNOWN) != town.of(STRANGER)


def test_nothing_is_merged_unseen_unless_somebody_says_so(town, annas):
    assert town.run()["merged"] == 0
    town.rules = DuplicateRules(auto_merge=0.99)
    assert town.run()["merged"] == 1
    assert town.of(KNOWN) == town.of(STRANGER)
    (item,) = town.review.page("accepted", 10)["items"]
    assert item["by"] == "auto_merge"
    assert town.open() == []


def test_what_changed_since_it_was_compared_is_not_merged_unseen(town, annas):
    town.rules = DuplicateRules(auto_merge=0.99)
    report = town.run(between=lambda: town.arrive(STRANGER, firstName="Annabel"))
    assert (report["merged"], report["candidates"]) == (0, 1)


def test_what_changes_while_others_are_merged_is_not_merged_unseen(town, annas, monkeypatch):
    otto = {"firstName": "Otto", "lastName": "Hahn", "birthday": "1879-03-08", "email": "otto@hahn.example"}
    town.arrive(("user_id", "3"), **otto)
    town.arrive(("anonymous_id", "o"), **otto)
    town.rules = DuplicateRules(auto_merge=0.99)
    merge = town.graph.merge

    def slowly(one, *asked):
        other = ("anonymous_id", "o") if one in annas else STRANGER
        merge(one, *asked)
        town.arrive(other, lastName="Nobody")

    monkeypatch.setattr(town.graph, "merge", slowly)
    assert town.run()["merged"] == 1
    assert (town.of(KNOWN) == town.of(STRANGER)) != (town.of(("user_id", "3")) == town.of(("anonymous_id", "o")))


def test_a_run_that_breaks_off_after_a_merge_settles_it_in_the_next_try(town, annas, monkeypatch):
    town.rules = DuplicateRules(auto_merge=0.99)
    save, broken = town.candidates.save, []

    def breaks_off_once(candidate, before=None):
        if candidate.state == "accepted" and not broken:
            broken.append(candidate)
            raise Unavailable("outage", "try again")
        save(candidate, before)

    monkeypatch.setattr(town.candidates, "save", breaks_off_once)
    with pytest.raises(Unavailable):
        town.run()
    assert town.search.finish("run1", NOW)["merged"] == 1
    assert town.open() == []


def test_people_are_kept_apart_by_whichever_of_their_profiles_it_was_said_of(town, annas):
    mine, yours = town.arrive(("anonymous_id", "x")), town.arrive(("anonymous_id", "y"))
    town.graph.keep_apart(mine, yours, NOW)
    for person, further in zip(annas, (mine, yours), strict=True):
        assert town.graph.merge(person, further, Evidence("manual", NOW), NOW) == person
    assert town.run()["candidates"] == 0


@pytest.mark.parametrize("rule", [{"propose": 1}, {"propose": 0.4}, {"auto_merge": 0.5}, {"countries": []}])
def test_rules_that_could_not_run_are_not_saved(rule):
    with pytest.raises(ValidationError):
        DuplicateRules(**rule)


@pytest.mark.parametrize("shared", [
    {"email": "team+{}@firm.example"}, {"phone": "0301234567", "address": ANNA["address"]},
    {"lastName": "Müller", "phone": "0301234567", "email": "mueller+{}@home.example"}], ids=["mailbox", "number", "family"])
def test_who_shares_a_mailbox_or_a_number_but_has_no_name_is_not_merged_unseen(town, shared):
    for number in range(30):
        town.arrive(("user_id", str(number)), firstName=f"Given{number}", lastName=f"Name{number}", phone=f"030777{number:04}",
                    email=f"n{number}@example.com", birthday=f"19{number + 10}-02-03")
    for name in ("ann", "bob"):
        town.arrive(("anonymous_id", name), **{
            trait: value.format(name) if isinstance(value, str) else value for trait, value in shared.items()})
    town.rules = DuplicateRules(auto_merge=0.9)
    assert town.run()["merged"] == 0
    assert town.of(("anonymous_id", "ann")) != town.of(("anonymous_id", "bob"))


def test_twins_are_not_merged_by_a_profile_between_them(town):
    common = {"lastName": "Quagmire", "birthday": "1980-02-03", "phone": "0301234567", "address": ANNA["address"]}
    town.arrive(("user_id", "0"), **PAUL)
    town.arrive(("anonymous_id", "ann"), firstName="Ann", **common)
    town.arrive(("anonymous_id", "nobody"), **common)
    town.arrive(("anonymous_id", "otto"), firstName="Otto", **common)
    town.rules = DuplicateRules(auto_merge=0.9)
    report = town.run()
    assert (report["candidates"] > 1, report["merged"]) == (True, 0)
    assert town.of(("anonymous_id", "ann")) != town.of(("anonymous_id", "otto"))


def test_two_users_are_two_people_however_alike(town):
    town.arrive(("user_id", "1"), **ANNA)
    town.arrive(("user_id", "2"), **ANNA)
    town.rules = DuplicateRules(auto_merge=0.9)
    assert (town.run()["candidates"], town.open()) == (0, [])


def test_a_stranger_goes_to_one_user_at_most(town):
    town.arrive(("user_id", "1"), **ANNA)
    town.arrive(("user_id", "2"), **AGAIN)
    town.arrive(STRANGER, **AGAIN)
    town.rules = DuplicateRules(auto_merge=0.9)
    town.run()
    assert town.of(("user_id", "1")) != town.of(("user_id", "2"))


def test_doing_every_step_twice_changes_nothing(town, annas):
    town.arrive(THIRD, **AGAIN)
    town.rules = DuplicateRules(auto_merge=0.99)
    town.run(times=2)
    assert town.of(KNOWN) == town.of(STRANGER) == town.of(THIRD)
    assert town.open() == []
    assert len(town.review.page("accepted", 10)["items"]) == 3


def test_a_candidate_that_is_none_any_more_is_closed(town, annas):
    town.run()
    town.arrive(STRANGER, firstName="Otto", lastName="Hahn", birthday="1879-03-08")
    report = town.run()
    assert (report["closed"], town.open()) == (1, [])


def test_accepting_what_was_merged_or_erased_meanwhile_says_so(town, annas):
    third = town.arrive(THIRD, **AGAIN)
    town.run()
    assert len(town.open()) == 3
    first = "-".join(sorted(annas))
    town.review.accept(first, NOW)
    stale = next(id_ for id_ in town.open() if town.of(KNOWN) not in id_.split("-"))
    with pytest.raises(Rejected, match="next search") as caught:
        town.review.accept(stale, NOW)
    assert (caught.value.code, caught.value.status) == ("gone", 409)
    with pytest.raises(NotFound):
        town.review.read(stale)
    (left,) = town.open()
    town.erase(third, NOW)
    for decide in (town.review.accept, town.review.reject):
        with pytest.raises((Rejected, NotFound)):
            decide(left, NOW)
    assert town.open() == []


@pytest.mark.parametrize("named", [0, 1])
def test_who_is_erased_leaves_the_queue(town, annas, named):
    """By whichever of the two profiles the person is named."""
    town.run()
    town.review.accept(town.open()[0], NOW)
    town.review.forget(annas[named])
    assert [town.review.page(state, 10)["items"] for state in ("open", "accepted", "rejected")] == [[], [], []]
    assert boto3.client("dynamodb").scan(TableName="definitions", FilterExpression="begins_with(PK, :pk)",
                                         ExpressionAttributeValues={":pk": {"S": "duplicates#"}})["Items"] == []


def test_no_value_of_a_person_outlives_the_search(town, annas):
    town.run()
    s3 = boto3.client("s3")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="bucket")["Contents"]]
    assert keys
    assert not [key for key in keys if "/people/" in key]
    rows = str(boto3.client("dynamodb").scan(TableName="definitions")["Items"]).casefold()
    assert "anna" not in rows
    assert "1980" not in rows


def test_the_schedule_searches_unless_the_rules_say_no(town, annas):
    town.rules = DuplicateRules(enabled=False)
    assert town.run(by_hand=False)["candidates"] == 0
    with pytest.raises(NotFound):
        town.review.report()
    assert town.run(by_hand=True)["candidates"] == 1
    assert town.run(by_hand=False)["closed"] == 0
    assert len(town.open()) == 1
    town.review.start("run-x")
    assert town.workflow.started == [("run-x", {"by_hand": True})]


def test_only_people_of_the_countries_are_compared(town, annas):
    town.rules = DuplicateRules(countries=["FR"])
    assert town.run()["people"] == 0
    town.rules = DuplicateRules(countries=["de"])
    assert town.run()["people"] == 3
