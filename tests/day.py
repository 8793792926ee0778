"""A day in the life of the local machine: everything that functions do, once."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from infra.local import sources
from infra.local.machine import LocalMachine
from infra.local.pump import Stuck
from infra.local.replay import compare, replay
from socle import clock
from socle.aws import translated
from socle.effects import webhook
from socle.errors import Unavailable
from socle.events.group import Record
from socle.events.model import Event, Quarantined
from socle.events.store import EventStream
from socle.events.stream import encode_events, encode_quarantined
from socle.lake.store import RawStore
from socle.profiles.codec import encode_aggregate
from socle.profiles.model import Page
from socle.profiles.store import Owner, ProfileStore
from tests.campaigns.on_machine import run_campaigns
from tests.consent import on_machine as consent
from tests.exports.on_machine import export_people
from tests.imports.on_machine import import_files
from tests.journeys.in_a_day import run_journeys
from tests.messages.on_machine import send_messages
from tests.recompute.on_machine import recompute_segments
from tests.segments.on_machine import live_in_segments

KEY = {"authorization": "Basic bG9jYWwtd3JpdGUta2V5Og=="}  # local-write-key:
ADMIN = {"authorization": "Bearer local-admin-token", "content-type": "application/json"}


def send(machine: LocalMachine, *messages: dict[str, Any]) -> None:
    status, _, body = machine.request("POST", "/v1/batch", KEY, json.dumps({"batch": messages}).encode())
    assert status == 200, body
    machine.drain()


def api(machine: LocalMachine, method: str, path: str, body: Any = None) -> Any:
    status, _, answer = machine.request(method, "/api" + path, ADMIN, b"" if body is None else json.dumps(body).encode())
    assert status < 300, (method, path, status, answer)
    return json.loads(answer) if answer else None


def a_day_in_the_life(machine: LocalMachine, patch: pytest.MonkeyPatch) -> None:
    """Everything that functions do, once: events, merges, seals, effects, ticks, quarantine, keys, erasure, failures."""
    api(machine, "PUT", "/webhooks/crm", {"url": "http://127.0.0.1:9/hook", "events": ["Order Completed"]})
    for day in ("2026-01-01", "2026-01-02"):
        send(machine, *[{"type": "track", "event": "Viewed", "userId": "u1", "messageId": f"{day}-{n}",
                         "timestamp": f"{day}T00:{n:02}:00Z", "properties": {"number": n * 7919 ** 3}} for n in range(60)])
    send(machine, {"type": "track", "event": "Late", "userId": "u1", "messageId": "late", "timestamp": "2025-01-01T00:00:00Z"})
    send(machine, {"type": "page", "anonymousId": "a1"})
    send(machine, {"type": "identify", "userId": "u1", "anonymousId": "a1", "traits": {"email": "u1@example.com"}})
    patch.setattr(webhook, "send", lambda url, body, headers: 500)
    send(machine, {"type": "track", "event": "Order Completed", "userId": "u1", "properties": {"order_id": "o", "revenue": 5}})
    patch.setattr(webhook, "send", lambda url, body, headers: 200)
    machine.advance("1h")
    send(machine, {"type": "group", "userId": "u1", "groupId": "acme", "traits": {"name": "Acme"}})
    ask_of_accounts(machine)
    send(machine, {"type": "track", "userId": "u1"}, {"type": "track", "userId": "u1"}, {"type": "nonsense", "userId": "u1"})
    stream = EventStream(machine.outputs["StreamName"])
    repaired = json.dumps({"type": "track", "event": "Was refused", "userId": "u1", "messageId": "q"})
    held = [Quarantined(place, "q", "repaired", "", "", "shop", clock.now(), repaired) for place in range(3)]
    stream.put([Record("x", b"none of ours"), Record("x", encode_quarantined(held))])
    machine.drain()
    make_due(machine)
    machine.advance("5m")
    administer(machine)
    find_duplicates(machine)
    measure(machine)
    break_the_bucket(machine, patch)
    give_up_and_replay(machine)
    import_files(machine)
    restore(machine)
    live_in_segments(machine, api, send, has_ended)
    export_people(machine)  # segments are left out of the replay: who is in is found out anew
    recompute_segments(machine)
    consent.define(machine)
    consent.decide(machine)
    run_campaigns(machine)
    send_messages(machine)
    run_journeys(machine, api, send)
    copy_what_no_event_tells(machine)


def ask_of_accounts(machine: LocalMachine) -> None:
    """A condition on accounts, of which there are more than one step of a walk looks at."""
    send(machine, *[{"type": "group", "userId": "u1", "groupId": f"club-{number}"} for number in range(20)])
    named = {"type": "account", "quantifier": "any", "trait": "name", "test": {"op": "eq", "value": "Acme"}}
    api(machine, "PUT", "/segments/of-acme", {"when": named})
    machine.advance("1m")
    send(machine, {"type": "group", "userId": "u1", "groupId": "acme"})
    profile = api(machine, "GET", "/profiles?by=user_id:u1")["id"]
    assert api(machine, "GET", f"/profiles/{profile}")["segments"] == ["of-acme"]


def make_due(machine: LocalMachine) -> None:
    profile = api(machine, "GET", "/profiles?by=user_id:u1")["id"]
    store = ProfileStore(boto3.client("dynamodb"), machine.outputs["ProfilesTable"])
    store.save(after := store.load([profile])[profile].next(due=clock.now() + 60_000), encode_aggregate(after))


def administer(machine: LocalMachine) -> None:
    api(machine, "PUT", "/sources/shop", {"description": "shop"})
    key = api(machine, "POST", "/sources/shop/keys", {})
    api(machine, "POST", "/sources/shop/keys/rotate", {"grace": "1h"})
    api(machine, "GET", "/sources/shop/keys")
    api(machine, "DELETE", f"/sources/shop/keys/{key['id']}")
    api(machine, "GET", "/sources/local/tail")
    api(machine, "GET", "/webhooks/crm/secret")
    api(machine, "DELETE", "/webhooks/crm")
    first, second, *rest = api(machine, "GET", "/quarantine?code=repaired")["items"]
    assert api(machine, "POST", "/quarantine/replay", {"ids": [first["id"]]})["replayed"] == 1
    for held in [second, *rest, *api(machine, "GET", "/quarantine?source=local")["items"]]:
        api(machine, "DELETE", f"/quarantine/{held['id']}")
    profile = api(machine, "GET", "/profiles?by=user_id:u1")["id"]
    api(machine, "GET", f"/profiles/{profile}/timeline")
    api(machine, "PUT", "/accounts/acme", {"traits": {"plan": "gold"}})
    assert api(machine, "GET", "/accounts/acme")["people"] == 1
    store = ProfileStore(boto3.client("dynamodb"), machine.outputs["ProfilesTable"])
    store.claim(("email", "u1@lost.example"), Owner(profile, 0))
    api(machine, "DELETE", f"/profiles/{profile}")
    # A page that was on its way, too: it is found when every function that was under way has ended.
    store.insert_pages([Page(profile, "", 1, ())])
    machine.advance("20m")
    assert store.load_pages([(profile, "")]) == {}
    # An event that was on its way while its person was erased.
    lost = Event(0, "lost", 0, 0, 0, "local", "track", "Lost", (("email", "u1@lost.example"),), {})
    EventStream(machine.outputs["StreamName"]).put([Record("x", encode_events([lost]))])
    machine.drain()


def measure(machine: LocalMachine) -> None:
    """A survey by the clock and one at once, a clean-up that is undone, the catalogue of what was sent, customers scored."""
    send(machine, {"type": "identify", "userId": "u9", "traits": {"phone": "n/a"}},
         {"type": "track", "event": "Order Completed", "userId": "u9", "properties": {"revenue": 5}})
    machine.advance("1d")
    assert api(machine, "GET", "/quality")["run"].startswith("schedule-")
    rule = {"trait": "phone", "when": "placeholder", "do": "remove"}
    surveyed = finished(machine, api(machine, "POST", "/quality/run"))
    cleaned = finished(machine, api(machine, "POST", "/quality/cleanup", {"rule": rule, "dry_run": False}))
    finished(machine, api(machine, "POST", f"/quality/runs/{cleaned['run']}/undo"))
    assert (surveyed["result"]["people"] > 0, cleaned["result"]["changed"]) == (True, 1)
    profile = api(machine, "GET", "/profiles?by=user_id:u9")["id"]
    assert api(machine, "GET", f"/profiles/{profile}/quality")["fields"]["phone"]["flag"] == "placeholder"
    assert api(machine, "GET", "/quality")["fix_first"]
    assert finished(machine, api(machine, "POST", "/rfm/run"), "rfm")["result"] == api(machine, "GET", "/rfm")
    (phone,) = [item for item in api(machine, "GET", "/catalogue?kind=trait")["items"] if item["name"] == "phone"]
    assert phone["fill_rate"] > 0
    assert api(machine, "GET", "/catalogue/events/Order%20Completed")["properties"]["order_id"]["types"] == {"string": 1}


def find_duplicates(machine: LocalMachine) -> None:
    """A search that proposes two candidates, and one that merges what is left and closes what is none any more."""
    traits = {"firstName": "Ada", "lastName": "Byron", "birthday": "1815-12-10"}
    send(machine, *[{"type": "identify", "anonymousId": name, "traits": traits} for name in ("ada1", "ada2", "ada3")])
    assert searched(machine)["candidates"] == 3
    first, second, third = [item["id"] for item in api(machine, "GET", "/duplicates")["items"]]
    assert api(machine, "POST", f"/duplicates/{first}/reject")["state"] == "rejected"
    assert api(machine, "POST", f"/duplicates/{second}/accept")["state"] == "accepted"
    assert api(machine, "GET", f"/duplicates/{third}")["probability"] > 0.8
    traits |= {"lastName": "Lovelace", "birthday": "1816-01-31"}
    send(machine, *[{"type": "identify", "anonymousId": name, "traits": traits} for name in ("ada4", "ada5")])
    api(machine, "PUT", "/duplicate-rules/default", {"auto_merge": 0.9})
    report = searched(machine)
    assert (report["merged"], report["closed"]) == (1, 1)
    machine.advance("2m")  # a tick tells the stream of merges, and so the raw objects
    api(machine, "DELETE", f"/profiles/{api(machine, 'GET', '/profiles?by=anonymous_id:ada4')['id']}")


def searched(machine: LocalMachine) -> dict[str, Any]:
    """What a search came to, once it has ended."""
    run = api(machine, "POST", "/duplicates/run")["run"]
    while (answer := machine.request("GET", "/api/duplicates/run", ADMIN))[0] != 200 or json.loads(answer[2])["run"] != run:
        time.sleep(0.05)
    return dict(json.loads(answer[2]))


def finished(machine: LocalMachine, run: dict[str, Any], of: str = "quality") -> dict[str, Any]:
    """The run when it has ended, and what it sent has arrived."""
    while (found := api(machine, "GET", f"/{of}/runs/{run['run']}"))["state"] == "running":
        time.sleep(0.05)
    assert found["state"] == "succeeded", found
    machine.drain()
    return dict(found)


def has_ended(machine: LocalMachine, of: str, run: str) -> None:
    finished(machine, {"run": run}, of)


def break_the_bucket(machine: LocalMachine, patch: pytest.MonkeyPatch) -> None:
    """An outage of S3, once: the batch is put off and comes again."""
    save, broken = RawStore.save, []

    def once(self: RawStore, *given: Any) -> None:
        if not broken:
            broken.append(1)
            with translated("the bucket"):
                raise EndpointConnectionError(endpoint_url="https://s3")
        save(self, *given)

    patch.setattr(RawStore, "save", once)
    send(machine, {"type": "track", "event": "After the outage", "userId": "u2"})
    assert broken
    assert api(machine, "GET", "/profiles?by=user_id:u2")["events"] == {"After the outage": 1}


def give_up_and_replay(machine: LocalMachine) -> None:
    """An outage of DynamoDB that lasts longer than records may wait: the batch is given up, and put back by one call."""
    def down(*given: Any) -> None:
        raise Unavailable("unavailable", "the table can't be reached")

    with pytest.MonkeyPatch.context() as outage:
        outage.setattr(ProfileStore, "owners", down)
        with pytest.raises(Stuck):
            send(machine, {"type": "track", "event": "In the outage", "userId": "u3"})
        outage.setattr(sources, "time", SimpleNamespace(time=lambda: time.time() + 7 * 86_400))
        machine.drain()
    status, _, answer = machine.request("GET", "/api/profiles?by=user_id:u3", ADMIN)
    assert status == 404, answer
    (batch,) = api(machine, "GET", "/failed")["items"]
    assert (batch["condition"], batch["records"]) == ("RecordAgeExceeded", 1)
    s3, place = boto3.client("s3"), {"Bucket": machine.outputs["BucketName"], "Key": f"aws/lambda/{batch['id']}"}
    kept = s3.get_object(**place)["Body"].read()
    for again in (False, True):  # as after a crash between the stream and the deletion
        if again:
            s3.put_object(**place, Body=kept)
        done = api(machine, "POST", "/failed/replay", {})
        assert (done["replayed"], done["batches"], done["failures"]) == (1, 1, [])
        machine.drain()
        assert api(machine, "GET", "/profiles?by=user_id:u3")["events"] == {"In the outage": 1}
        assert api(machine, "GET", "/failed")["items"] == []


def copy_what_no_event_tells(machine: LocalMachine) -> None:
    """One more replay, after messages were sent and refused."""
    answer = replay(machine, "with-messages")
    assert (answer["failed"], answer["copied"] > 0) == (0, True)
    _, _, differences = compare(machine.outputs["ProfilesTable"], machine.outputs["RestoredTable"])
    assert [one for one in differences if one.startswith("row")] == []


def restore(machine: LocalMachine) -> None:
    """A replay; then one more, in which somebody whom the first took in, with pages, must be forgotten, and two are merged."""
    name = {"type": "track", "event": "Viewed"}
    for day in ("2026-02-01", "2026-02-02"):
        send(machine, *[{**name, "userId": "u4", "messageId": f"{day}-{n}", "timestamp": f"{day}T00:{n:02}:00Z",
                         "properties": {"text": str(n * 7919 ** 90)}} for n in range(60)])
    send(machine, {**name, "anonymousId": "a5"}, {**name, "userId": "u5"})
    assert replay(machine, "before")["failed"] == 0
    api(machine, "DELETE", f"/profiles/{api(machine, 'GET', '/profiles?by=user_id:u4')['id']}")
    send(machine, {**name, "anonymousId": "a5", "userId": "u5"})
    assert replay(machine, "after", compare=2)["failed"] == 0
    _, _, differences = compare(machine.outputs["ProfilesTable"], machine.outputs["RestoredTable"])
    assert differences == []
