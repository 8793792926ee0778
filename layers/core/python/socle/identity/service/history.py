"""Find one event of somebody, wherever merges and unmerges have taken it."""

from __future__ import annotations

from socle.errors import Unavailable
from socle.events.model import Event
from socle.identity.service.join import load_roots
from socle.profiles.codec import event_of
from socle.profiles.model import Aggregate
from socle.profiles.store import ProfileStore


def find_event(store: ProfileStore, profile: str, key: str, revision: int = 0, *,
               only_here: bool = False) -> tuple[Aggregate, Event] | None:
    """The person whose event it is, as they are now, and the event; None when the person was erased.

    profile    the partition that held the event when somebody said so
    only_here  None also when an unmerge took it elsewhere
    Raises Unavailable when it was moved between two reads: try again.
    """
    aggregates, roots = load_roots(store, {profile})
    root = aggregates[roots[profile]]
    if root.erased is not None:
        return None
    event = _event(store, aggregates[profile], key, revision)
    if event is not None:
        return root, event
    before = aggregates[profile].version
    if only_here and store.load([profile])[profile].version == before:
        return None
    elsewhere = _elsewhere(store, root, key, revision)
    if elsewhere is not None:
        return elsewhere
    # It was moved to another page between the two reads: the next try reads both anew.
    raise Unavailable("event_moved", "the event was being moved: try again")


def _elsewhere(store: ProfileStore, root: Aggregate, key: str, revision: int) -> tuple[Aggregate, Event] | None:
    """Where unmerges took the event to: to a member, or to somebody who is kept apart since, from that one or another."""
    met = {root.id}
    further = {*root.members, *root.apart}
    while further:
        aggregates, roots = load_roots(store, further)
        met |= {*roots, *roots.values()}
        for part in roots:
            event = _event(store, aggregates[part], key, revision)
            if event is not None and aggregates[roots[part]].erased is None:
                return aggregates[roots[part]], event
        known = [aggregates[one] for one in {*roots, *roots.values()}]
        further = {name for one in known for name in (*one.members, *one.apart)} - met
    return None


def _event(store: ProfileStore, aggregate: Aggregate, key: str, revision: int) -> Event | None:
    entries = aggregate.tail
    lower = aggregate.page_of(key)
    if lower is not None:
        pages = store.load_pages([(aggregate.id, lower)])
        entries = (*entries, *(entry for page in pages.values() for entry in page.entries))
    found = [entry for entry in entries if (entry.key, entry.revision) == (key, revision)]
    return event_of(found[0]) if found else None
