"""Surveys and clean-ups end to end: people in memory, documents in S3, what is sent comes back through the consumer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from socle.errors import NotFound, Rejected, Unavailable
from socle.events.group import Record
from socle.profiles.service import Profiles
from socle.quality import service
from socle.quality.cleanup import SOURCE
from socle.quality.model import QualityRulesDocument
from socle.quality.service import Asked, ProfileQuality, Quality, Survey
from socle.quality.store import QualityStore
from socle.quality.validity import normalise
from tests.people import T0, identify
from tests.world import World

NOW = T0 + 86_400_000
REMOVE = {"cleanup": {"trait": "phone", "when": "placeholder", "do": "remove"}, "dry_run": False}
NORMALISE = {"cleanup": {"trait": "*", "when": "not_normalised", "do": "normalise"}, "dry_run": False}


class Stream:
    """Gives records to the consumer at once; fails after `allowed` calls when told so."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.allowed: int | None = None
        self.calls = 0

    def put(self, records: list[Record]) -> None:
        self.calls += 1
        if self.allowed is not None and self.calls > self.allowed:
            raise Unavailable("stream_unavailable", "the stream is down")
        self.world.consumer.apply([self.world.record(record.data) for record in records])


class Runs:
    """Runs a survey at once, as the workflow would."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey
        self.done: set[str] = set()

    def start(self, run: str, asked: dict[str, Any]) -> None:
        for segment in self.survey.plan(run, asked, NOW)["segments"]:
            self.survey.part(run, segment)
        self.survey.add_up(run)
        self.done.add(run)

    def state(self, run: str) -> str | None:
        return "succeeded" if run in self.done else None


class House:
    """Everything together."""

    def __init__(self) -> None:
        self.world = World()
        self.store = QualityStore(boto3.client("s3"), "bucket")
        self.stream = Stream(self.world)
        self.survey = Survey(self.store, self.world.profiles, self.stream, QualityRulesDocument, normalise)  # type: ignore[arg-type]
        self.quality = Quality(self.store, Runs(self.survey))
        self.profiles = Profiles(self.world.profiles)  # type: ignore[arg-type]

    def run(self, run: str, asked: dict[str, Any]) -> dict[str, Any]:
        self.quality.start(run, Asked.model_validate(asked))
        answer: dict[str, Any] = self.quality.read(run)["result"]
        return answer

    def traits(self, user: str) -> dict[str, Any]:
        found: dict[str, Any] = self.profiles.read(self.profiles.find("user_id", user))["traits"]
        return found

    def cleanups(self, user: str) -> int:
        items = self.profiles.timeline(self.profiles.find("user_id", user), 100)["items"]
        return len([item for item in items if item["source"] == SOURCE])


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(service, "SEGMENTS", 3)
    monkeypatch.setattr(service, "CHUNK", 2)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="bucket")
        found = House()
        for number in range(7):
            found.world.deliver(identify(number, ("user_id", f"u{number}"), traits={
                "phone": "n/a" if number % 2 else "+33 6 12 34 56 78", "firstName": "  Ada ", "email": f"u{number}@example.com"}))
        yield found


def test_a_survey_looks_at_everybody_once_and_becomes_the_newest(house):
    house.run("r1", {})
    found = house.quality.overview(90)
    assert (found["people"], found["fields"]["email"]["completeness"]) == (7, 1.0)
    assert found["fields"]["phone"]["validity"] == round(4 / 7, 4)
    assert (found["traits"], len(found["trend"])) == ({"email": 7, "firstName": 7, "phone": 7}, 1)
    assert house.store.of_day(found["day"])["run"] == "r1"


def test_somebody_anonymous_is_counted_and_not_scored(house):
    house.world.deliver(identify(30, ("anonymous_id", "browser"), traits={"plan": "free"}))
    house.run("r1", {})
    found = house.quality.overview(90)
    assert (found["people"], found["anonymous"], found["traits"]["plan"]) == (7, 1, 1)


def test_parts_that_are_done_again_change_nothing(house):
    house.run("r1", {})
    before = house.store.load("r1", "sum")
    assert house.survey.plan("r1", {}, NOW + 10**9) == {"segments": [0, 1, 2]}
    for segment in (2, 0, 0):
        house.survey.part("r1", segment)
    house.survey.add_up("r1")
    assert house.store.load("r1", "sum") == before
    assert len(house.quality.overview(90)["trend"]) == 1


def test_before_the_first_survey_there_is_a_clear_answer(house):
    with pytest.raises(NotFound, match="run"):
        house.quality.overview(90)
    with pytest.raises(NotFound, match="no such run"):
        house.quality.read("never")


def test_a_dry_run_counts_and_shows_and_changes_nothing(house):
    found = house.run("r1", {**REMOVE, "dry_run": True})
    assert (found["people"], found["changed"], found["profiles"]) == (7, 3, 3)
    assert {(one["trait"], one["before"], one["after"]) for one in found["sample"]} == {("phone", "n/a", None)}
    assert (house.traits("u1")["phone"], house.stream.calls) == ("n/a", 0)
    with pytest.raises(Rejected, match="dry run"):
        house.run("r2", {"undo": "r1"})


def test_a_clean_up_changes_what_it_says_and_is_seen_in_the_timeline(house):
    assert house.run("r1", NORMALISE)["changed"] == 11
    assert (house.traits("u0"), house.cleanups("u0")) == (
        {"email": "u0@example.com", "firstName": "Ada", "phone": "+33612345678"}, 2)
    assert house.traits("u1")["phone"] == "n/a"
    assert house.run("r2", NORMALISE)["changed"] == 0


@pytest.mark.parametrize("allowed", [0, 1, 2])
def test_a_clean_up_that_breaks_off_anywhere_counts_once_in_the_end(house, allowed):
    house.stream.allowed = allowed
    with pytest.raises(Unavailable):
        house.run("r1", NORMALISE)
    house.stream.allowed = None
    house.run("r1", NORMALISE)
    house.survey.part("r1", 1)
    for number in range(7):
        assert (house.traits(f"u{number}")["firstName"], house.cleanups(f"u{number}")) == ("Ada", 2 - number % 2)


def test_a_part_that_breaks_off_while_it_sends_sends_what_it_decided_although_people_changed_since(house):
    house.stream.allowed = 0
    with pytest.raises(Unavailable):
        house.run("r1", REMOVE)
    house.world.deliver(identify(100, ("user_id", "u1"), traits={"phone": "+33698765432"}))
    house.stream.allowed = None
    house.run("r1", REMOVE)
    assert house.traits("u1")["phone"] == "+33698765432"
    assert "phone" not in house.traits("u3")


def test_a_value_that_came_between_the_old_one_and_the_clean_up_stays(house):
    late = identify(50, ("user_id", "u1"), traits={"phone": "+33698765432"})
    house.run("r1", REMOVE)
    house.world.deliver(late)
    assert house.traits("u1")["phone"] == "+33698765432"


def test_undoing_a_clean_up_gives_every_value_back_and_it_can_be_done_again(house):
    before = {number: house.traits(f"u{number}") for number in range(7)}
    house.run("r1", REMOVE)
    house.run("r2", NORMALISE)
    assert house.run("u2", {"undo": "r2", "dry_run": False})["changed"] == 11
    house.run("u1", {"undo": "r1", "dry_run": False})
    house.run("u1-again", {"undo": "r1", "dry_run": False})
    assert {number: house.traits(f"u{number}") for number in range(7)} == before
    assert house.run("r3", REMOVE)["changed"] == 3
    assert "phone" not in house.traits("u1")


def test_nobody_who_was_erased_comes_back_by_a_clean_up_or_its_undoing(house):
    house.run("r1", REMOVE)
    house.profiles.erase(house.profiles.find("user_id", "u1"), NOW + 1)
    house.run("u1", {"undo": "r1", "dry_run": False})
    with pytest.raises(NotFound):
        house.profiles.find("user_id", "u1")
    assert house.traits("u3")["phone"] == "n/a"


def test_what_was_no_clean_up_cannot_be_undone(house):
    house.run("r1", {})
    for run in ("r1", "never"):
        with pytest.raises(NotFound, match="no such clean-up"):
            house.run("u", {"undo": run})
        with pytest.raises(Rejected, match="cleaned nothing up"):
            house.survey.plan("by-hand", {"undo": run}, NOW)


@pytest.mark.parametrize("asked", [{"surprise": 1}, {"cleanup": {"trait": "*", "when": "older_than", "days": 9, "do": "remove"}},
                                   {"cleanup": {"trait": "phone", "when": "invalid", "do": "normalise"}},
                                   {"cleanup": {"trait": "phone", "when": "older_than", "do": "remove"}}])
def test_a_run_that_makes_no_sense_is_refused(house, asked):
    with pytest.raises(Rejected):
        house.survey.plan("by-hand", asked, NOW)


def test_one_profile_shows_what_each_source_says_and_where_they_disagree(house):
    other = identify(20, ("user_id", "u0"), traits={"email": "ada@other.example", "phone": "test"})._replace(source="crm")
    house.world.deliver(other)
    reader = ProfileQuality(house.world.profiles, house.profiles, QualityRulesDocument, normalise, lambda _profile: 1)  # type: ignore[arg-type]
    found = reader.read(house.profiles.find("user_id", "u0"), NOW)
    assert {name: one["value"] for name, one in found["fields"]["email"]["sources"].items()} == {
        "crm": "ada@other.example", "shop": "u0@example.com"}
    assert (found["fields"]["email"]["conflict"], found["fields"]["phone"]["flag"]) == (True, "placeholder")
    assert found["duplicates"] == 1
    assert found["sources"] == {"crm": {"fields": 2, "valid": 1}, "shop": {"fields": 3, "valid": 3}}
    assert {"conflict", "duplicate", "invalid", "missing"} <= {reason["code"] for reason in found["reasons"]}
    with pytest.raises(NotFound):
        reader.read("nobody", NOW)
