"""How a journey stands and where its people are, for whoever asks: figures, people inside, people who stopped, one person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from socle.definitions.model import Definition
from socle.errors import NotFound, Rejected
from socle.iso import to_iso
from socle.journeys.diagram.drawing import draw
from socle.journeys.figures import Counts, Figures, figures, totals
from socle.journeys.items import SHARDS
from socle.journeys.model.document import KIND, JourneyDocument
from socle.journeys.model.entry import Entry
from socle.journeys.model.release import Release
from socle.journeys.model.row import Inside, Parked, Row
from socle.journeys.model.steps import Send
from socle.journeys.position import view
from socle.journeys.results import report

SAMPLE = 2_000
"""People whose places are looked at for the figures: entries lie in the order of their ids, which are hashes, so that the first
ones are a random part of all."""
Shown = dict[str, Any]
TEMPLATES = "templates"


class Releases(Protocol):
    """What was published."""

    def of(self, name: str) -> list[Release]: ...


class Definitions(Protocol):
    """What is written."""

    def current(self, kind: str, name: str) -> Definition | None: ...
    def version(self, kind: str, name: str, version: int) -> Definition | None: ...


class Entries(Protocol):
    """EntryStore says what each does."""

    def people(self, journey: str, shard: int, after: str = "", limit: int = 1_000) -> list[Inside]: ...
    def parked(self, journey: str, after: str = "", limit: int = 1_000) -> list[Parked]: ...
    def load(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Row]: ...


class Counting(Protocol):
    """What steps count."""

    def read(self, journey: str, version: int) -> dict[tuple[str, str], int]: ...


class Sampled(NamedTuple):
    """Who was looked at: version → step → people, and whether these are all."""

    where: Mapping[int, Mapping[str, int]]
    people: int
    exact: bool


class Answers:
    """Looks only. Raises NotFound for a journey that there is not, or that was never published."""

    def __init__(self, releases: Releases, definitions: Definitions, entries: Entries, counters: Counting) -> None:
        self._releases = releases
        self._definitions = definitions
        self._entries = entries
        self._counters = counters

    def released(self, name: str) -> list[Release]:
        """The releases of a journey, newest first."""
        found = self._releases.of(name)
        if found:
            return found
        if self._definitions.current(KIND, name) is None:
            raise NotFound("unknown_definition", f"there is no journeys/{name}: GET /api/journeys lists what there is", "name")
        raise NotFound("not_published", f"{name} was never published: POST /api/journeys/{name}/publish", "name")

    def state(self, name: str, version: int | None, now: int) -> Shown:
        """How a journey stands, step by step, in its current version or the one that is named."""
        releases = self.released(name)
        release = _named(releases, version)
        sampled = self._sampled(name, releases, now)
        counted = {one.version: self._counters.read(name, one.version) for one in releases}
        mine = _figures(release, counted[release.version], sampled)
        return {
            "journey": name, "state": release.state, "version": release.version, "published": to_iso(release.at),
            "as_of": to_iso(now), **_shown(mine), "inside_is_exact": sampled.exact, "looked_at": sampled.people,
            "steps": _steps(release, mine),
            "versions": [{"version": one.version, "published": to_iso(one.at), "current": one.current,
                          **_shown(totals(counted[one.version]))} for one in releases]}

    def people(self, name: str, step: str | None, state: str | None, limit: int, place: str | None,
               now: int) -> tuple[list[Shown], str | None]:
        """Up to `limit` people inside from a place on, and the place after them. There may be fewer, even none, before the last
        page. Raises Rejected for a place that is none, and for a step that no version has."""
        releases = self.released(name)
        if step is not None and not any(one["name"] == step for release in releases for one in release.document["steps"]):
            raise Rejected("unknown_step", f"no version has a step {step!r}: GET /api/journeys/{name}/state lists them", "step")
        shard, after = _read_place(place)
        while shard < SHARDS:
            found = self._entries.people(name, shard, after, limit)
            shown = [one for one in self._shown(name, releases, found, now)
                     if step in (None, one["step"]) and state in (None, one["state"])]
            if len(found) == limit:
                return shown, f"{shard}.{found[-1].entry}"
            shard, after = shard + 1, ""
            if shown:
                return shown, f"{shard}." if shard < SHARDS else None
        return [], None

    def parked(self, name: str, limit: int, after: str | None) -> tuple[list[Shown], str | None]:
        """Up to `limit` people who stopped at a step until an operator lets them go on, and the place after them."""
        self.released(name)
        found = self._entries.parked(name, after or "", limit)
        items = []
        for one in found:
            why, _, code = one.why.partition(": ")
            said, command = ("It failed", "redrive") if why == "failed" else ("The journey was paused", "resume")
            items.append({"profile": one.part, "entry": one.entry, "version": one.version, "step": one.step, "round": one.round,
                          "why": why, "code": code or None, "at": to_iso(one.at),
                          "says": f"{said}: POST /api/journeys/{name}/{command} lets them go on."})
        return items, found[-1].entry if len(found) == limit else None

    def report(self, name: str, messages: Mapping[str, Mapping[str, int]], now: int) -> Shown:
        """What a journey comes to, all versions together; messages: step → what → how many, as the lake has them."""
        releases = self.released(name)
        seen = [(_document(one), figures(_document(one), self._counters.read(name, one.version))) for one in releases]
        templates = {template for document, _ in seen for step in document.steps if isinstance(step, Send)
                     for template in step.templates}
        written = {template: self._definitions.current(TEMPLATES, template) for template in sorted(templates)}
        channels = {template: str(found.document["channel"]) for template, found in written.items() if found is not None}
        return {"journey": name, "state": releases[0].state, "as_of": to_iso(now), "versions": [one.version for one in releases],
                **report(seen, channels, messages)}

    def diagram(self, name: str, version: int | None, now: int) -> str:
        """The journey as SVG: as published, with its figures, or as it is written while it was not published."""
        releases = self._releases.of(name)
        release = next((one for one in releases if one.version == version or (version is None and one.current)), None)
        if release is not None:
            seen = _figures(release, self._counters.read(name, release.version), self._sampled(name, releases, now))
            return draw(name, _document(release), f"version {release.version}, {release.state}", seen)
        written = self._definitions.current(KIND, name) if version is None else self._definitions.version(KIND, name, version)
        if written is None or written.deleted:
            raise NotFound("unknown_definition", f"there is no journeys/{name}"
                           + (f" of version {version}" if version else "") + ": GET /api/journeys lists what there is", "name")
        return draw(name, JourneyDocument.model_validate(written.document), f"version {written.version}, not published")

    def _sampled(self, name: str, releases: list[Release], now: int) -> Sampled:
        found, exact = [], True
        for shard in range(SHARDS):
            some = self._entries.people(name, shard, "", SAMPLE // SHARDS)
            exact = exact and len(some) < SAMPLE // SHARDS
            found += some
        where: dict[int, Counter[str]] = {}
        for one in self._shown(name, releases, found, now):
            where.setdefault(one["version"], Counter())[one["step"]] += 1
        return Sampled(where, sum(sum(steps.values()) for steps in where.values()), exact)

    def _shown(self, name: str, releases: list[Release], people: list[Inside], now: int) -> list[Shown]:
        met = {one.version for one in people}
        documents = {one.version: _document(one) for one in releases if one.version in met}
        states = {one.version: one.state for one in releases}
        rows = self._entries.load([(one.part, one.entry) for one in people])
        found = []
        for one in people:
            row = rows.get((one.part, one.entry))
            if row is None or one.version not in documents:
                continue  # erased meanwhile, or a version that is gone
            entry = Entry(one.entry, name, one.version, "", row.at, "", one.part, (row.at, ""))
            seen = view(documents[one.version], entry, row, now, states[one.version])
            here = seen["at"]
            found.append({"profile": one.part, "entry": one.entry, "version": one.version, "entered": seen["entered"],
                          **{key: here[key] for key in ("step", "state", "since", "until", "says")}})
        return found


def _named(releases: list[Release], version: int | None) -> Release:
    for one in releases:
        if one.version == version or (version is None and one.current):
            return one
    raise NotFound("unknown_version", f"version {version} was not published: those that were are "
                   + ", ".join(str(one.version) for one in releases), "version")


def _document(release: Release) -> JourneyDocument:
    return JourneyDocument.model_validate(release.document)


def _figures(release: Release, counts: Counts, sampled: Sampled) -> Figures:
    """With who is in which step: of a sample, as many as there would be among all."""
    whole = totals(counts)
    where = sampled.where.get(release.version, {})
    if not sampled.exact and where:
        share = max(whole.inside, sum(where.values())) / sum(where.values())
        where = {step: round(people * share) for step, people in where.items()}
    return figures(_document(release), counts, where)


def _shown(seen: Figures) -> Shown:
    return {"entered": seen.entered, "inside": seen.inside, "held_out": seen.holdout, "ended": dict(seen.ended),
            "goal": seen.goal}


def _steps(release: Release, seen: Figures) -> list[Shown]:
    found = []
    for step in _document(release).steps:
        one = seen.steps[step.name]
        share = None if one.came is None or not seen.entered else round(one.came / seen.entered, 4)
        found.append({"step": step.name, "type": step.type, "came": one.came, "share": share, "inside": one.inside,
                      "went": {way or "next": many for way, many in one.went.items()}, "left": one.left,
                      "skipped": one.skipped, "outcomes": dict(one.outcomes)})
    return found


def _read_place(place: str | None) -> tuple[int, str]:
    if place is None:
        return 0, ""
    shard, dot, after = place.partition(".")
    if not (shard.isdecimal() and int(shard) < SHARDS and dot):
        raise Rejected("bad_cursor", "this cursor is not from this list: begin without one", "cursor")
    return int(shard), after
