"""A replay: profiles rebuilt in an empty table from the raw objects alone, in three passes over a list of work.

`forget`  marks everybody who was erased, so that nothing of them is taken in
`apply`   folds the events of the raw objects into their profiles
`merge`   makes one person of those who were one

Two more are about the live table: `copy` takes over what no event tells (socle.untold), and in a drill `compare` looks at
the difference (socle.drill).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from socle.drafts.model import Draft
from socle.errors import SocleError
from socle.events.model import Event, Identifier
from socle.profiles.model import Member

FORGET, APPLY, MERGE, COPY, COMPARE = "forget", "apply", "merge", "copy", "compare"

SHARDS = 64
"""Partitions in which notes are kept: as many tasks share the merges."""


class Note(NamedTuple):
    """What the newest row of a profile says beside its events; kept in the table until the last pass has obeyed it.

    profile   profile id
    version   of the profile when the row was written: of two notes the higher counts
    members   profiles that were merged into it, and into those (their ceilings are not known)
    reserved  identifiers claimed for it that no event of it names
    apart     profiles with which it is never merged
    merged    it is a member itself: the row of its survivor says so, and nothing else of this note counts
    named     of a profile that is kept apart from another: the identifiers that its events name
    """

    profile: str
    version: int
    members: Mapping[str, Member] = MappingProxyType({})
    reserved: frozenset[Identifier] = frozenset()
    apart: frozenset[str] = frozenset()
    merged: bool = False
    named: frozenset[Identifier] = frozenset()


class Moved(NamedTuple):
    """An event that an unmerge moved out of a partition: it was applied where it went, and is to be taken out here.

    unlinked  given when it stayed: those of its identifiers that are somebody else's from then on
    target    the partition that it went to
    """

    source: str
    key: str
    revision: int
    unlinked: tuple[Identifier, ...] | None = None
    target: str = ""


@dataclass
class Portion:
    """What one or several raw objects hold.

    groups  partition (the profile that stores the events, perhaps merged away since) → its events
    notes   profile → its newest note
    moved   events that went elsewhere
    events  how many events, repeated ones included
    """

    groups: dict[str, list[Event]] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)
    moved: set[Moved] = field(default_factory=set)
    events: int = 0


@dataclass
class Work(Draft):
    """One profile under way, the events to fold into it, and how many of them were new to it."""

    events: Sequence[Event] = field(kw_only=True)
    applied: int = 0

    def __post_init__(self) -> None:
        self.was_new = self.aggregate.version == 0


@dataclass
class Count:
    """What a task, or all tasks together, came to.

    objects   raw objects read
    events    events in them, repeated ones included
    applied   events that were new to the table
    profiles  profiles that were new to the table
    merged    profiles merged into another one
    erased    people of whom nothing was taken in (`forget`)
    copied    rows that no event tells, written (`copy`)
    compared  profiles of the live table that were looked at (`compare`)
    changed   of these, those that differ only by what was received meanwhile
    failures  what could not be done: {"object" or "profile" or "task", "code", "message"}
    """

    objects: int = 0
    events: int = 0
    applied: int = 0
    profiles: int = 0
    merged: int = 0
    erased: int = 0
    copied: int = 0
    compared: int = 0
    changed: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)

    def failed(self, what: str, name: str, error: SocleError) -> None:
        """Note a failure of one object, profile or task."""
        self.failures.append({what: name, "code": error.code, "message": error.message})

    def add(self, other: Count) -> None:
        """Add what another task came to."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready; `Count(**…)` is the inverse."""
        return asdict(self)
