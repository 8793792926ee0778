"""An account: a company or another group that people belong to, as its own writes leave it. What its people do is not in it.

Everything commutes: of each trait the latest write stays, of each source its first and last. So writes may come twice, in any
order and batches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MAX_ID_BYTES = 1_000
"""UTF-8 bytes of a group id: it is part of a sort key, which may have 1,024."""
MAX_TRAITS = 250
"""Traits kept per account: the most recently written."""
MAX_TRAIT_BYTES = 1_024
"""UTF-8 bytes of one value as stored, JSON within JSON: MAX_TRAITS of them fit into an item. A larger one is passed over."""
MAX_NAME_BYTES = 300
"""And of the name of a trait."""


class Write(NamedTuple):
    """One write of a trait. The greater one stays: later, then of the greater tie, then of the higher revision.

    at        epoch ms: effective time of the call
    tie       CRC-32 of the event's key; 0 for a write that is no event
    revision  of the event
    text      the value as canonical JSON; `null` means removed (kept, so that an older write stays beaten)
    source    name of the source that it came with
    """

    at: int
    tie: int
    revision: int
    text: str
    source: str


class Change(NamedTuple):
    """What one call says of an account: at, tie, revision, source as in Write.

    received  epoch ms; what was received before the account was deleted doesn't bring it back
    traits    name → value; None removes it
    """

    at: int
    tie: int
    revision: int
    received: int
    source: str
    traits: Mapping[str, Any]


class Seen(NamedTuple):
    """First and last time that a source said something of the account, epoch ms."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Account:
    """What is stored of one account.

    id       group id, as clients send it
    version  how often it was written; 0 = not stored yet
    traits   name → the write that stays; at most MAX_TRAITS, the most recently written
    sources  source → when it said something
    deleted  epoch ms when it was deleted, else 0; what was received by then is dropped
    gone     whether nothing came since it was deleted
    """

    id: str
    version: int = 0
    traits: Mapping[str, Write] = field(default_factory=dict)
    sources: Mapping[str, Seen] = field(default_factory=dict)
    deleted: int = 0
    gone: bool = False

    @property
    def exists(self) -> bool:
        """Whether there is something to show."""
        return self.version > 0 and not self.gone


class Pushed(NamedTuple):
    """What the people of an account were given of it last (socle.segments.accounts), and how often that changed: 0 = never."""

    version: int = 0
    facts: Mapping[str, Any] | None = None

    def after(self, facts: Mapping[str, Any] | None) -> Pushed:
        """The next version."""
        return Pushed(self.version + 1, facts)


class MemberPage(NamedTuple):
    """Profile ids of membership rows, ascending, and whether more follow."""

    profiles: list[str]
    more: bool
