"""Surveys: every profile looked at, part by part, for its quality or for what a clean-up rule would change.

plan, then the parts (any of them may be done again, at the same time as the others), then the sum. A clean-up decides first
and keeps what it decided; only then does it send, so a part that is done again sends the same events again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from socle.errors import Conflict, NotFound, Rejected
from socle.events.group import records
from socle.events.model import Event
from socle.profiles.model import Aggregate
from socle.profiles.service import Profiles
from socle.profiles.store import ProfileStore
from socle.quality.assess import Normalise, assess, is_known, values_of
from socle.quality.cleanup import CleanupRule, changes, cleanup_event, undoing
from socle.quality.model import QualityRulesDocument
from socle.quality.report import assessment_view, report, with_trend
from socle.quality.sources import conflicts, said_by_source
from socle.quality.store import QualityStore
from socle.quality.tally import Tally

SEGMENTS = 16
"""Parts of a survey. One looks at some 4,500 profiles a second: 60 million people in all before 15 minutes are over."""
CHUNK = 5_000
"""Events that are kept, and sent, together."""
SAMPLE = 10
"""Changes that the sum shows."""
_MANY_BYTES = 1 << 30
_ATTEMPTS = 5
WHOLE = 1 << 30
"""Events in one page of a timeline: all of them."""


class Asked(BaseModel):
    """The input of a run: nothing for a survey, a rule for a clean-up, the name of a clean-up to undo."""

    model_config = ConfigDict(extra="forbid")

    cleanup: CleanupRule | None = None
    dry_run: bool = True
    undo: str | None = None


class Scanned(Protocol):
    """Profiles, part by part."""

    def scan(self, segment: int, segments: int) -> Iterator[Aggregate]: ...


class Stream(Protocol):
    """Takes records for good; Unavailable when it cannot."""

    def put(self, records: Any) -> None: ...


class Survey:
    """Does the steps of a run. `sources` answers what each source sent, `duplicates` profile → its open near-duplicates, or None
    when nobody has looked for any."""

    def __init__(self, store: QualityStore, profiles: Scanned, stream: Stream, rules: Callable[[], QualityRulesDocument],
                 normalise: Normalise, sources: Callable[[], Mapping[str, Mapping[str, int]]] = dict,
                 duplicates: Callable[[], Mapping[str, int] | None] = lambda: None) -> None:
        self._store = store
        self._profiles = profiles
        self._stream = stream
        self._rules = rules
        self._normalise = normalise
        self._sources = sources
        self._duplicates = duplicates

    def plan(self, run: str, asked: Mapping[str, Any], now: int) -> dict[str, Any]:
        """Freeze what the run is about. Answers the numbers of its parts. Raises Rejected for an input that says nothing."""
        if plan := self._store.load(run, "plan"):
            return {"segments": list(range(plan["segments"]))}
        try:
            checked = Asked.model_validate(asked)
        except ValidationError as error:
            raise Rejected("invalid", f"the input of the run: {error.errors()[0]['msg']}", "input") from error
        if checked.undo is not None and not (self._store.load(checked.undo, "plan") or {}).get("cleanup"):
            raise Rejected("nothing_to_undo", "this run cleaned nothing up, or is too long ago", "undo")
        self._store.save(run, "duplicates", self._duplicates())
        self._store.save(run, "plan", {**checked.model_dump(mode="json"), "rules": self._rules().model_dump(mode="json"),
                                       "now": now, "segments": SEGMENTS})
        return {"segments": list(range(SEGMENTS))}

    def part(self, run: str, segment: int) -> None:
        """Do one part and keep what it came to; what was decided in an earlier try stays decided."""
        plan = self._store.load(run, "plan")
        if plan["undo"]:
            self._undo(run, plan["undo"], segment)
        elif plan["cleanup"]:
            if self._store.load(run, str(segment)) is None:
                self._decide(run, plan, segment)
            if not plan["dry_run"]:
                for number in range(self._store.load(run, str(segment))["chunks"]):
                    self._send(self._store.load_events(run, f"{segment}-{number}"))
        else:
            self._tally(run, plan, segment)

    def add_up(self, run: str) -> dict[str, Any]:
        """What all parts came to, which becomes the newest survey unless it was a clean-up."""
        plan = self._store.load(run, "plan")
        parts = [self._store.load(run, str(segment)) for segment in range(plan["segments"])]
        document = _counted(plan, parts) if plan["cleanup"] or plan["undo"] else self._newest(run, plan, parts)
        self._store.save(run, "sum", document)
        return {name: document[name] for name in ("people", "score", "changed") if name in document}

    def _tally(self, run: str, plan: Mapping[str, Any], segment: int) -> None:
        rules, tally = QualityRulesDocument.model_validate(plan["rules"]), Tally()
        duplicates = self._store.load(run, "duplicates")
        for aggregate in self._profiles.scan(segment, plan["segments"]):
            traits = values_of(aggregate.snapshot)
            if not is_known(aggregate.snapshot):
                tally.leave_out(traits)
                continue
            found = assess(aggregate.snapshot, rules, plan["now"], self._normalise,
                           duplicates=None if duplicates is None else duplicates.get(aggregate.id, 0))
            tally.add(found, traits)
        self._store.save(run, str(segment), tally.to_json())

    def _newest(self, run: str, plan: Mapping[str, Any], parts: list[Any]) -> dict[str, Any]:
        total = Tally()
        for part in parts:
            total.merge(Tally.from_json(part))
        document = report(total, QualityRulesDocument.model_validate(plan["rules"]), plan["now"], run, self._sources())
        for attempt in range(_ATTEMPTS):
            previous, etag = self._store.latest()
            try:
                self._store.save_survey(document, with_trend(document, previous), etag)
                break
            except Conflict:
                if attempt + 1 == _ATTEMPTS:
                    raise
        return document

    def _decide(self, run: str, plan: Mapping[str, Any], segment: int) -> None:
        rule, people, found = CleanupRule.model_validate(plan["cleanup"]), 0, 0
        sample: list[dict[str, Any]] = []
        touched: set[str] = set()

        def events() -> Iterator[Event]:
            nonlocal people, found
            for aggregate in self._profiles.scan(segment, plan["segments"]):
                people += 1
                for change in changes(aggregate.id, aggregate.snapshot, rule, plan["now"], self._normalise):
                    found += 1
                    touched.add(change.profile)
                    if len(sample) < SAMPLE:
                        sample.append({"profile": change.profile, "trait": change.trait, "before": change.before,
                                       "after": change.after})
                    yield cleanup_event(change, rule, run, plan["now"])

        decided, chunks = events(), 0
        while chunk := list(islice(decided, CHUNK)):
            if not plan["dry_run"]:
                self._store.save_events(run, f"{segment}-{chunks}", chunk)
            chunks += 1
        self._store.save(run, str(segment), {"people": people, "changed": found, "profiles": len(touched), "sample": sample,
                                             "chunks": 0 if plan["dry_run"] else chunks})

    def _undo(self, run: str, undone: str, segment: int) -> None:
        done = self._store.load(undone, str(segment)) or {"chunks": 0, "people": 0, "changed": 0, "profiles": 0}
        for number in range(done["chunks"]):
            self._send([undoing(event, run) for event in self._store.load_events(undone, f"{segment}-{number}")])
        self._store.save(run, str(segment), {**done, "sample": []} if done["chunks"] else
                         {"people": done["people"], "changed": 0, "profiles": 0, "sample": [], "chunks": 0})

    def _send(self, events: list[Event]) -> None:
        self._stream.put(records(events, [], _MANY_BYTES))


def _counted(plan: Mapping[str, Any], parts: list[Any]) -> dict[str, Any]:
    totals = {name: sum(part[name] for part in parts) for name in ("people", "changed", "profiles")}
    return {"cleanup": plan["cleanup"], "undo": plan["undo"], "dry_run": plan["dry_run"], **totals,
            "sample": [change for part in parts for change in part["sample"]][:SAMPLE]}


class ProfileQuality:
    """The quality of one profile, by its whole history. `duplicates` answers how many open near-duplicates it has."""

    def __init__(self, store: ProfileStore, profiles: Profiles, rules: Callable[[], QualityRulesDocument], normalise: Normalise,
                 duplicates: Callable[[str], int | None] = lambda _profile: None) -> None:
        self._store = store
        self._profiles = profiles
        self._rules = rules
        self._normalise = normalise
        self._duplicates = duplicates

    def read(self, profile: str, now: int) -> dict[str, Any]:
        """Score, reasons, fields and sources. Raises NotFound."""
        items = self._profiles.timeline(profile, WHOLE, event="$identify")["items"]
        survivor, rules = self._profiles.read(profile)["id"], self._rules()
        root = self._store.load([survivor])[survivor]
        said = said_by_source(items, rules.fields, self._normalise)
        found = assess(root.snapshot, rules, now, self._normalise, conflicts(said), self._duplicates(root.id))
        return assessment_view(root.id, found, said)


class Runs(Protocol):
    """Starts runs."""

    def start(self, run: str, asked: dict[str, Any]) -> None: ...

    def state(self, run: str) -> str | None: ...


class Quality:
    """Quality for readers, and the way to start a run."""

    def __init__(self, store: QualityStore, runs: Runs) -> None:
        self._store = store
        self._runs = runs

    def overview(self, days: int) -> dict[str, Any]:
        """The newest survey with the trend of the last `days` days in which there was one. Raises NotFound before the first."""
        found, _ = self._store.latest()
        if found is None:
            raise NotFound("no_survey", "nothing was surveyed yet: POST /api/quality/run, or wait for the next morning")
        return {**found, "trend": found["trend"][-days:]}

    def start(self, run: str, asked: Asked) -> dict[str, Any]:
        """Start a run under the name `run`. What it answers is not asked for: a run may be unknown for a moment."""
        if asked.undo is not None:
            self._check_undo(asked.undo)
        self._runs.start(run, asked.model_dump(mode="json", exclude_none=True))
        return {"run": run, "state": "running", "result": None}

    def read(self, run: str) -> dict[str, Any]:
        """`{"run", "state", "result"}`, the result None until it succeeded. Raises NotFound."""
        state = self._runs.state(run)
        if state is None:
            raise NotFound("unknown_run", "there is no such run: POST /api/quality/run starts one", "run")
        result = self._store.load(run, "sum") if state == "succeeded" else None
        return {"run": run, "state": state, "result": result}

    def _check_undo(self, run: str) -> None:
        plan = self._store.load(run, "plan")
        if plan is None or not plan["cleanup"]:
            raise NotFound("unknown_run", "there is no such clean-up, or it is too long ago to be undone", "run")
        if plan["dry_run"]:
            raise Rejected("nothing_to_undo", "this was a dry run: it changed nothing", "run")
        if self._runs.state(run) == "running":
            raise Conflict("still_running", "this clean-up still runs: undo it when it is done")
