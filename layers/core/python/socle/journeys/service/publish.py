"""Publish a journey, and let it pause, go on or stop: freeze, make its state machine, write the release; wake who is parked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

from socle.clock import DAY
from socle.definitions.model import Definition
from socle.errors import NotFound, Rejected
from socle.iso import to_iso
from socle.journeys.compile.machine import compile_journey
from socle.journeys.compile.names import machine_name
from socle.journeys.model.document import KIND, JourneyDocument
from socle.journeys.model.release import HELD, LIVE, PAUSED, STOPPED, Release
from socle.journeys.model.row import Inside, Parked, Row
from socle.journeys.model.steps import Send
from socle.releases.store import Standing

SHARDS = 8
PAUSE = "paused"
"""Why somebody is parked whom an operator holds; who is parked otherwise has failed."""
AT_ONCE = 2_000
"""People whom one call wakes."""
KEPT = 2 * DAY
"""Ms for which the machine of a release stays after the next one: by then whoever entered it has been started."""
_THREADS = 16


class Definitions(Protocol):
    """Where documents come from."""

    def current(self, kind: str, name: str) -> Definition | None: ...


class Releases(Protocol):
    """ReleaseStore says what each does."""

    def standing(self, name: str) -> Standing: ...
    def load(self, name: str, version: int) -> Release | None: ...
    def of(self, name: str) -> list[Release]: ...
    def publish(self, release: Release, before: Standing) -> Standing: ...
    def change(self, name: str, what: Callable[[Standing], Standing]) -> Standing: ...
    def retire(self, release: Release) -> None: ...


class Plans(Protocol):
    """What releases freeze."""

    def write(self, name: str, version: int, plan: Mapping[str, Any]) -> str: ...


class Machines(Protocol):
    """State machines, and the tokens of those who wait in them."""

    def write(self, name: str, definition: Mapping[str, Any]) -> str: ...
    def delete(self, machine: str) -> None: ...
    def wake(self, token: str) -> bool: ...


class Entries(Protocol):
    """Who is inside, and who is parked."""

    def people(self, journey: str, shard: int, after: str = "", limit: int = 1_000) -> list[Inside]: ...
    def parked(self, journey: str, after: str = "", limit: int = 1_000) -> list[Parked]: ...
    def load(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Row]: ...
    def unpark(self, journey: str, one: Parked) -> None: ...


class Published(NamedTuple):
    """How a journey stands after a command.

    woken     people who were parked and go on
    left      whether there are more of them: give the command again
    warnings  what is odd about the document, as {"field", "message"}
    """

    journey: str
    version: int
    state: str
    at: int
    woken: int = 0
    left: bool = False
    warnings: tuple[dict[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {**self._asdict(), "at": to_iso(self.at), "warnings": list(self.warnings)}


class Publishing:
    """Commands to journeys. Each may be given again.

    check     what is odd about a document among the others; Rejected for what can't run
    freeze    a template with all that it is made of, JSON-ready
    prefix    what names of state machines begin with; function: ARN of run_journey_step
    """

    def __init__(self, definitions: Definitions, releases: Releases, plans: Plans, machines: Machines, entries: Entries, *,
                 check: Callable[[str, dict[str, Any]], list[dict[str, str]]], freeze: Callable[[str], dict[str, Any]],
                 prefix: str, function: str) -> None:
        self._definitions = definitions
        self._releases = releases
        self._plans = plans
        self._machines = machines
        self._entries = entries
        self._check = check
        self._freeze = freeze
        self._prefix = prefix
        self._function = function

    def publish(self, name: str, now: int) -> Published:
        """Make the current document what people enter from now on. A journey that is paused or held stays so; one that was
        stopped runs again. Publishing the same document again takes its templates as they are now.

        Raises NotFound, Rejected for what can't run, Conflict when somebody else publishes it too.
        """
        found = self._definition(name)
        warnings = self._check(name, found.document)
        document = JourneyDocument.model_validate(found.document)
        standing = self._releases.standing(name)
        known = self._releases.load(name, found.version)
        frozen = self._plan(document)
        check_senders(document, frozen)
        plan = self._plans.write(name, found.version, frozen)
        machine = self._machines.write(machine_name(self._prefix, name, found.version), compile_journey(document, self._function))
        state = standing.state if standing.version and standing.state != STOPPED else LIVE
        at = known.at if known and known.version == standing.version else now
        release = Release(name, found.version, found.document, machine, at, True, state, plan, standing.stopped)
        if release != known:
            self._releases.publish(release, standing)
        self._clean(name, now)
        return Published(name, found.version, state, at, warnings=tuple(warnings))

    def pause(self, name: str, hold: bool, now: int) -> Published:
        """Let nobody enter; with `hold` those who are inside stop at their next step. Raises NotFound, Rejected."""
        done = self._change(name, HELD if hold else PAUSED, now)
        return done if hold else self._wake(done, lambda one: one.why == PAUSE)

    def resume(self, name: str, now: int) -> Published:
        """Let people enter and go on. Raises NotFound, Rejected."""
        return self._wake(self._change(name, LIVE, now), lambda one: one.why == PAUSE)

    def stop(self, name: str, now: int) -> Published:
        """Let nobody enter, and those who are inside are out at their next step. Raises NotFound."""
        return self._wake(self._change(name, STOPPED, now), lambda one: True)

    def redrive(self, name: str, now: int) -> Published:
        """Let those try their step again for whom it failed. Raises NotFound."""
        return self._wake(self._standing(name, self._releases.standing(name)), lambda one: one.why != PAUSE)

    def follow(self, name: str, now: int) -> None:
        """After its definition was written or deleted: nobody enters a journey that is gone."""
        if self._definitions.current(KIND, name) is None and self._releases.standing(name).version:
            self.stop(name, now)

    def bound(self, name: str) -> str | None:
        """An entry of somebody for whom something may still follow; None when there is nobody, or it was stopped."""
        standing = self._releases.standing(name)
        return None if not standing.version or standing.state == STOPPED else self.inside(name)

    def inside(self, name: str, version: int | None = None) -> str | None:
        """An entry of somebody who is inside, of that release if one is named; None when nobody is."""
        for shard in range(SHARDS):
            after = ""
            while people := self._entries.people(name, shard, after):
                found = next((one.entry for one in people if version in (None, one.version)), None)
                if found is not None:
                    return found
                after = people[-1].entry
        return None

    def _change(self, name: str, state: str, now: int) -> Published:
        def changed(before: Standing) -> Standing:
            if not before.version:
                raise _never(name)
            if before.state == STOPPED and state != STOPPED:
                raise Rejected("journey_stopped", f"it was stopped: POST /api/journeys/{name}/publish lets it run again", "name",
                               status=409)
            stopped = now if state == STOPPED and before.state != STOPPED else before.stopped
            return before._replace(state=state, stopped=stopped)

        return self._standing(name, self._releases.change(name, changed))

    def _standing(self, name: str, standing: Standing) -> Published:
        release = self._releases.load(name, standing.version) if standing.version else None
        if release is None:
            raise _never(name)
        return Published(name, standing.version, standing.state, release.at)

    def _wake(self, done: Published, is_meant: Callable[[Parked], bool]) -> Published:
        meant: list[Parked] = []
        after = ""
        while len(meant) <= AT_ONCE and (page := self._entries.parked(done.journey, after)):
            meant += filter(is_meant, page)
            after = page[-1].entry
        rows = self._entries.load((one.part, one.entry) for one in meant[:AT_ONCE])
        with ThreadPoolExecutor(_THREADS) as threads:
            woken = sum(threads.map(lambda one: self._wake_one(done.journey, one, rows), meant[:AT_ONCE]))
        return done._replace(woken=woken, left=len(meant) > AT_ONCE)

    def _wake_one(self, journey: str, one: Parked, rows: Mapping[tuple[str, str], Row]) -> bool:
        row = rows.get((one.part, one.entry))
        token = row.parks.get((one.step, one.round)) if row else None
        woken = token is not None and self._machines.wake(token)
        self._entries.unpark(journey, one)
        return woken

    def _clean(self, name: str, now: int) -> None:
        """Remove the machines of former releases that nobody is in any more."""
        newer: Release | None = None
        for release in self._releases.of(name):
            gone = newer is not None and release.machine and newer.at < now - KEPT
            if gone and self.inside(name, release.version) is None:
                self._machines.delete(release.machine)
                self._releases.retire(release)
            newer = release

    def _plan(self, document: JourneyDocument) -> dict[str, Any]:
        sends = [step for step in document.steps if isinstance(step, Send)]
        templates = sorted({template for step in sends for template in step.templates})
        topics = sorted({topic for step in sends for topic in (step.topic or document.topic,) if topic})
        return {"document": document.model_dump(mode="json"), "templates": {one: self._freeze(one) for one in templates},
                "topics": {one: self._definition(one, "topics").document for one in topics}}

    def _definition(self, name: str, kind: str = KIND) -> Definition:
        found = self._definitions.current(kind, name)
        if found is None:
            raise NotFound(f"unknown_{kind[:-1]}", f"there is no {kind}/{name}: PUT /api/{kind}/{name} first", "name")
        return found


def check_senders(document: JourneyDocument, plan: Mapping[str, Any]) -> None:
    """Every e-mail is sent in somebody's name: the template's, its topic's, or the brand's. Raises Rejected(`no_sender`)."""
    for place, step in enumerate(document.steps):
        if not isinstance(step, Send):
            continue
        topic = plan["topics"].get(step.topic or document.topic, {})
        for index, name in enumerate(step.templates):
            template = plan["templates"][name]
            senders = (template["document"].get("sender"), topic.get("sender"), template["brand"].get("sender"))
            if template["document"]["channel"] == "email" and not any(senders):
                raise Rejected("no_sender", "nobody says in whose name it is sent: give the brand a sender (PUT "
                               "/api/brand/default), or the topic, or the template",
                               f"steps.{place}.template" if step.template else f"steps.{place}.best_of.{index}")


def _never(name: str) -> NotFound:
    return NotFound("not_published", f"it was never published: POST /api/journeys/{name}/publish first", "name")
