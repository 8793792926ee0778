"""Stories lived on the local machine: journeys published, events sent as an app sends them, the clock moved; what came of it.

Many are lived at a time, each by a person of its own: a journey takes in the person of its story and nobody else.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto.scheduler.models import scheduler_backends

from infra.local.cloud import ACCOUNT, REGION
from infra.local.machine import LocalMachine, local_machine
from socle import clock
from socle.iso import to_iso
from socle.journeys.model.entry import Entry
from socle.journeys.model.row import SKIPPED, WAY, Logged, Row
from socle.journeys.ready import ORDER
from socle.journeys.store import EntryStore
from socle.profiles.store import ProfileStore
from tests.campaigns.on_machine import ask, put
from tests.journeys.story import HOUSE, START, Story, Went, after

KEY = {"authorization": "Basic bG9jYWwtd3JpdGUta2V5Og=="}  # local-write-key:
BRAND = {"name": "Shop", "sender": {"address": "news@shop.example.com", "name": "Shop"}, "url": "https://shop.example.com/",
         "address": "1 Main Street, 44000 Nantes"}
SETTLE = clock.HOUR
"""Ms before START at which the machine begins: what is defined is in force by then."""
BATCH = 50
BY_THE_CLOCK = ("Sweep", "StartJourneys")
"""In the names of the functions whose schedules journeys need: a month of surveys and recomputing would take minutes."""


@contextmanager
def standing_still(at: int) -> Iterator[LocalMachine]:
    """A machine whose clock stands at `at` (epoch ms) until it is moved: what takes a second here takes no time there."""
    with pytest.MonkeyPatch.context() as patch, local_machine() as machine:
        patch.setattr(clock, "_ahead", 0)
        patch.setattr(clock, "time", SimpleNamespace(time_ns=lambda: at * 1_000_000, sleep=time.sleep))
        for group in scheduler_backends[ACCOUNT][REGION].schedule_groups.values():
            for schedule in group.schedules.values():
                if not any(name in schedule.target["Arn"] for name in BY_THE_CLOCK):
                    schedule.state = "DISABLED"
        yield machine


def apart(stories: Sequence[Story]) -> list[list[Story]]:
    """Those that can be lived together: none defines something of which another one says otherwise."""
    worlds: list[tuple[dict[tuple[str, str], str], list[Story]]] = []
    for story in stories:
        own = {(kind, name): json.dumps(story.fill(document), sort_keys=True)
               for kind, documents in {**HOUSE, **story.also}.items() for name, document in documents.items()}
        for known, lived in worlds:
            if all(known.get(key, text) == text for key, text in own.items()):
                known.update(own)
                lived.append(story)
                break
        else:
            worlds.append((own, [story]))
    return [lived for _, lived in worlds]


def live(stories: Sequence[Story]) -> dict[str, tuple[list[Went], list[str]]]:
    """Story → what came of it, as stories tell it: the ways, and the templates that were sent."""
    found = {}
    with standing_still(START - SETTLE) as machine:
        define(machine, stories)
        moments = sorted({0, *(after(did.at) for story in stories for did in story.did), *(after(one.until) for one in stories)})
        for moment in moments:
            move(machine, START + moment)
            happen(machine, [(story, number) for story in stories for number, did in enumerate(story.did)
                             if after(did.at) == moment])
            for story in stories:
                if after(story.until) == moment:
                    found[story.name] = told(machine, story)
    return found


def move(machine: LocalMachine, at: int) -> None:
    """The clock on to `at`, with all that falls due on the way."""
    machine.timeline.advance(max(0, at - clock.now()))


def define(machine: LocalMachine, stories: Sequence[Story]) -> None:
    """Write and publish what the stories are about; let their people be known."""
    put(machine, "brand/default", BRAND)
    kinds: dict[str, dict[str, Any]] = defaultdict(dict)
    for story in stories:
        for kind, documents in {**HOUSE, **story.also}.items():
            kinds[kind].update({name: story.fill(document) for name, document in documents.items()})
    for kind in sorted(kinds, key=lambda kind: ORDER.index(kind) if kind in ORDER else -1):
        for name, document in kinds[kind].items():
            put(machine, f"{kind}/{name}", document)
            if kind == "coupons":
                codes = [f"{name}-{number}" for number in range(20)]
                assert ask(machine, "POST", f"/coupons/{name}/codes", {"codes": codes})[0] < 300
    track(machine, [{"type": "identify", "userId": story.who, "messageId": f"{story.who}-begins", "traits": {"story": story.who}}
                    for story in stories])
    for story in stories:
        put(machine, f"journeys/{story.journey}", alone(story))
        status, answer = ask(machine, "POST", f"/journeys/{story.journey}/publish")
        assert status == 200, (story.name, answer)


def alone(story: Story) -> dict[str, Any]:
    """Its journey, for its person only."""
    document: dict[str, Any] = story.fill(story.document)
    own = {"type": "trait", "trait": "story", "test": {"op": "eq", "value": story.who}}
    audience = document.get("audience")
    return {**document, "audience": {"type": "all", "of": [own, audience]} if audience else own}


def happen(machine: LocalMachine, those: Sequence[tuple[Story, int]]) -> None:
    """These events of these stories, now."""
    messages = []
    for story, number in those:
        did = story.did[number]
        properties = story.fill(dict(did.properties))
        message = {"userId": story.who, "messageId": f"{story.who}-{number}", "timestamp": to_iso(START + after(did.at)),
                   **({"context": {"timezone": did.timezone}} if did.timezone else {})}
        messages.append({**message, "type": "identify", "traits": properties} if did.event == "$identify" else
                        {**message, "type": "track", "event": did.event, "properties": properties})
    track(machine, messages)


def track(machine: LocalMachine, messages: Sequence[Mapping[str, Any]]) -> None:
    """Send events; all that follows at once is done."""
    for first in range(0, len(messages), BATCH):
        body = json.dumps({"batch": messages[first:first + BATCH]}).encode()
        status, _, answer = machine.request("POST", "/v1/batch", KEY, body)
        assert status == 200, answer
        assert not json.loads(answer).get("quarantined"), answer
    machine.timeline.advance(0)


def entries(machine: LocalMachine, who: str, journey: str) -> list[tuple[Entry, Row | None]]:
    """Each time that somebody (a user_id) entered, with what happened."""
    dynamodb, table = boto3.client("dynamodb", region_name=REGION), machine.outputs["ProfilesTable"]
    profile = str(ask(machine, "GET", f"/profiles?by=user_id:{who}")[1]["id"])
    found = [one for one in ProfileStore(dynamodb, table).load([profile])[profile].journeys if one.journey == journey]
    rows = EntryStore(dynamodb, table).load([(one.part, one.id) for one in found])
    return [(one, rows.get((one.part, one.id))) for one in sorted(found, key=lambda one: one.at)]


def told(machine: LocalMachine, story: Story) -> tuple[list[Went], list[str]]:
    """What came of a story."""
    ways, steps = [], [step["name"] for step in story.document["steps"]]
    for entry, row in entries(machine, story.who, story.journey):
        lines = sorted(((one.at, round_, steps.index(step)), line(step, one))
                       for (step, round_), one in (row.log if row else {}).items()
                       if step in steps)
        ways.append(Went([text for _, text in lines if text], entry.reason, entry.key, entry.goal > 0))
    return ways, sent(machine, story)


def line(step: str, one: Logged) -> str:
    """As stories tell it."""
    if one.outcome == WAY:
        return f"{step}: {one.detail}"
    return f"{step}: {one.outcome}{f' {one.detail}' if one.outcome == SKIPPED else ''}"


def sent(machine: LocalMachine, story: Story) -> list[str]:
    """The templates of the messages that its person got from its journey."""
    profile = str(ask(machine, "GET", f"/profiles?by=user_id:{story.who}")[1]["id"])
    channels = {name: document["channel"] for documents in (HOUSE["templates"], story.also.get("templates", {}))
                for name, document in documents.items()}
    by_step = {step["name"]: step for step in story.document["steps"]}
    found = []
    for one in ask(machine, "GET", f"/profiles/{profile}/messages?limit=100")[1]["items"]:
        if one["campaign"] == story.journey and one["state"] not in ("skipped", "failed"):
            step = by_step[one["variant"]]
            found.append((one["at"], list(by_step).index(step["name"]), next(
                name for name in (step.get("template"), *step.get("best_of", ())) if name and channels[name] == one["channel"])))
    return [template for _, _, template in sorted(found)]
