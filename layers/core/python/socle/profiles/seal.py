"""Sealing: when an aggregate outgrows its budget, the oldest of its stored events move to pages. Pure.

Pages cut the space of event keys into adjoining ranges: page i holds the keys in [lower i, lower i+1), the last one up
to the horizon. A late event (below the horizon) goes into the page that covers it, or stays in the tail until its turn.
Only events that were stored before this write move, so that a batch is first stored whole in one item.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from socle.events.model import key_time, time_key
from socle.profiles.model import Aggregate, Entry, History, Needs, Page

BUDGET = 960
"""Bytes of a sealed aggregate: with its attribute names it fits one write unit of 1 KB."""
DUE = 40
"""Bytes of an item that its due time takes, with the names of its attributes."""
PER_PAGE = 8
"""Bytes of budget that each page adds: as the list of pages grows, so do the pages, and it stays a small part."""
MIN_ENTRIES = 4
"""Fewer stored events are not worth a page."""
KEPT_ENTRIES = 2
"""The newest stored events that stay: what a second device sends a moment late is then no late event."""
KEPT_BYTES = 8_192
"""Text of those, at most."""
PAGE_BYTES = 48 * 1024
"""Text of a page above which it is split (an item may have 400 KB)."""
MAX_LATE_PAGES = 40
"""Pages with late events that one transaction rewrites; it may have 100 actions and 4 MB."""


def size_limit(aggregate: Aggregate) -> int:
    """Bytes above which the aggregate is to be sealed."""
    return BUDGET + PER_PAGE * len(aggregate.pages) - (DUE if aggregate.due is not None else 0)


def seal(after: Aggregate, stored: Sequence[Entry], history: History) -> tuple[Aggregate, tuple[Page, ...]] | Needs | None:
    """`after` with its oldest `stored` events moved to pages, and those pages. None when too little can move.

    Answers Needs for the pages that cover late events.
    """
    moving = _oldest(stored)
    if not moving:
        return None
    late: dict[str, list[Entry]] = defaultdict(list)
    fresh: list[Entry] = []
    for entry in moving:
        lower = after.page_of(entry.key)
        if lower is None:
            fresh.append(entry)
        elif lower in late or len(late) < MAX_LATE_PAGES:
            late[lower].append(entry)
    missing = [(after.id, lower) for lower in late if (after.id, lower) not in history.pages]
    if missing:
        return Needs(pages=tuple(missing))
    pages: list[Page] = []
    for lower, entries in late.items():
        old = history.pages[after.id, lower]
        pages += split(after.id, lower, old.version, [*old.entries, *entries])
    horizon = after.horizon
    if fresh:
        pages += split(after.id, horizon, 0, fresh)
        horizon = _above(fresh[-1].key, [entry.key for entry in after.tail])
    gone = {(entry.key, entry.revision) for page in pages for entry in page.entries}
    lowers = sorted({*after.pages, *(page.lower for page in pages)})
    tail = tuple(entry for entry in after.tail if (entry.key, entry.revision) not in gone)
    return replace(after, tail=tail, pages=tuple(lowers), horizon=horizon), tuple(pages)


def _oldest(stored: Sequence[Entry]) -> list[Entry]:
    """All stored events but the newest few; all revisions of a key together."""
    entries = sorted(stored, key=lambda entry: (entry.key, entry.revision))
    kept, size = 0, 0
    for entry in reversed(entries):
        size += len(entry.row)
        if size > KEPT_BYTES or kept >= KEPT_ENTRIES:
            break
        kept += 1
    cut = len(entries) - kept
    while 0 < cut < len(entries) and entries[cut].key == entries[cut - 1].key:
        cut -= 1
    moving = entries[:cut]
    return moving if len(moving) >= MIN_ENTRIES or sum(len(entry.row) for entry in moving) > KEPT_BYTES else []


def split(profile: str, lower: str, version: int, entries: Sequence[Entry]) -> list[Page]:
    """One page, or several where it grew too large: the first keeps the lower bound and counts its version on."""
    entries = sorted(entries, key=lambda entry: (entry.key, entry.revision))
    pages: list[Page] = []
    start, size = 0, 0
    for index, entry in enumerate(entries):
        size += len(entry.key) + len(entry.row)
        last = index + 1 == len(entries)
        if last or (size >= PAGE_BYTES and entries[index + 1].key != entry.key):
            bound = lower if start == 0 else separator(entries[start - 1].key, entries[start].key)
            pages.append(Page(profile, bound, version + 1 if start == 0 else 1, tuple(entries[start:index + 1])))
            start, size = index + 1, 0
    return pages


def separator(left: str, right: str) -> str:
    """The shortest s with left < s <= right (suffix truncation as in prefix B-trees, Bayer & Unterauer 1977)."""
    common = 0
    while common < len(left) and left[common] == right[common]:
        common += 1
    return right[:common + 1]


def _above(key: str, others: Sequence[str]) -> str:
    """A short bound above `key` and not above any greater key in the tail."""
    greater = min((other for other in others if other > key), default=None)
    return time_key(key_time(key)[0] + 1) if greater is None else separator(key, greater)
