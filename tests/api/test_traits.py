"""Where values come from and which of them count, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from socle.consumer.batch import Record, Rules
from socle.consumer.service import Consumer
from socle.events.stream import encode_events
from socle.profiles.store import ProfileStore
from tests.api.conftest import Call
from tests.memory import MemoryQuarantine, MemoryQueue, MemoryRaw
from tests.people import T0, identify

DEFAULT = "/api/survivorship/default"


@pytest.fixture(scope="module")
def profile(call: Call) -> str:
    """The id of a person of whom the shop and the CRM say different things."""
    names = iter(f"person{number}" for number in range(10))
    store: Any = ProfileStore(boto3.client("dynamodb"), "profiles")
    consumer = Consumer(store, MemoryRaw(), MemoryQuarantine(), MemoryQueue(),  # type: ignore[arg-type]
                        Rules, lambda: next(names), lambda: T0)
    events = [identify(0, traits={"city": "Lyon", "plan": "free"})._replace(source="crm"),
              identify(60, traits={"city": "Nice", "plan": None}), identify(120, traits={"city": "Metz", "name": "Ada"})]
    consumer.apply([Record("shard", "1", T0, encode_events(events))])
    return str(call("GET", "/api/profiles", query={"by": "user_id:42"}).json["id"])


@pytest.fixture
def crm_first(call: Call) -> Iterator[None]:
    """The CRM is trusted more than all others, for the time of a test."""
    assert call("PUT", DEFAULT, body={"traits": {"city": {"rule": "source_priority", "sources": ["crm"]}}}).status == 200
    yield
    assert call("DELETE", DEFAULT).status == 204


def test_a_value_comes_with_its_source_and_with_what_lost(call: Call, profile: str) -> None:
    found = {one["trait"]: one for one in call("GET", f"/api/profiles/{profile}/traits").json["items"]}
    assert list(found) == ["city", "name", "plan"]
    assert (found["city"]["value"], found["city"]["rule"], found["city"]["source"]) == ("Metz", "latest", "shop")
    assert [(one["value"], one["source"], one["why"]) for one in found["city"]["losing"]] == [
        ("Nice", "shop", "older"), ("Lyon", "crm", "older")]
    assert (found["plan"]["removed"], found["plan"]["value"]) == (True, None)


def test_a_rule_counts_from_the_next_read_on(call: Call, profile: str, crm_first: None) -> None:
    assert call("GET", f"/api/profiles/{profile}").json["traits"]["city"] == "Lyon"
    city = call("GET", f"/api/profiles/{profile}/traits").json["items"][0]
    assert (city["value"], city["rule"], city["trusted"]) == ("Lyon", "source_priority", ["crm"])
    assert {one["why"] for one in city["losing"]} == {"less_trusted_source"}


def test_without_a_rule_the_last_write_counts(call: Call, profile: str) -> None:
    assert call("GET", f"/api/profiles/{profile}").json["traits"] == {"city": "Metz", "name": "Ada"}


def test_traits_page_by_name_and_have_a_past(call: Call, profile: str) -> None:
    path = f"/api/profiles/{profile}/traits"
    first = call("GET", path, query={"limit": "2"}).json
    second = call("GET", path, query={"limit": "2", "cursor": first["next"]}).json
    assert [one["trait"] for page in (first, second) for one in page["items"]] == ["city", "name", "plan"]
    assert second["next"] is None
    past = call("GET", path, query={"as_of": "2023-11-14T22:13:50Z"}).json["items"]
    assert {one["trait"]: one["value"] for one in past} == {"city": "Lyon", "plan": "free"}
    assert call("GET", path, query={"cursor": first["next"], "as_of": "2023-11-14T22:13:50Z"}).error["code"] == "bad_cursor"


@pytest.mark.parametrize(("query", "field"), [("as_of=yesterday", "as_of"), ("limit=0", "limit"), ("cursor=x", "cursor"),
                                              ("clock=wall", "clock")])
def test_a_question_that_is_none_is_refused(call: Call, profile: str, query: str, field: str) -> None:
    answer = call("GET", f"/api/profiles/{profile}/traits", query=query)
    assert (answer.status, answer.error["field"]) == (400, field)


@pytest.mark.parametrize("identifier", ["nobody", "P#x", ".."])
def test_traits_of_nobody_answer_404(call: Call, identifier: str) -> None:
    assert call("GET", f"/api/profiles/{identifier}/traits").status == 404


@pytest.mark.parametrize(("document", "field"), [
    ({"default": {"rule": "newest"}}, "default.rule"),
    ({"default": {"rule": "source_priority"}}, "default"),
    ({"default": {"rule": "latest", "sources": ["crm"]}}, "default"),
    ({"traits": {"city": {"rule": "source_priority", "sources": ["crm", "crm"]}}}, "traits.city"),
    ({"traits": {"city": {"rule": "source_priority", "sources": [""]}}}, "traits.city.sources.0"),
    ({"traits": {"city": "latest"}}, "traits.city"),
    ({"traits": {f"t{number}": {"rule": "latest"} for number in range(201)}}, "traits"),
    ({"rules": {}}, "rules"),
])
def test_rules_that_cannot_run_name_the_field(call: Call, document: object, field: str) -> None:
    answer = call("PUT", DEFAULT, body=document)
    assert (answer.status, answer.error["field"]) == (400, field)


def test_there_is_one_survivorship(call: Call) -> None:
    answer = call("PUT", "/api/survivorship/crm", body={})
    assert (answer.status, answer.error["field"]) == (400, "name")
    assert DEFAULT in answer.error["message"]
    assert call("PUT", DEFAULT, query="dry_run=1", body={}).json["document"]["default"]["rule"] == "latest"
