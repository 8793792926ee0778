"""POST /api/journeys/<name>/enter: who is asked in, who is refused, and why nobody can be."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from socle.events.model import Event
from socle.events.stream import decode
from socle.journeys.model.release import LIVE, PAUSED, Release
from socle.releases.store import Standing
from tests.api.conftest import Call
from tests.people import event
from tests.world import World


@pytest.fixture(scope="module")
def stream(services: Any) -> list[Event]:
    """A published journey `offer`, one that is paused, people; the events that are asked for."""
    from socle.profiles.store import ProfileStore
    from tests.memory import MemoryQuarantine, MemoryQueue, MemoryRaw

    world = World()
    store = ProfileStore(boto3.client("dynamodb"), "profiles")
    world.consumer = type(world.consumer)(store, MemoryRaw(), MemoryQuarantine(), MemoryQueue(),  # type: ignore[arg-type]
                                          lambda: world.rules, world.new_id, lambda: world.now)
    world.deliver(event(1, ("user_id", "ada")), event(2, ("user_id", "bob"), ("email", "bob@example.com")))
    for name, state in (("offer", LIVE), ("asleep", PAUSED)):
        services._journey_releases.publish(Release(name, 2, {"trigger": {"type": "request"}}, "arn", 1, True, state), Standing())
    found: list[Event] = []

    class Stream:
        def put(self, given: Any) -> None:
            found.extend(one for record in given for one in decode(record.data).events)

    services.journey_asking._stream = Stream()
    return found


def enter(call: Call, body: Any, journey: str = "offer") -> Any:
    return call("POST", f"/api/journeys/{journey}/enter", body=body)


def test_somebody_is_asked_in_by_any_identifier(call: Call, stream: list[Event]) -> None:
    answer = enter(call, {"by": "email:BOB@example.com ", "key": "order-1", "data": {"total": 3}})
    assert (answer.status, answer.json) == (202, {"journey": "offer", "version": 2, "accepted": 1, "refused": []})
    assert stream[-1].body["properties"] == {"journey": "offer", "key": "order-1", "data": {"total": 3}, "by": "api"}
    profile = call("GET", "/api/profiles", query={"by": "user_id:bob"}).json["id"]
    assert enter(call, {"profile": profile}).status == 202
    assert stream[-1].ids == (("user_id", "bob"),)


def test_of_many_those_who_are_unknown_are_told_by_their_place(call: Call, stream: list[Event]) -> None:
    before = len(stream)
    answer = enter(call, {"people": [{"by": "user_id:ada"}, {"by": "user_id:nobody"}, {"by": "nonsense"}, {"profile": "../x"},
                                     {"by": "user_id:bob", "data": {"text": "x" * 9_000}}]})
    assert (answer.status, answer.json["accepted"], len(stream) - before) == (202, 1, 1)
    assert [(one["index"], one["code"], one["field"]) for one in answer.json["refused"]] == [
        (1, "unknown_profile", "people.1.by"), (2, "bad_identifier", "people.2.by"), (3, "unknown_profile", "people.3.profile"),
        (4, "too_large", "people.4.data")]


@pytest.mark.parametrize(("journey", "body", "status", "code", "field"), [
    ("never", {"by": "user_id:ada"}, 404, "not_published", "name"),
    ("asleep", {"by": "user_id:ada"}, 409, "journey_not_live", "name"),
    ("offer", {"by": "user_id:nobody"}, 404, "unknown_profile", "by"),
    ("offer", {"profile": "nobody"}, 404, "unknown_profile", "profile"),
    ("offer", {"by": "user_id:ada", "data": {"text": "x" * 9_000}}, 413, "too_large", "data"),
    ("offer", {"by": "user_id:ada", "data": []}, 400, "invalid", "data"),
    ("offer", {"by": "user_id:ada", "key": "x" * 101}, 400, "invalid", "key"),
    ("offer", {"by": "user_id:ada", "profile": "x"}, 400, "invalid", "body"),
    ("offer", {}, 400, "invalid", "body"),
    ("offer", {"people": [{"key": "x"}]}, 400, "invalid", "body"),
    ("offer", {"people": [{"by": "user_id:ada"}], "by": "user_id:ada"}, 400, "invalid", "body"),
    ("offer", {"people": [{"by": "user_id:ada"}] * 501}, 400, "invalid", "people"),
    ("offer", {"user": "ada"}, 400, "invalid", "user"),
])
def test_what_cannot_be_says_why_and_where(call: Call, stream: list[Event], journey: str, body: Any, status: int, code: str,
                                           field: str) -> None:
    before = len(stream)
    answer = enter(call, body, journey)
    assert (answer.status, answer.error["code"], answer.error["field"], len(stream)) == (status, code, field, before)


def test_whether_people_enter_is_readable(call: Call, stream: list[Event]) -> None:
    found = {name: call("GET", f"/api/journeys/{name}/standing").json for name in ("offer", "asleep", "never")}
    assert {name: (one["version"], one["state"]) for name, one in found.items()} == {
        "offer": (2, "live"), "asleep": (2, "paused"), "never": (0, "live")}
