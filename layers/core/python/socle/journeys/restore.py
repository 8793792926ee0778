"""The entries of a profile that was rebuilt from its events: from what was told of them. Pure.

Entries are in nobody's events but as `Journey Entered` and `Journey Exited`. What has happened since in a journey (what would end
a hold) is not among them: who is restored in a hold goes on when its time is over, or with the next event that ends it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from socle.events.model import Event
from socle.journeys.model.entry import ENTERED, EXITED, HOLDOUT, Entry
from socle.messages.events import SOURCE
from socle.segments.facts import properties_of


def restored(events: Iterable[Event], parts: Collection[str]) -> tuple[Entry, ...]:
    """The entries that these events tell of, oldest first; only of those who entered under one of `parts` (profile ids)."""
    found: dict[str, Entry] = {}
    ended: dict[str, tuple[int, str]] = {}
    for event in events:
        said = properties_of(event)
        if event.source != SOURCE or event.name not in (ENTERED, EXITED):
            continue
        if event.name == EXITED:
            ended[said["entry"]] = (event.at, said["reason"])
        elif said["profile"] in parts:
            found[said["entry"]] = Entry(said["entry"], said["journey"], said["version"], said["key"], event.at, said["trigger"],
                                         said["profile"], (event.at, said["trigger"]))
            if said["holdout"]:
                ended[said["entry"]] = (event.at, HOLDOUT)
    entries = [entry._replace(ended=ended[entry.id][0], reason=ended[entry.id][1]) if entry.id in ended else entry
               for entry in found.values()]
    return tuple(sorted(entries, key=lambda one: (one.at, one.id)))
