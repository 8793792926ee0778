"""Many definitions looked at together: what they would change, in which order, and that nothing is written."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Call

READERS = {"when": {"type": "event", "event": "Article Read", "count": {"op": "gte", "value": 3}}}


def plan(call: Call, *definitions: tuple[str, str, Any]) -> Any:
    answer = call("POST", "/api/plan", body={"definitions": [
        {"kind": kind, "name": name, "document": document} for kind, name, document in definitions]})
    assert answer.status == 200, answer.text
    return answer.json


def member(segment: str) -> dict[str, Any]:
    return {"when": {"type": "segment", "segment": segment}}


def test_one_that_needs_another_comes_after_it_and_nothing_is_written(call: Call) -> None:
    found = plan(call, ("segments", "c", member("b")), ("segments", "b", member("a")), ("segments", "a", READERS))
    assert [(one["name"], one["op"], one["if_match"]) for one in found["steps"]] == [
        ("a", "create", 0), ("b", "create", 0), ("c", "create", 0)]
    assert found["refused"] == []
    assert call("GET", "/api/segments/a").status == 404
    for step in found["steps"]:
        document = {"a": READERS, "b": member("a"), "c": member("b")}[step["name"]]
        assert call("PUT", f"/api/segments/{step['name']}", body=document, headers={"If-Match": "0"}).status == 200


def test_what_is_as_it_should_be_is_kept_and_a_change_is_shown(call: Call) -> None:
    call("PUT", "/api/topics/news", body={"title": "News", "channels": ["email"]})
    found = plan(call, ("topics", "news", {"title": "News", "channels": ["email"]}))
    assert [(one["op"], one["diff"]) for one in found["steps"]] == [("keep", [])]
    (step,) = plan(call, ("topics", "news", {"title": "Letters", "channels": ["email"]}))["steps"]
    assert (step["op"], step["if_match"]) == ("update", 1)
    assert {"path": "/title", "op": "replace", "from": "News", "to": "Letters"} in step["diff"]


def test_what_cannot_be_is_refused_with_its_reason_and_the_rest_is_planned(call: Call) -> None:
    found = plan(call, ("segments", "orphan", member("nowhere")), ("sources", "fine", {}), ("nonsense", "x", {}),
                 ("segments", "odd", {"when": {"type": "weather"}}), ("sources", "Bad Name", {}), ("segments", "gone", None))
    assert [one["name"] for one in found["steps"]] == ["fine"]
    refused = {one["name"]: one for one in found["refused"]}
    assert set(refused) == {"orphan", "x", "odd", "Bad Name", "gone"}
    assert (refused["x"]["code"], refused["odd"]["code"], refused["Bad Name"]["code"]) == ("unknown_kind", "invalid", "bad_name")
    assert refused["odd"]["field"].startswith("when")
    assert "nowhere" in refused["orphan"]["message"]


def test_what_is_needed_goes_only_with_those_who_need_it(call: Call) -> None:
    call("PUT", "/api/segments/base", body=READERS)
    call("PUT", "/api/segments/user", body=member("base"))
    assert [one["name"] for one in plan(call, ("segments", "base", None))["refused"]] == ["base"]
    found = plan(call, ("segments", "base", None), ("segments", "user", None))
    assert [(one["name"], one["op"], one["if_match"]) for one in found["steps"]] == [("user", "delete", 1), ("base", "delete", 1)]
    assert call("GET", "/api/segments/base").status == 200
    found = plan(call, ("segments", "base", None), ("segments", "user", READERS))
    assert [(one["name"], one["op"]) for one in found["steps"]] == [("user", "update"), ("base", "delete")]


def test_two_that_need_each_other_are_refused(call: Call) -> None:
    found = plan(call, ("segments", "hen", member("egg")), ("segments", "egg", member("hen")))
    assert (found["steps"], sorted(one["name"] for one in found["refused"])) == ([], ["egg", "hen"])


def test_what_was_seen_is_read_once_for_many(call: Call, services: Any) -> None:
    read: list[str] = []
    services._s3.meta.events.register("before-call.s3", lambda model, **more: read.append(model.name))
    try:
        plan(call, *((("segments", f"s{number}", READERS)) for number in range(3)))
        few = len(read)
        plan(call, *((("segments", f"s{number}", READERS)) for number in range(30)))
        assert len(read) == 2 * few > 0
    finally:
        services._s3.meta.events.unregister("before-call.s3")


def test_a_plan_may_be_larger_than_other_requests(call: Call) -> None:
    long = {"description": "x" * 90_000}
    definitions = [{"kind": "sources", "name": f"s{number}", "document": long} for number in range(12)]
    assert call("POST", "/api/plan", body={"definitions": definitions}).status in (200, 400)
    assert call("POST", "/api/plan", body={"definitions": definitions * 4}).status == 413
