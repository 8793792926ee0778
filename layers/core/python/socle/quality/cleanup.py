"""Clean-up rules: which traits of a profile they change, and the event that says so. Pure.

A clean-up writes events, as everybody does: `identify` of the source `cleanup`, seen in the timeline. Its effective time is one
millisecond after the value that it corrects, so it wins over this very value and over nothing that came meanwhile, or comes late.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from socle.events.model import Event, Identifier
from socle.identity.model import rank
from socle.profiles.model import Snapshot
from socle.quality.assess import Normalise, context_of, is_placeholder, normalised, values_of
from socle.quality.model import DAY_MS

SOURCE = "cleanup"
EVERY = "*"
SCAN_IS_BEHIND = 60_000
"""Ms by which an eventually consistent scan may be late, generously."""
_DOES = {"invalid": "remove", "placeholder": "remove", "older_than": "remove", "not_normalised": "normalise"}


class CleanupRule(BaseModel):
    """When a trait is in a state, do something about it."""

    model_config = ConfigDict(extra="forbid")

    trait: str = Field(min_length=1, max_length=200, description="its name, or * for every trait", examples=["phone"])
    when: Literal["invalid", "placeholder", "not_normalised", "older_than"] = Field(
        description="its normaliser refuses it; it is a word for nothing, such as n/a; its normaliser would write it "
        "differently; it was written more than `days` ago")
    days: int | None = Field(default=None, ge=1, le=36_500, description="for older_than")
    do: Literal["remove", "normalise"] = Field(description="normalise goes with not_normalised, remove with the others")

    @model_validator(mode="after")
    def _fits(self) -> CleanupRule:
        if self.do != _DOES[self.when]:
            raise ValueError(f"do must be {_DOES[self.when]} when it is {self.when}")
        if (self.when == "older_than") != (self.days is not None):
            raise ValueError("days goes with older_than, and older_than needs it")
        if self.when == "older_than" and self.trait == EVERY:
            raise ValueError("older_than needs the name of a trait: * would empty whole profiles")
        return self


class Change(NamedTuple):
    """What becomes of one trait of one profile.

    profile     whose
    identifier  its most trusted one, by which the event finds it
    trait       name
    before      the value now
    after       the value then, None when it is removed
    at          effective time of the value now, epoch ms
    """

    profile: str
    identifier: Identifier
    trait: str
    before: Any
    after: Any
    at: int


def changes(profile: str, snapshot: Snapshot, rule: CleanupRule, now: int, normalise: Normalise) -> Iterator[Change]:
    """What the rule would change of a profile. One without identifiers is left alone: nothing could find it again."""
    identifier = leading(snapshot)
    traits = values_of(snapshot)
    if identifier is None or (rule.trait != EVERY and rule.trait not in traits):
        return
    better, flags = normalised(traits, context_of(snapshot), normalise)
    for name in [rule.trait] if rule.trait != EVERY else sorted(traits):
        before, after, written = traits[name], None, snapshot.traits[name].at
        if rule.when == "not_normalised":
            after = better.get(name)
            hit = name not in flags and after is not None and _text(after) != _text(before)
        elif rule.when == "invalid":
            hit = name in flags
        elif rule.when == "placeholder":
            hit = is_placeholder(before)
        else:
            hit = now - written > (rule.days or 0) * DAY_MS
        if hit:
            yield Change(profile, identifier, name, before, after, written)


def leading(snapshot: Snapshot) -> Identifier | None:
    """The identifier that finds the profile most surely; None when it has none."""
    kinds = sorted(snapshot.identifiers, key=lambda kind: (rank(kind), kind))
    return next(((kind, min(snapshot.identifiers[kind])) for kind in kinds if snapshot.identifiers[kind]), None)


def cleanup_event(change: Change, rule: CleanupRule, run: str, now: int) -> Event:
    """The event of a change, decided by a run that was planned at `now` (epoch ms).

    Its key is a function of run, profile, trait and value: sent twice it counts once. It counts as received a little before
    the run, so that it is dropped when its person was erased since, or so shortly before that the scan has not seen it.
    """
    seed = _text([run, change.profile, change.trait, change.at])
    name, at = f"cleanup-{hashlib.sha256(seed.encode()).hexdigest()[:24]}", change.at + 1
    note = {"run": run, "rule": rule.model_dump(exclude_none=True), "before": change.before}
    return Event(at, name, 0, at, max(at, now - SCAN_IS_BEHIND), SOURCE, "identify", "$identify", (change.identifier,),
                 {"traits": {change.trait: change.after}, "cleanup": note})


def undoing(event: Event, run: str) -> Event:
    """The correction of a clean-up event that takes it back: its trait is again what it would be without.

    It counts as received when the clean-up was: nobody who was erased since comes back by it.
    """
    return event._replace(revision=1, body={"traits": {}, "cleanup": {"run": run, "undoes": event.body["cleanup"]["run"]}})


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
