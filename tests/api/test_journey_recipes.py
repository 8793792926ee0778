"""The recipes as the API tells and takes them: every document of each is written as it is, in the order of the answer."""

from __future__ import annotations

import boto3
import pytest

from socle.journeys.ready import names, recipe
from tests.api.conftest import Call

NEW = "was never received"
"""What is said of events and traits in a workspace that has none yet."""


@pytest.fixture(scope="module", autouse=True)
def queue(account: None) -> None:
    """Where a segment that looks at accounts is told of."""
    boto3.client("sqs").create_queue(QueueName="effects")


def test_all_recipes_are_listed_with_what_they_need(call: Call) -> None:
    listed = call("GET", "/api/journeys/recipes").json
    assert [one["name"] for one in listed["items"]] == names()
    assert listed["next"] is None
    assert all(one["title"] and one["description"] and one["needs"]["events"] and one["change"] for one in listed["items"])


@pytest.mark.parametrize("name", names())
def test_what_is_answered_can_be_written_as_it_is(call: Call, name: str) -> None:
    found = call("GET", f"/api/journeys/recipes/{name}").json
    for kind, documents in found["documents"].items():
        for one, document in documents.items():
            written = call("PUT", f"/api/{kind}/{one}", body=document)
            assert written.status == 200, f"{kind}/{one}: {written.text}"
            odd = [warning for warning in written.json["warnings"] if NEW not in warning["message"]]
            assert odd == [], f"{kind}/{one}"
    assert found["documents"].keys() == recipe(name).documents.keys()


@pytest.mark.parametrize("name", names())
def test_its_messages_can_be_seen_before_anybody_gets_them(call: Call, name: str) -> None:
    for one, document in recipe(name).documents["templates"].items():
        shown = call("POST", f"/api/templates/{one}/preview", body={"document": document})
        assert shown.status == 200, shown.text
        assert shown.json["undefined"] == [], one
        assert shown.json["problem"] is None, one


@pytest.mark.parametrize("name", names())
def test_nobody_is_passed_over_for_a_property_that_is_missing(call: Call, name: str) -> None:
    """Strict Liquid: what is missing must have been thought of."""
    for one, document in recipe(name).documents["templates"].items():
        bare = {**document, "sample": {}}
        shown = call("POST", f"/api/templates/{one}/preview", body={"document": bare, "event": {}})
        assert shown.json["problem"] is None, (one, shown.json["problem"])


def test_an_unknown_recipe_is_answered_with_those_there_are(call: Call) -> None:
    answer = call("GET", "/api/journeys/recipes/abandoned-card")
    assert answer.status == 404
    assert answer.error["code"] == "unknown_recipe"
    assert "abandoned-cart" in answer.error["message"]
