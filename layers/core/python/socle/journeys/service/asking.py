"""Somebody is asked into a journey by the API: find them, look whether the journey takes them, put the event on the stream."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from socle.consent.service.people import Stream, put
from socle.errors import NotFound, Rejected
from socle.events.model import Event, Identifier
from socle.identity.service.join import load_roots
from socle.journeys.model.release import LIVE, Release
from socle.journeys.requests import API, MAX_DATA_BYTES, occasion_id, requested_event
from socle.messages.service.people import known_by
from socle.profiles.model import Aggregate
from socle.profiles.store import ProfileStore

TAKES = ("request", "schedule")
"""Triggers of journeys that one may ask somebody into."""


class Releases(Protocol):
    """What is published of a journey."""

    def of(self, name: str) -> list[Release]: ...


class Asked(NamedTuple):
    """One person who is to enter.

    profile     id, or None when they are named by `by`, an identifier
    field       path of their part of the request, "" for the whole of it
    key         the occasion, data: what templates and branches see as the event
    once        the caller's own name for this request, "" for none: whoever repeats it asks for nothing more
    """

    profile: str | None
    by: Identifier | None
    field: str
    key: str
    data: Mapping[str, Any]
    once: str

    @property
    def place(self) -> str:
        return f"{self.field}.{'profile' if self.profile is not None else 'by'}".lstrip(".")


class Answer(NamedTuple):
    """What became of it: `refused` are those who can't enter, by their place in the request."""

    version: int
    accepted: int
    refused: dict[int, Rejected]


class Asking:
    """Asks people into journeys."""

    def __init__(self, releases: Releases, profiles: ProfileStore, stream: Stream) -> None:
        self._releases = releases
        self._profiles = profiles
        self._stream = stream

    def enter(self, journey: str, asked: Sequence[Asked], chance: str, now: int) -> Answer:
        """Ask these people into a journey.

        chance  random text: two requests without a name of their own are two occasions
        Raises NotFound for a journey that was never published, Rejected (409) for one that takes nobody now, or not so.
        """
        release = self._release(journey)
        refused: dict[int, Rejected] = {}
        events: list[Event] = []
        people = self._people(asked)
        for index, one in enumerate(asked):
            try:
                check_data(one.data, f"{one.field}.data".lstrip("."))
                who = _who(people[index], one)
            except Rejected as error:
                refused[index] = error
                continue
            named = "\0".join(one.by) if one.by else one.profile or ""
            parts = (one.once, named, one.key) if one.once else (chance, str(index))
            events.append(requested_event(journey, one.key, one.data, who, now, API, occasion_id(API, journey, *parts),
                                          repeatable=bool(one.once)))
        put(self._stream, events)
        return Answer(release.version, len(events), refused)

    def _release(self, journey: str) -> Release:
        found = next((one for one in self._releases.of(journey) if one.current), None)
        if found is None:
            raise NotFound("not_published", f"there is no published journey {journey}: write it to /api/journeys/{journey}, then "
                           f"POST /api/journeys/{journey}/publish", "name")
        if found.state != LIVE:
            raise Rejected("journey_not_live", f"the journey is {found.state}, nobody enters: POST "
                           f"/api/journeys/{journey}/resume, or publish it again", "name", status=409)
        if found.document["trigger"]["type"] not in TAKES:
            raise Rejected("wrong_trigger", "people enter this journey by themselves, as its trigger says: make the trigger "
                           '{"type": "request"} and publish it', "name", status=409)
        return found

    def _people(self, asked: Sequence[Asked]) -> list[Aggregate | None]:
        """Everybody's root, in two reads for all of them; None of those whom nobody knows."""
        owners = self._profiles.owners({one.by for one in asked if one.by is not None})
        ids = [one.profile if one.by is None else owners[one.by].profile if one.by in owners else None for one in asked]
        aggregates, roots = load_roots(self._profiles, {profile for profile in ids if profile is not None})
        return [None if profile is None else aggregates[roots[profile]] for profile in ids]


def check_data(data: Mapping[str, Any], field: str) -> None:
    """Refuse data that is too large to be kept with every person. Raises Rejected (413)."""
    size = len(json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode())
    if size > MAX_DATA_BYTES:
        raise Rejected("too_large", f"it has {size:,} bytes of JSON, {MAX_DATA_BYTES:,} are allowed: send what messages show, "
                       "and keep the rest", field, status=413)


def _who(root: Aggregate | None, asked: Asked) -> Identifier:
    who = known_by(root) if root is not None and root.erased is None and root.snapshot.events else None
    if who is None:
        raise NotFound("unknown_profile", "nobody is known by this: check its spelling, or send an event of theirs first",
                       asked.place)
    return who
