"""/api/duplicates over HTTP: every fault is told, and nothing is a 500. What the queue does is tested with the search."""

from __future__ import annotations

import pytest

from socle.duplicates.model import Candidate, Level, Pair
from tests.api.conftest import Answer, Call

NOW = 1_790_000_000_000


@pytest.fixture(scope="module")
def queue(services) -> list[str]:
    """Three candidates of profiles that are not there; answers their ids, most probable first."""
    pairs = [Pair("a1", other, (1, 1), chance, weight, (Level("given", "exact", 7.5), Level("birth", "unknown", 0.0)), True)
             for other, chance, weight in (("b1", 0.999, 10.2), ("c1", 0.95, 4.25), ("d1", 0.81, 2.1))]
    for pair in reversed(pairs):
        services.duplicates._candidates.save(Candidate(pair, "open", NOW))
    return [pair.id for pair in pairs]


def refused(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.error["code"]) == (status, code), answer.text


def test_the_queue_comes_by_probability_and_in_pages(call: Call, queue):
    first = call("GET", "/api/duplicates", query={"limit": "2"}).json
    assert [item["id"] for item in first["items"]] == queue[:2]
    assert first["items"][0]["comparison"] == [{"field": "given", "level": "exact", "weight": 7.5},
                                               {"field": "birth", "level": "unknown", "weight": 0.0}]
    second = call("GET", "/api/duplicates", query={"limit": "2", "cursor": first["next"]}).json
    assert ([item["id"] for item in second["items"]], second["next"]) == (queue[2:], None)
    assert call("GET", "/api/duplicates", query={"state": "rejected"}).json == {"items": [], "next": None}


def test_one_candidate(call: Call, queue):
    found = call("GET", f"/api/duplicates/{queue[0]}").json
    assert (found["profiles"], found["state"], found["found"], found["decided"]) == (
        ["a1", "b1"], "open", "2026-09-21T14:13:20.000Z", None)


@pytest.mark.parametrize(("path", "query", "status", "code"), [
    ("/api/duplicates", {"state": "lost"}, 400, "invalid"),
    ("/api/duplicates", {"limit": "0"}, 400, "invalid"),
    ("/api/duplicates", {"cursor": "x"}, 400, "bad_cursor"),
    ("/api/duplicates/nobody", {}, 400, "invalid"),
    ("/api/duplicates/a-b-c", {}, 400, "invalid"),
    ("/api/duplicates/x1-y1", {}, 404, "unknown_candidate"),
    ("/api/duplicates/b1-a1", {}, 404, "unknown_candidate"),
    ("/api/duplicates/run", {}, 404, "no_run"),
])
def test_what_cannot_be_read_is_told(call: Call, queue, path, query, status, code):
    refused(call("GET", path, query=query), status, code)


@pytest.mark.parametrize("action", ["accept", "reject"])
def test_deciding_on_nobody_is_told(call: Call, queue, action):
    refused(call("POST", f"/api/duplicates/x1-y1/{action}"), 404, "unknown_candidate")
    refused(call("POST", f"/api/duplicates/nobody/{action}"), 400, "invalid")


def test_deciding_on_profiles_that_are_gone_closes_the_candidate(call: Call, queue):
    for id_, action in ((queue[1], "accept"), (queue[2], "reject")):
        refused(call("POST", f"/api/duplicates/{id_}/{action}"), 409, "gone")
        refused(call("GET", f"/api/duplicates/{id_}"), 404, "unknown_candidate")
    assert [item["id"] for item in call("GET", "/api/duplicates").json["items"]] == queue[:1]


@pytest.mark.parametrize(("document", "field"), [
    ({"propose": 0.2}, "propose"), ({"auto_merge": 0.5}, "auto_merge"), ({"auto_merge": "yes"}, "auto_merge"),
    ({"countries": []}, "countries"), ({"threshold": 1}, "threshold")])
def test_rules_that_make_no_sense_are_refused(call: Call, document, field):
    answer = call("PUT", "/api/duplicate-rules/default", body=document)
    refused(answer, 400, "invalid")
    assert answer.error["field"] == field


def test_rules_are_one_document(call: Call):
    assert call("PUT", "/api/duplicate-rules/default", body={"auto_merge": 0.99}).json["document"] == {
        "enabled": True, "propose": 0.8, "auto_merge": 0.99, "countries": None}
    assert call("PUT", "/api/duplicate-rules/other", body={}).status == 400
