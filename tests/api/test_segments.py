"""Segments over HTTP: members, what shows in the timeline, deleting, and what is refused when one is written."""

from __future__ import annotations

import io
import json
from typing import Any

import boto3
import pytest
from jsonschema import Draft202012Validator

from socle.clock import DAY, HOUR
from socle.iso import to_iso
from socle.lake.manifest import BucketFiles, Manifest
from socle.segments.check import RESERVED
from socle.segments.preview import Tally
from socle.segments.store import PreviewFunction
from tests.api.conftest import Call
from tests.api.shop_with_segments import Shop
from tests.people import T0, event, identify, order

BOUGHT = {"when": {"type": "event", "event": "Order Completed", "window": {"within": "30d"}}}
VIEWED = {"when": {"type": "event", "event": "Product Viewed"}}


@pytest.fixture(scope="module")
def shop(call: Call, services: Any) -> Shop:
    for name, document in (("buyers", BOUGHT), ("viewers", VIEWED)):
        assert call("PUT", f"/api/segments/{name}", body=document).status == 200
    return Shop(services.memberships, "person")


def members(call: Call, segment: str, limit: int = 100) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = call("GET", f"/api/segments/{segment}/members", query=asked(limit, cursor))
        assert page.status == 200
        found += [one["id"] for one in page.json["items"]]
        cursor = page.json["next"]
        if cursor is None:
            return sorted(found)


def asked(limit: int, cursor: str | None) -> dict[str, str]:
    return {"limit": str(limit), **({"cursor": cursor} if cursor else {})}


def person(call: Call, user: str) -> str:
    return str(call("GET", "/api/profiles", query={"by": f"user_id:{user}"}).json["id"])


def moves(call: Call, profile: str, **query: str) -> list[tuple[str, str]]:
    answer = call("GET", f"/api/profiles/{profile}/timeline", query=query)
    return [(one["event"], one["properties"]["segment"]) for one in answer.json["items"] if one["type"] == "segment"]


def test_who_enters_is_a_member_and_who_leaves_by_time_alone_is_none(call: Call, shop: Shop) -> None:
    shop.deliver(T0 + HOUR, order(1, ("user_id", "ada"), order_id="a", revenue=5),
                 order(2, ("user_id", "bob"), order_id="b", revenue=5))
    ada, bob = person(call, "ada"), person(call, "bob")
    assert set(members(call, "buyers")) >= {ada, bob}
    shop.deliver(T0 + 29 * DAY, event(0, ("user_id", "ada"), name="Order Completed", ts=T0 + 29 * DAY - 1,
                                      properties={"order_id": "c"}))
    shop.pass_time(T0 + 31 * DAY)
    assert members(call, "buyers") == [ada]
    assert moves(call, bob) == [("Segment Left", "buyers"), ("Segment Entered", "buyers")]
    assert moves(call, ada) == [("Segment Entered", "buyers")]


def test_the_timeline_pages_through_moves_and_events_together(call: Call, shop: Shop) -> None:
    shop.deliver(T0 + 40 * DAY, *[event(number, ("user_id", "cleo"), ts=T0 + 40 * DAY - number) for number in range(5)])
    profile = person(call, "cleo")
    whole = call("GET", f"/api/profiles/{profile}/timeline").json["items"]
    assert sorted(one["event"] for one in whole) == [*["Product Viewed"] * 5, "Segment Entered"]
    paged, cursor = [], None
    while True:
        page = call("GET", f"/api/profiles/{profile}/timeline", query=asked(2, cursor)).json
        paged += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert paged == whole
    assert len({one["messageId"] for one in whole}) == 6
    assert moves(call, profile, event="Segment Entered") == [("Segment Entered", "viewers")]
    assert moves(call, profile, event="Segment Left") == []
    viewed = call("GET", f"/api/profiles/{profile}/timeline", query={"event": "Product Viewed"}).json["items"]
    assert [one["event"] for one in viewed] == ["Product Viewed"] * 5


def test_whoever_is_erased_is_a_member_of_nothing_also_when_effects_come_late(call: Call, shop: Shop) -> None:
    shop.deliver(T0 + 41 * DAY, event(0, ("user_id", "dora"), ts=T0 + 41 * DAY))
    profile = person(call, "dora")
    assert profile in members(call, "viewers")
    shop.deliver(T0 + 41 * DAY, order(0, ("user_id", "dora"), order_id="d", revenue=1), run=False)
    assert call("DELETE", f"/api/profiles/{profile}").status == 204
    shop.run_effects()
    assert profile not in {*members(call, "viewers"), *members(call, "buyers")}
    rows = boto3.client("dynamodb").scan(TableName="profiles")["Items"]
    assert not [row for row in rows if row["PK"]["S"].startswith("S#") and row["SK"]["S"] == profile]


def test_a_deleted_segment_leaves_nothing_also_when_effects_come_late(call: Call, shop: Shop) -> None:
    call("PUT", "/api/segments/short-lived", body={"when": {"type": "event", "event": "Ping"}})
    shop.deliver(T0 + 42 * DAY, event(0, ("user_id", "eve"), name="Ping", ts=T0 + 42 * DAY))
    shop.deliver(T0 + 42 * DAY, event(1, ("user_id", "fay"), name="Ping", ts=T0 + 42 * DAY), run=False)
    assert members(call, "short-lived") == [person(call, "eve")]
    assert call("DELETE", "/api/segments/short-lived").status == 204
    shop.run_effects()
    assert call("GET", "/api/segments/short-lived/members").status == 404
    assert call("GET", "/api/profiles", query={"by": "user_id:eve"}).json["segments"] == []
    rows = boto3.client("dynamodb").scan(TableName="profiles")["Items"]
    assert not [row for row in rows if row["PK"]["S"].startswith("S#short-lived#")]


def test_many_rows_ask_for_the_deletion_to_be_sent_again(call: Call, services: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    call("PUT", "/api/segments/huge", body=VIEWED)
    monkeypatch.setattr(services.memberships._store, "clear", lambda segment: False)
    answer = call("DELETE", "/api/segments/huge")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert call("PUT", "/api/segments/huge", body=VIEWED).status == 503
    monkeypatch.undo()
    assert call("DELETE", "/api/segments/huge").status == 404
    assert call("PUT", "/api/segments/huge", body=VIEWED).status == 200


def test_what_others_refer_to_stays_and_they_are_named(call: Call, shop: Shop) -> None:
    call("PUT", "/api/segments/inner", body=VIEWED)
    call("PUT", "/api/segments/outer", body={"when": {"type": "not", "of": {"type": "segment", "segment": "inner"}}})
    answer = call("DELETE", "/api/segments/inner")
    assert (answer.status, answer.error["code"]) == (409, "in_use")
    assert "segments/outer" in answer.error["message"]
    assert call("DELETE", "/api/segments/outer").status == 204
    assert call("DELETE", "/api/segments/inner").status == 204


def test_a_dry_run_refuses_and_warns_like_the_real_one(call: Call, shop: Shop) -> None:
    unknown = {"when": {"type": "segment", "segment": "nobody-wrote-it"}}
    answers = [call("PUT", "/api/segments/dry", body=unknown, query=query) for query in ({"dry_run": "1"}, {})]
    assert [(one.status, one.error["field"]) for one in answers] == [(400, "when.segment")] * 2
    dry, real = (call("PUT", "/api/segments/dry", body={"when": {"type": "everyone"}}, query=query).json
                 for query in ({"dry_run": "1"}, {}))
    assert dry["warnings"] == real["warnings"] == [{"field": "when", "message": "everybody is in, always"}]


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_name_that_a_path_stands_for_can_not_be_taken(call: Call, name: str) -> None:
    assert call("PUT", f"/api/segments/{name}", body=VIEWED).error["code"] == "bad_name"


def test_the_schema_takes_what_can_be_written_and_the_ready_made_ones_can_be_written(call: Call) -> None:
    schema = call("GET", "/api/segments/schema").json["segment"]
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    ready = call("GET", "/api/segments/ready-made").json["items"]
    assert len(ready) >= 10
    for one in ready:
        validator.validate(one["document"])
        assert call("PUT", f"/api/segments/{one['name']}", body=one["document"], query={"dry_run": "1"}).status == 200
    assert not validator.is_valid({"when": {"type": "nonsense"}})


@pytest.mark.parametrize(("asked_for", "status"), [("unknown/members", 404), ("buyers/members?cursor=x", 400),
                                                   ("buyers/members?limit=0", 400)])
def test_bad_questions_get_a_reason(call: Call, shop: Shop, asked_for: str, status: int) -> None:
    path, _, query = f"/api/segments/{asked_for}".partition("?")
    answer = call("GET", path, query=query)
    assert (answer.status, set(answer.error) >= {"code", "message"}) == (status, True)


def test_members_of_merged_people_move_with_them(call: Call, shop: Shop) -> None:
    now = T0 + 50 * DAY
    shop.deliver(now, event(0, ("anonymous_id", "anon-m"), ts=now - 5))
    [anonymous] = [one for one in members(call, "viewers")
                   if call("GET", f"/api/profiles/{one}").json["identifiers"].get("anonymous_id") == ["anon-m"]]
    shop.deliver(now + 1, event(1, ("user_id", "gus"), ts=now))
    gus = person(call, "gus")
    shop.deliver(now + 2, identify(0, ("user_id", "gus"), ("anonymous_id", "anon-m"), traits={}, ts=now + 2))
    shop.recheck(now + 3, gus)
    survivor = person(call, "gus")
    others = {anonymous, gus} - {survivor}
    found = members(call, "viewers")
    assert survivor in found
    assert not others & set(found)
    assert {name for name, _ in moves(call, survivor)} >= {"Segment Entered"}


def explanation(call: Call, profile: str, segment: str, **query: str) -> dict[str, Any]:
    answer = call("GET", f"/api/profiles/{profile}/segments/{segment}/explanation", query=query)
    assert answer.status == 200
    return answer.json


def test_an_explanation_says_why_now_and_why_then(call: Call, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    call("PUT", "/api/segments/fresh", body={"when": {"type": "event", "event": "Signed Up", "window": {"within": "7d"}}})
    call("PUT", "/api/computed-traits/signups", body={"value": {"type": "score", "rules": [
        {"points": 3, "when": {"type": "event", "event": "Signed Up"}}]}})
    start = T0 + 60 * DAY
    shop.deliver(start, event(0, ("user_id", "hal"), name="Signed Up", ts=start - HOUR))
    profile = person(call, "hal")
    monkeypatch.setattr("socle.clock.now", lambda: start)
    now = explanation(call, profile, "fresh")
    assert (now["member"], now["since"], now["flips_at"]) == (True, to_iso(start), to_iso(start - HOUR + 7 * DAY))
    assert [one["event"] for one in now["because"]["events"]] == ["Signed Up"]
    shown = call("GET", f"/api/profiles/{profile}").json
    assert ("fresh" in shown["segments"], shown["computed"]) == (True, {"signups": 3})
    shop.pass_time(start + 8 * DAY)
    monkeypatch.setattr("socle.clock.now", lambda: start + 8 * DAY)
    later = explanation(call, profile, "fresh")
    assert (later["member"], later["since"]) == (False, None)
    assert "by time alone" in later["because"]["says"]
    assert "fresh" not in call("GET", f"/api/profiles/{profile}").json["segments"]
    then = explanation(call, profile, "fresh", as_of=to_iso(start))
    assert (then["member"], then["since"], "note" in then) == (True, None, True)
    before = call("GET", f"/api/profiles/{profile}", query={"as_of": to_iso(start - 2 * HOUR)}).json
    assert ("fresh" in before["segments"], before["computed"]) == (False, {"signups": 0})
    assert "fresh" in call("GET", f"/api/profiles/{profile}", query={"as_of": to_iso(start)}).json["segments"]
    unknown = explanation(call, profile, "fresh", as_of=to_iso(start - HOUR), clock="known")
    assert (unknown["member"], explanation(call, profile, "fresh", as_of=to_iso(start - HOUR))["member"]) == (False, True)


@pytest.mark.parametrize(("segment", "query", "status"), [
    ("unknown", {}, 404), ("fresh", {"as_of": "yesterday"}, 400), ("fresh", {"clock": "x"}, 400), ("%00", {}, 404)])
def test_a_question_for_an_explanation_that_can_not_be_answered(call: Call, shop: Shop, segment: str, query: dict[str, str],
                                                                status: int) -> None:
    call("PUT", "/api/segments/fresh", body=VIEWED)
    shop.deliver(T0 + 70 * DAY, event(0, ("user_id", "ida"), ts=T0 + 70 * DAY))
    profile = person(call, "ida")
    assert call("GET", f"/api/profiles/{profile}/segments/{segment}/explanation", query=query).status == status
    assert call("GET", "/api/profiles/nobody/segments/fresh/explanation").status == 404


def test_a_preview_is_asked_of_its_function_and_shown_with_the_warnings(call: Call, services: Any,
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    class Previews:
        def preview(self, document: dict[str, Any]) -> dict[str, Any]:
            asked.append(document)
            return Tally().report(0) | {"buckets": {"read": 0, "of": 0}, "lake": to_iso(T0)}

    monkeypatch.setattr(services, "segment_previews", Previews())
    answer = call("POST", "/api/segments/preview", body={"when": {"type": "everyone"}})
    assert (answer.status, answer.json["size"], answer.json["warnings"][0]["field"]) == (200, 0, "when")
    assert asked[0]["when"] == {"type": "everyone"}
    for wrong, field in (({}, "when"), ({"when": {"type": "segment", "segment": "nobody-wrote-it"}}, "when.segment")):
        refused = call("POST", "/api/segments/preview", body=wrong)
        assert (refused.status, refused.error["field"]) == (400, field)
    assert len(asked) == 1


@pytest.mark.parametrize(("answer", "status"), [
    ({"refused": {"code": "no_lake", "message": "compact it", "status": 409}}, 409), ({"FunctionError": "Unhandled"}, 503)])
def test_what_became_of_a_preview_that_failed_is_said(call: Call, services: Any, monkeypatch: pytest.MonkeyPatch,
                                                      answer: dict[str, Any], status: int) -> None:
    class Functions:
        def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:
            return {"Payload": io.BytesIO(json.dumps(answer).encode()), **answer}

    monkeypatch.setattr(services, "segment_previews", PreviewFunction(Functions(), "preview_segment"))
    assert call("POST", "/api/segments/preview", body=VIEWED).status == status


def test_the_lake_says_what_it_holds_once_it_was_compacted(call: Call, services: Any) -> None:
    assert call("GET", "/api/lake").error["code"] == "no_lake"
    files = BucketFiles("e", "p", "s", "h", (7, 3, 0, 0), 100)
    services.lake.put("lake/manifest.json", Manifest(2, "run", T0, {1: files, 5: files}, 64, {}).to_json().encode())
    shown = call("GET", "/api/lake").json
    assert {name: shown[name] for name in ("version", "made", "buckets", "events", "people", "bytes")} == {
        "version": 2, "made": to_iso(T0), "buckets": 64, "events": 14, "people": 6, "bytes": 200}
    assert shown["age_seconds"] > 0


def test_a_compaction_is_started_and_followed(call: Call) -> None:
    run = call("POST", "/api/lake/compact").json
    assert run["state"] == "running"
    assert call("GET", f"/api/lake/runs/{run['run']}").json["run"] == run["run"]
    assert call("GET", "/api/lake/runs/never-begun").status == 404


def test_sizes_are_those_of_the_last_recompute_which_can_be_started(call: Call, services: Any) -> None:
    assert call("GET", "/api/segments/sizes").error["code"] == "no_report"
    run = call("POST", "/api/segments/recompute").json
    assert call("GET", f"/api/segments/recompute/{run['run']}").json["run"] == run["run"]
    assert call("GET", "/api/segments/recompute/never-begun").status == 404
    report = {"run": run["run"], "at": to_iso(T0), "profiles": 7, "segments": {"buyers": 3}, "ticks": 1, "drift": 0}
    services.recomputes.publish(report)
    assert call("GET", "/api/segments/sizes").json == report
