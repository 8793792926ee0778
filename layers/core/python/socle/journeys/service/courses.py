"""The releases that people are in, ready to be run, kept while a function is warm."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from socle.clock import SECOND
from socle.journeys.graph import Edges, backward, edges
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.release import Release

FRESH = 5 * SECOND
"""Ms that what is known of a journey is used: a pause reaches everybody within that time."""


class Releases(Protocol):
    """Where they are kept (socle.releases.store)."""

    def of(self, name: str) -> list[Release]: ...


class Running(NamedTuple):
    """A release with its document read; `edges` and `back` are of its graph."""

    release: Release
    document: JourneyDocument
    edges: Edges
    back: frozenset[tuple[str, str]]

    def follows(self, step: str, way: str, round_: int) -> tuple[str, int]:
        """(the step that follows, the round in which it does)."""
        return self.edges[step][way], round_ + ((step, way) in self.back)


class Courses:
    """`plans` reads what a release froze; `clock` answers epoch ms. Raises Unavailable in an outage."""

    def __init__(self, releases: Releases, plans: Callable[[str], Mapping[str, Any]], clock: Callable[[], int]) -> None:
        self._releases = releases
        self._read = plans
        self._clock = clock
        self._known: dict[str, tuple[int, Sequence[Running]]] = {}
        self._running: dict[tuple[str, int, int], Running] = {}
        self._plans: dict[str, Mapping[str, Any]] = {}

    def find(self, journey: str, version: int, entered: int | None = None) -> Running | None:
        """A release; None when there is none (any more).

        entered  of somebody, epoch ms: what lets them in may have happened since it was read, a publication or a journey that
                 runs again; whoever would be out for that is out only by what is read now
        """
        for is_last in (False, True):
            found = next((one for one in self._of(journey) if one.release.version == version), None)
            is_out = found is None or (entered is not None and found.release.stopped < entered and found.release.ejects(entered))
            if is_last or not is_out:
                break
            self.forget(journey)
        return found

    def current(self, journey: str) -> Running | None:
        """The release that is entered now."""
        return next((one for one in self._of(journey) if one.release.current), None)

    def forget(self, journey: str) -> None:
        """Read it anew next time."""
        self._known.pop(journey, None)

    def plan(self, release: Release) -> Mapping[str, Any]:
        """`{"document", "templates": {name: frozen}, "topics": {name: document}}`."""
        if release.plan not in self._plans:
            if len(self._plans) >= 50:
                self._plans.clear()
            self._plans[release.plan] = self._read(release.plan)
        return self._plans[release.plan]

    def _of(self, journey: str) -> Sequence[Running]:
        now = self._clock()
        until, found = self._known.get(journey, (0, ()))
        if now >= until:
            found = [self._opened(one) for one in self._releases.of(journey)]
            self._known[journey] = (now + FRESH, found)
        return found

    def _opened(self, release: Release) -> Running:
        name = (release.name, release.version, release.at)
        before = self._running.get(name)
        if before is None:
            document = JourneyDocument.model_validate(release.document)
            ways = edges(document)
            before = self._running[name] = Running(release, document, ways, frozenset(backward(ways, document.steps[0].name)))
        return before._replace(release=release)
