"""Who is behind an address or a link, and how what they said gets onto the stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from socle.consent.addresses import KINDS, addresses
from socle.consent.model import Place
from socle.events.group import Record, records
from socle.events.model import Event, Identifier
from socle.identity.service.join import load_roots
from socle.messages.service.people import known_by
from socle.profiles.model import Aggregate, Snapshot
from socle.profiles.store import ProfileStore

_MANY_BYTES = 1 << 30
"""Makes `records` look at the sizes of the events themselves."""


class Stream(Protocol):
    """Takes records for good; Unavailable when it cannot."""

    def put(self, records: Sequence[Record]) -> None: ...


class Somebody(NamedTuple):
    """A person who is known.

    who      by which events find them
    address  readable, "" when the person no longer has the address that the link was made for
    """

    root: Aggregate
    who: Identifier
    address: str


def find(store: ProfileStore, profile: str, place: Place | None = None) -> Somebody | None:
    """The person whom `profile` is or was merged into; None when there is none any more. `place` is that of their address."""
    aggregates, roots = load_roots(store, {profile})
    root = aggregates[roots[profile]]
    who = known_by(root)
    if root.erased is not None or root.snapshot.events == 0 or who is None:
        return None
    found = next((one for one in addresses(root.snapshot) if place is not None and (one.channel, one.digest) == place), None)
    own = (KINDS[found.channel], found.value) if found else None
    return Somebody(root, own if own in root.snapshot.pairs() and own else who, found.value if found else "")


def language(snapshot: Snapshot) -> str:
    """The locale of a person, "" when it is not known."""
    found = (snapshot.traits.get("language"), snapshot.traits.get("locale"), snapshot.context.get("locale"))
    return next((one.value for one in found if one is not None and isinstance(one.value, str)), "")


def put(stream: Stream, events: Sequence[Event]) -> None:
    """All events onto the stream. Raises Unavailable."""
    if events:
        stream.put(records(events, [], _MANY_BYTES))
