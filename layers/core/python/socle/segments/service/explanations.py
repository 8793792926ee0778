"""Explanations, computed traits and memberships of one person, now or as of a past time: from the whole history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from socle.definitions.store import DefinitionStore
from socle.errors import NotFound
from socle.events.model import Event
from socle.iso import to_iso
from socle.profiles.model import Aggregate, Snapshot
from socle.profiles.orders import standing
from socle.profiles.service import Clock, Profiles
from socle.segments.evaluate import evaluate
from socle.segments.explain import Explainer, Part, iso
from socle.segments.facts import Person, person_of
from socle.segments.rules import COMPUTED_TRAITS, SEGMENTS

PAST = ("RFM groups, accounts' traits and when somebody entered are known for now only: here nobody has an RFM group, and "
        "accounts have no traits.")


class Explanations:
    """What definitions say of one person; `now` answers the time, epoch ms."""

    def __init__(self, definitions: DefinitionStore, now: Callable[[], int]) -> None:
        self._definitions = definitions
        self._now = now

    def explain(self, profiles: Profiles, profile_id: str, segment: str, as_of: int | None = None,
                clock: Clock = "happened") -> dict[str, Any]:
        """Why the person is in the segment, or is not, now or as of a past time (epoch ms). Raises NotFound."""
        documents = self._documents(SEGMENTS)
        if segment not in documents:
            raise NotFound("unknown_definition", f"there is no segments/{segment}: GET /api/segments lists what there is",
                           "segment")
        explainer = Explainer(documents, self._documents(COMPUTED_TRAITS))
        known = profiles.known(profile_id, as_of, clock)
        moment = self._now() if as_of is None else as_of
        part = explainer.part(segment)
        person = _person(known.root, known.snapshot, known.events, explainer, (part,), as_of is not None)
        tree = explainer.tree(part, person, moment)
        since = known.root.segments.get(segment) if as_of is None and tree["true"] else None
        answer = {
            "segment": segment, "profile": known.root.id, "member": tree["true"], "since": iso(since),
            "says": _summary(tree, since), "as_of": to_iso(moment), "clock": clock, "flips_at": tree["flips_at"], "because": tree,
        }
        return answer | ({} if as_of is None else {"note": PAST})

    def of(self, root: Aggregate, snapshot: Snapshot, events: Callable[[], Sequence[Event]],
           as_of: int | None = None) -> dict[str, Any]:
        """`{"segments", "computed"}` of a profile as it is shown; `events` reads its history, if that is needed."""
        past, now = as_of is not None, self._now() if as_of is None else as_of
        current = self._documents(SEGMENTS) if past or root.segments else {}
        segments = current if past else {}
        computed = self._documents(COMPUTED_TRAITS)
        # What was deleted meanwhile is in the profile until somebody looks at it.
        names = sorted(name for name in root.segments if name in current)
        if not computed and not segments:
            return {"segments": [] if past else names, "computed": {}}
        explainer = Explainer(segments or self._documents(SEGMENTS), computed)
        parts = [explainer.part(name) for name in segments]
        person = _person(root, snapshot, events(), explainer, tuple(parts), past)
        if past:
            names = [name for name, part in zip(segments, parts, strict=True) if evaluate(part.node, person, now).true]
        return {"segments": sorted(names), "computed": explainer.values(person, now)}

    def _documents(self, kind: str) -> dict[str, dict[str, Any]]:
        return {one.name: one.document for one in self._definitions.list_current(kind)}


def _person(root: Aggregate, snapshot: Snapshot, events: Sequence[Event], explainer: Explainer, parts: tuple[Part, ...],
            past: bool) -> Person:
    return person_of(root.id, snapshot, {} if past else root.given, explainer.watches(*parts), standing(events))


def _summary(tree: dict[str, Any], since: int | None) -> str:
    state = f"In, since {to_iso(since)}." if since is not None else "In." if tree["true"] else "Not in."
    if tree["flips_at"] is None:
        return f"{state} Time alone will not change that."
    return f"{state} By time alone that may change at {tree['flips_at']}."
