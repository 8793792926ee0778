"""A drill: hold the restored profiles against the live ones, by all that a reader can see of them.

The live table goes on changing. So two that differ are compared once more, by what was received some time before the run:
if they agree on that, the profile changed since, and that is no fault of the backup.
"""

from __future__ import annotations

from typing import Any

from socle.drill.store import Segments
from socle.errors import NotFound, Rejected
from socle.profiles.service import Profiles
from socle.replay.model import COMPARE, Count
from socle.replay.store import ReplayStore

WHOLE = 1 << 30
"""Events in one page of a timeline: all of them."""


_COMPUTED = {"segments", "rfm"}


class Drill:
    """Compares tables; `live` and `restored` are each a reader of profiles and the table's segments."""

    def __init__(self, store: ReplayStore, live: tuple[Profiles, Segments], restored: tuple[Profiles, Segments]) -> None:
        self._store = store
        self._live, self._live_segments = live
        self._restored, self._restored_segments = restored

    def do(self, run: str, number: int) -> Count:
        """Compare one segment of both tables and keep what it came to."""
        plan = self._store.load(run, "plan")
        segments, known_by = len(plan["tasks"][COMPARE]), plan["known_by"]
        count = Count()
        for profile in self._live_segments.profiles(number, segments):
            count.compared += 1
            if shown(self._live, profile) == shown(self._restored, profile):
                continue
            if known(self._live, profile, known_by) == known(self._restored, profile, known_by):
                count.changed += 1
            else:
                count.failed("profile", profile, Rejected("differs", "the restored profile is not what the live one is"))
        for profile in self._restored_segments.profiles(number, segments):
            if shown(self._live, profile) is None and shown(self._restored, profile) is not None:
                count.failed("profile", profile, Rejected("only_restored", "the live table does not have this profile"))
        self._store.save(run, f"{COMPARE}-{number}-done", count.to_json())
        return count


def shown(profiles: Profiles, profile: str) -> Any:
    """All that a reader can see of a profile that its events say; None when there is nothing to see.

    What is computed of it, by definitions or from everybody, is not replayed: the next recompute fills it in.
    """
    try:
        read = {name: value for name, value in profiles.read(profile).items() if name not in _COMPUTED}
        return read, profiles.timeline(profile, WHOLE)
    except NotFound:
        return None


def known(profiles: Profiles, profile: str, known_by: int) -> Any:
    """The profile by what was received by then (epoch ms); None when that is nothing."""
    try:
        found = profiles.read(profile, as_of=known_by, clock="known")
    except NotFound:
        return None
    return found if found["event_count"] else None
