"""Why somebody is one person, over HTTP: shown, merged by hand, taken apart, kept apart."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from socle.consumer.batch import Record, Rules
from socle.consumer.service import Consumer
from socle.events.stream import encode_events
from socle.lake.raw import decode_raw
from socle.profiles.store import ProfileStore
from tests.api.conftest import Call
from tests.memory import MemoryQuarantine, MemoryQueue, MemoryRaw
from tests.people import T0, event

ANN, TABLET, DEVICE, CRM = ("user_id", "id-ann"), ("anonymous_id", "id-tablet"), ("anonymous_id", "id-device"), ("crm_id", "id-7")


@pytest.fixture(scope="module")
def deliver(call: Call) -> Any:
    names = iter(f"identity{number}" for number in range(100))
    consumer = Consumer(ProfileStore(boto3.client("dynamodb"), "profiles"), MemoryRaw(), MemoryQuarantine(),  # type: ignore[arg-type]
                        MemoryQueue(), Rules, lambda: next(names), lambda: T0)  # type: ignore[arg-type]

    def send(*events: Any) -> None:
        consumer.apply([Record("shard", "1", T0, encode_events(events))])

    for number, one in enumerate((ANN, TABLET, DEVICE, CRM)):
        send(event(number, one))
    send(event(10, ANN, TABLET))
    return send


def find(call: Call, identifier: tuple[str, str]) -> str:
    return str(call("GET", "/api/profiles", query={"by": ":".join(identifier)}).json["id"])


def test_the_graph_says_which_event_made_two_profiles_one(call: Call, deliver: Any) -> None:
    graph = call("GET", f"/api/profiles/{find(call, ANN)}/identity").json
    assert [(one["type"], one["value"], one["events"]) for one in graph["identifiers"]] \
        == [("user_id", "id-ann", 2), ("anonymous_id", "id-tablet", 2)]
    [merge] = graph["merges"]
    assert merge["rule"] == "identifier"
    assert merge["identifier"] == {"type": "anonymous_id", "value": "id-tablet"}
    assert merge["event"]["messageId"] == "m-10"
    assert merge["into"] == graph["id"] != merge["profile"]
    [link] = graph["links"]
    assert [one["value"] for one in link["identifiers"]] == ["id-tablet", "id-ann"]
    assert link["events"] == 1


def test_two_are_merged_by_hand_and_taken_apart_again_for_ever(call: Call, deliver: Any) -> None:
    ann, device = find(call, ANN), find(call, DEVICE)
    for _ in range(2):  # the second changes nothing
        assert call("POST", f"/api/profiles/{ann}/merge", body={"other": device, "reason": "she called"}).json == {"id": ann}
    merges = call("GET", f"/api/profiles/{device}/identity").json["merges"]
    assert [(one["rule"], one["detail"]) for one in merges if one["profile"] == device] == [("manual", "she called")]
    deliver(event(20, DEVICE), event(21, DEVICE, ("device_token", "id-token")), event(22, ANN))
    assert call("GET", f"/api/profiles/{ann}").json["event_count"] == 7
    for _ in range(2):
        answer = call("POST", f"/api/profiles/{ann}/unmerge", body={"member": device})
        assert answer.json == {"profile": ann, "other": device}
    assert call("GET", f"/api/profiles/{ann}").json["event_count"] == 4
    other = call("GET", f"/api/profiles/{device}").json
    assert other["identifiers"] == {"anonymous_id": ["id-device"], "device_token": ["id-token"]}
    assert other["event_count"] == 3
    assert find(call, ("device_token", "id-token")) == device
    again = call("POST", f"/api/profiles/{ann}/merge", body={"other": device})
    assert (again.status, again.error["code"]) == (409, "kept_apart")
    deliver(event(30, ANN, DEVICE))
    assert find(call, ANN) != find(call, DEVICE)
    assert device in call("GET", f"/api/profiles/{ann}/identity").json["apart"]


def test_what_an_unmerge_moves_is_among_the_raw_objects(call: Call, deliver: Any) -> None:
    s3 = boto3.client("s3")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="bucket", Prefix="raw/").get("Contents", [])]
    [name] = [key for key in keys if "unmerge-" in key]
    rows = decode_raw(s3.get_object(Bucket="bucket", Key=name)["Body"].read())
    assert {(row["row"], row["from"] != row["profile"], row["messageId"]) for row in rows} \
        == {("moved", True, "m-20"), ("moved", True, "m-21")}


def test_two_who_are_kept_apart_are_not_merged_by_an_event(call: Call, deliver: Any) -> None:
    ann, crm = find(call, ANN), find(call, CRM)
    answer = call("POST", f"/api/profiles/{crm}/keep-apart", body={"other": ann})
    assert answer.json == {"profile": crm, "other": ann}
    deliver(event(40, ANN, CRM))
    assert find(call, ANN) != find(call, CRM)
    unlinked = call("GET", f"/api/profiles/{ann}/identity").json["unlinked"]
    assert {"crm_id"} <= {one["type"] for one in unlinked}


@pytest.mark.parametrize(("action", "body", "status", "code", "field"), [
    ("merge", {"other": "nobody"}, 404, "unknown_profile", "other"),
    ("merge", {"other": "no-body"}, 404, "unknown_profile", "other"),
    ("merge", {}, 400, "invalid", "other"),
    ("merge", {"other": "x", "force": True}, 400, "invalid", "force"),
    ("unmerge", {"member": "nobody"}, 409, "not_merged", "member"),
    ("keep-apart", {"other": "OWN"}, 409, "one_person", "other"),
])
def test_what_can_not_be_done_is_refused_with_a_reason(call: Call, deliver: Any, action: str, body: dict[str, Any], status: int,
                                                       code: str, field: str) -> None:
    ann = find(call, ANN)
    answer = call("POST", f"/api/profiles/{ann}/{action}", body={name: ann if value == "OWN" else value
                                                                 for name, value in body.items()})
    assert (answer.status, answer.error["code"], answer.error["field"]) == (status, code, field)
    assert call("POST", f"/api/profiles/nobody/{action}", body={"other": ann, "member": ann}).status in (400, 404)


def test_types_of_identifiers_have_rules_that_people_write(call: Call) -> None:
    path = "/api/identifiers/badge"
    assert call("PUT", path, body={"priority": 15, "limit": 2, "blocked": ["0000*"]}).status == 200
    for document, field in (({"priority": 0, "limit": 1}, "priority"), ({"priority": 1, "limit": 0}, "limit"),
                            ({"priority": 1, "limit": 1, "blocked": ["**"]}, "blocked")):
        answer = call("PUT", path, body=document)
        assert answer.status == 400
        assert field in answer.error["field"]
