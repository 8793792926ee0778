"""Ask the members of a segment into a journey when its schedule is due, page by page, over as many calls as that takes.

A page is asked before it is noted that it was: after a crash in between it is asked again, by the very same events (same time,
same message id), and a person has each event once. So it is also when two calls overlap, or people are merged meanwhile.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from socle.cohorts.model import Timetable
from socle.cohorts.timetable import looked_at
from socle.consent.service.people import Stream, put
from socle.errors import SocleError
from socle.identity.service.join import load_roots
from socle.journeys.model.release import Release
from socle.journeys.requests import SCHEDULE, occasion_id, requested_event
from socle.messages.service.people import known_by
from socle.profiles.store import ProfileStore
from socle.segments.membership import Membership

PAGE = 500
"""People asked at once: what one call puts on the stream."""


class Releases(Protocol):
    """What is published."""

    def all(self) -> list[Release]: ...


class Timetables(Protocol):
    """Where it is kept what is due; Conflict for who writes over what others wrote."""

    def all(self) -> dict[str, Timetable]: ...

    def save(self, table: Timetable) -> Timetable: ...


class Members(Protocol):
    """Who is in a segment."""

    def members(self, segment: str, limit: int, shard: int = 0,
                after: str = "") -> tuple[list[Membership], tuple[int, str] | None]: ...


class Outcome(NamedTuple):
    """What one call did.

    asked    journey → people whom it asked in
    waiting  journeys whose people have not all been asked
    failed   journey → why it stopped there; the next call goes on
    """

    asked: dict[str, int]
    waiting: list[str]
    failed: dict[str, SocleError]


class Cohorts:
    """The schedules of all journeys."""

    def __init__(self, timetables: Timetables, releases: Releases, members: Members, profiles: ProfileStore, stream: Stream,
                 zone: Callable[[], str]) -> None:
        self._timetables = timetables
        self._releases = releases
        self._members = members
        self._profiles = profiles
        self._stream = stream
        self._zone = zone

    def go_on(self, now: int, has_time: Callable[[], bool]) -> Outcome:
        """Begin what is due at `now` (epoch ms), and ask people in, a page of each journey in turn, while there is time."""
        outcome = Outcome({}, [], {})
        tables = deque(self._due(now, outcome))
        while tables:
            table = tables.popleft()
            if not has_time():
                outcome.waiting.append(table.journey)
                continue
            try:
                table = self._page(table, outcome)
            except SocleError as error:
                outcome.failed[table.journey] = error
                outcome.waiting.append(table.journey)
                continue
            if table.cohort is not None:
                tables.append(table)
        return outcome

    def _due(self, now: int, outcome: Outcome) -> list[Timetable]:
        """The timetables with people to ask."""
        known, zone = self._timetables.all(), self._zone()
        open_ = {one.name: one.document["trigger"] for one in self._releases.all()
                 if one.open and one.document["trigger"]["type"] == "schedule"}
        found = []
        for journey in sorted({*known, *open_}):
            before = known.get(journey)
            try:
                table = looked_at(before, journey, open_.get(journey), zone, now)
                if table is not None and table != before:
                    table = self._timetables.save(table)
            except (SocleError, ValueError) as error:
                outcome.failed[journey] = error if isinstance(error, SocleError) else SocleError("bad_schedule", str(error))
                continue
            if table is not None and table.cohort is not None:
                found.append(table)
        return found

    def _page(self, table: Timetable, outcome: Outcome) -> Timetable:
        """Ask one page of people in, and note it. Raises Conflict when another call does so too, Unavailable."""
        cohort = table.cohort
        assert cohort is not None  # noqa: S101 (whoever calls this has looked)
        found, place = self._members.members(cohort.segment, PAGE, cohort.shard, cohort.after)
        people = self._ask(table.journey, cohort.at, [one.profile for one in found])
        outcome.asked[table.journey] = outcome.asked.get(table.journey, 0) + people
        following = cohort._replace(shard=place[0], after=place[1], people=cohort.people + people) if place else None
        return self._timetables.save(table._replace(cohort=following))

    def _ask(self, journey: str, at: int, profiles: Sequence[str]) -> int:
        """All who are known by anything. The message id names nobody: of two who are one by now, it is one event."""
        aggregates, roots = load_roots(self._profiles, set(profiles), fresh=False)
        living = {root.id: root for root in (aggregates[roots[profile]] for profile in profiles) if root.erased is None}
        known = [who for who in map(known_by, living.values()) if who is not None]
        id_ = occasion_id(SCHEDULE, journey, str(at))
        put(self._stream, [requested_event(journey, "", {}, who, at, SCHEDULE, id_) for who in known])
        return len(known)
