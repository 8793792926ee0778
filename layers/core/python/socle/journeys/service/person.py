"""One person and one journey: every time that they entered, and why they would, or would not, enter now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from socle.definitions.model import Definition
from socle.journeys.admission import Facts, admission
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.entry import Entry
from socle.journeys.model.release import Release
from socle.journeys.model.row import Row
from socle.journeys.position import view
from socle.journeys.restore import restored
from socle.journeys.rules import GEOFENCES, course_of
from socle.journeys.service.answers import Answers, Entries
from socle.profiles.orders import standing
from socle.profiles.service import Known
from socle.segments.explain import Explainer
from socle.segments.facts import person_of
from socle.segments.rules import COMPUTED_TRAITS, SEGMENTS


class People(Protocol):
    """The profile that somebody is in by now, with its whole history."""

    def known(self, profile_id: str) -> Known: ...


class PersonAnswers:
    """Looks only."""

    def __init__(self, answers: Answers, entries: Entries, people: People,
                 listed: Callable[[str], list[Definition]]) -> None:
        self._answers = answers
        self._entries = entries
        self._people = people
        self._listed = listed

    def person(self, name: str, profile: str, now: int) -> dict[str, Any]:
        """Every entry, newest first, with its path, and how they would fare now: what the profile has forgotten of those that are
        over, its events tell. Raises NotFound for a journey that was never published and for somebody who is not there."""
        releases = self._answers.released(name)
        known = self._people.known(profile)
        every = {one.id: one for one in (*restored(known.events, known.root.parts), *known.root.journeys) if one.journey == name}
        mine = sorted(every.values(), key=lambda one: (one.at, one.id), reverse=True)
        rows = self._entries.load([(one.part, one.id) for one in mine])
        current = next((one for one in releases if one.current), releases[0])
        by_version = {one.version: one for one in releases}
        entries = [_shown(one, by_version.get(one.version, current), rows.get((one.part, one.id)), now) for one in mine]
        return {"profile": known.root.id, "journey": name, "state": current.state, "version": current.version, "entries": entries,
                "enters": self._admission(current, known, now)}

    def _admission(self, release: Release, known: Known, now: int) -> dict[str, Any]:
        document = JourneyDocument.model_validate(release.document)
        explainer = Explainer(self._documents(SEGMENTS), self._documents(COMPUTED_TRAITS))
        course = course_of(release, explainer.plans, self._documents(GEOFENCES))
        events, root, audience = standing(known.events), known.root, None
        if release.document.get("audience"):
            part = explainer.condition(release.document["audience"], document.timezone)
            person = person_of(root.id, known.snapshot, root.given, explainer.watches(part), events)
            audience = explainer.tree(part, person, now)
        return admission(release, document, course, Facts(root.id, root.journeys, list(events), audience), now)

    def _documents(self, kind: str) -> dict[str, dict[str, Any]]:
        return {one.name: one.document for one in self._listed(kind)}


def _shown(entry: Entry, release: Release, row: Row | None, now: int) -> dict[str, Any]:
    return view(JourneyDocument.model_validate(release.document), entry, row, now, release.state)
