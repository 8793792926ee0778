"""Campaigns without AWS around them: the real steps over a table and a bucket in memory, and a worker that sends to nobody."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from socle.campaigns.files import unpack
from socle.campaigns.model.document import CampaignDocument
from socle.campaigns.model.run import RUNNING, Run, chunk_key, outcome_key
from socle.campaigns.service.answers import Answers
from socle.campaigns.service.due import Due
from socle.campaigns.service.executions import Executions
from socle.campaigns.service.plan import Planner
from socle.campaigns.service.requests import Campaigns
from socle.campaigns.service.steps import Steps
from socle.definitions.model import Definition
from socle.errors import Conflict, NotFound, Rejected
from socle.iso import from_iso
from socle.messages.model import SENT, Message, message_key
from socle.profiles.model import Aggregate, Register, Snapshot
from socle.segments.membership import Membership, Move
from socle.segments.store import shard_of
from tests.campaigns.asl import Failed, Walk

NOON = 1_780_315_200_000
"""2026-06-01T12:00:00Z, a Monday."""
Row = dict[str, Any]


class MemoryRuns:
    """As RunStore."""

    def __init__(self) -> None:
        self.runs: dict[tuple[str, str], Run] = {}
        self.turns_: dict[tuple[str, bool], str] = {}
        self.dues: dict[str, tuple[str, int]] = {}

    def load(self, campaign: str, id_: str) -> Run:
        if (campaign, id_) not in self.runs:
            raise NotFound("unknown_run", "there is no such run", "run")
        return self.runs[campaign, id_]

    def state(self, campaign: str, id_: str) -> str:
        return self.runs[campaign, id_].state if (campaign, id_) in self.runs else ""

    def save(self, run: Run) -> None:
        before = self.runs.get((run.campaign, run.id))
        if (before.version if before else 0) != run.version - 1:
            raise Conflict("conflict", "changed meanwhile")
        self.runs[run.campaign, run.id] = run

    def begin(self, run: Run, after: str | None) -> None:
        if self.turns_.get((run.campaign, run.is_forecast)) != after:
            raise Conflict("conflict", "changed meanwhile")
        self.save(run)
        self.turns_[run.campaign, run.is_forecast] = run.id

    def change(self, campaign: str, id_: str, what: Callable[[Run], Run | None]) -> Run:
        run = self.load(campaign, id_)
        after = what(run)
        if after is not None:
            self.save(after)
        return after or run

    def page(self, campaign: str, limit: int, before: str | None, forecasts: bool = False) -> list[Run]:
        found = [run for (name, id_), run in self.runs.items()
                 if name == campaign and run.is_forecast == forecasts and id_ < (before or "~")]
        return sorted(found, key=lambda run: run.id, reverse=True)[:limit]

    def turn(self, campaign: str, forecast: bool = False) -> str | None:
        return self.turns_.get((campaign, forecast))

    def turns(self) -> list[Any]:
        from socle.campaigns.store import Turn
        return [Turn(*key, run) for key, run in self.turns_.items()]

    def end_turn(self, run: Run) -> None:
        if self.turns_.get((run.campaign, run.is_forecast)) == run.id:
            del self.turns_[run.campaign, run.is_forecast]

    def due(self, campaign: str) -> tuple[str, int] | None:
        return self.dues.get(campaign)

    def set_due(self, campaign: str, schedule: str, due: int, before: int | None) -> None:
        if (self.dues[campaign][1] if campaign in self.dues else None) != before:
            raise Conflict("conflict", "changed meanwhile")
        self.dues[campaign] = (schedule, due)


class MemoryFiles:
    """As RunFiles."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def read(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def read_json(self, key: str) -> Any:
        return json.loads(self.objects[key]) if key in self.objects else None

    def write(self, key: str, data: bytes, kind: str = "application/json") -> None:
        self.objects[key] = data

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        return iter(sorted(key for key in self.objects if key.startswith(prefix) and key > after))

    def all(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        return ((key, self.objects[key]) for key in keys if key in self.objects)


class MemoryCounters:
    """As Counters."""

    def __init__(self) -> None:
        self.counts: dict[str, dict[str, int]] = {}

    def load(self, campaign: str, run: str) -> dict[str, dict[str, int]]:
        return self.counts


class World:
    """One campaign, `letter`, and its people. `outcome(profile, variant, now)` is what becomes of somebody at the worker's."""

    def __init__(self, audience: int | Iterable[str] = 10, **document: Any) -> None:
        self.now = NOON
        self.runs, self.files, self.counters = MemoryRuns(), MemoryFiles(), MemoryCounters()
        self.documents: dict[tuple[str, str], Row] = {}
        self.segments = {"readers": sorted(audience if not isinstance(audience, int) else [f"p{n:07}" for n in range(audience)])}
        self.zones: dict[str, str] = {}
        self.sent: dict[str, list[str]] = {}
        """Occurrence → profiles, in the order in which they were sent to."""
        self.moments: dict[str, int] = {}
        self.messages: dict[tuple[str, str], Message] = {}
        self.per_call = 1_000_000
        self.walks: list[Walk] = []
        self.executions: dict[str, str] = {}
        self.started: list[Row] = []
        self.outcome: Callable[[str, str, int], Row] = lambda profile, variant, now: {"o": "sent"}
        self.put("templates", "hello", {"channel": "email"})
        self.put("templates", "other", {"channel": "email"})
        message = {} if "variants" in document else {"template": "hello"}
        self.put("campaigns", "letter", CampaignDocument.model_validate(
            {"segment": "readers", **message, **document}).model_dump(mode="json"))
        self.planner = Planner(self.runs, self.files, self, self, self, self,  # type: ignore[arg-type]
                               lambda name: {"name": name, "document": self.documents["templates", name]})
        self.steps = Steps(self.runs, self.files, self.counters, self.planner)  # type: ignore[arg-type]
        self.start_with = Executions(self.runs, self)  # type: ignore[arg-type]
        self.campaigns = Campaigns(self.runs, self, self.start_with)  # type: ignore[arg-type]
        self.due = Due(self.runs, self, self.start_with, self.campaigns)  # type: ignore[arg-type]
        self.answers = Answers(self.runs, self.files, self.counters, self, self, self)  # type: ignore[arg-type]

    def put(self, kind: str, name: str, document: Row) -> None:
        self.documents[kind, name] = document

    # What the services ask for.
    def current(self, kind: str, name: str) -> Definition | None:
        found = self.documents.get((kind, name))
        return Definition(kind, name, 1, found, 0, 0) if found is not None else None

    def members(self, segment: str, limit: int, shard: int = 0, after: str = "") -> Any:
        places = sorted((shard_of(one), one) for one in self.segments[segment])
        found = [one for one in places if one > (shard, after)][:limit]
        more = found[-1] if len(found) == limit else None
        return [Membership(segment, one, (Move(1, 1, True),)) for _, one in found], more

    def load(self, names: Any, fresh: bool = True) -> Any:
        names = list(names)
        if names and isinstance(names[0], tuple):
            return {name: self.messages[name] for name in names if name in self.messages}
        return {name: Aggregate(name, snapshot=Snapshot({}, {"timezone": Register(1, 1, self.zones[name])}))
                for name in names if name in self.zones}

    # The workflow.
    def start(self, name: str, document: Row) -> None:
        if name not in self.executions:
            self.executions[name] = "running"
            self.started.append({"name": name, **document})

    def stop(self, name: str, reason: str) -> None:
        if self.executions.get(name) == "running":
            self.executions[name] = "aborted"

    def state(self, name: str) -> str | None:
        return self.executions.get(name)

    def launch(self) -> Run:
        return self.campaigns.launch("letter", "chance00", self.now)

    def work(self, until: int | None = None, functions: Any = None) -> Run:
        """As `go`; the newest run."""
        self.go(until, functions)
        return self.runs.page("letter", 1, None)[0]

    def go(self, until: int | None = None, functions: Any = None) -> None:
        """Let all executions that were started come to their ends; the clock goes as far as they wait, or to `until`."""
        while self.started:
            given = self.started.pop(0)
            walk = Walk(functions or {"RunCampaign": self.run_campaign, "SendCampaign": self.send_campaign}, self.wait_for(until))
            self.walks.append(walk)
            try:
                walk.run({name: given[name] for name in ("campaign", "run", "attempt")})
                self.executions[given["name"]] = "succeeded"
            except Failed:
                self.executions[given["name"]] = "failed"
            except Asleep:
                pass

    def wait_for(self, until: int | None) -> Callable[[str], None]:
        def wait(text: str) -> None:
            moment = from_iso(text)
            if until is not None and moment > until:
                self.now = max(self.now, until)
                raise Asleep
            self.now = max(self.now, moment)
        return wait

    def run_campaign(self, event: Row) -> Row:
        campaign, run, attempt = event["campaign"], event["run"], event["attempt"]
        try:
            if event["step"] in ("plan", "next"):
                return {"until": None, **self.steps.following(campaign, run, attempt, event.get("results", ()), self.now)}
            if event["step"] == "finish":
                return self.steps.finish(campaign, run, attempt, self.now)
            self.steps.give_up(campaign, run, attempt, self.now)
        except Rejected as error:
            self.steps.remember(campaign, run, error)
            raise
        return {}

    def send_campaign(self, event: Row) -> Row:
        run = self.runs.load(event["campaign"], event["run"])
        people = list(unpack(self.files.objects[chunk_key(run.campaign, run.id, event["chunk"])]))
        position, rows = event["position"], []
        while position < len(people) and len(rows) < self.per_call and (
                run.is_forecast or self.runs.state(run.campaign, run.id) == RUNNING):
            profile, variant = people[position]
            rows.append(self._send(run, profile, variant))
            position += 1
        if rows:
            self.files.write(outcome_key(run.campaign, run.id, event["chunk"], event["position"]),
                             gzip.compress("\n".join(map(json.dumps, rows)).encode()))
        return {**event, "position": position, "done": position == len(people), "stopped": False}

    def _send(self, run: Run, profile: str, variant: str) -> Row:
        known = self.sent.setdefault(run.occurrence, [])
        row = {"p": profile, "v": variant, **self.outcome(profile, variant, self.now)}
        if profile in known:
            row = {"p": profile, "v": variant, "o": "sent"}  # as the ledger says
        elif row["o"] == "sent":
            known.append(profile)
            self.moments[profile] = self.now
            key = message_key("campaign/letter", run.occurrence)
            self.messages[profile, key] = Message(profile, key, 1, SENT, self.now, ("user_id", profile), "email", "", run=run.id)
        return {name: value for name, value in row.items() if value != ""}

    def shown(self, run: Run) -> Row:
        return self.answers.show("letter", run.id)


class Asleep(Exception):
    """The execution waits for a time that the test does not reach."""
