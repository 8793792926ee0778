"""Who is in a segment: rows written by effects, read as lists and in timelines, deleted with segments and people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from socle.definitions.store import DefinitionStore
from socle.effects.model import Effect
from socle.errors import NotFound, Unavailable
from socle.iso import to_iso
from socle.paging import from_cursor, to_cursor
from socle.profiles.store import ProfileStore
from socle.segments.membership import move_of, timeline_items
from socle.segments.rules import SEGMENTS
from socle.segments.store import MembershipStore


class Memberships:
    """The rows of all segments."""

    def __init__(self, store: MembershipStore, definitions: DefinitionStore, profiles: ProfileStore) -> None:
        self._store = store
        self._definitions = definitions
        self._profiles = profiles

    def take(self, effect: Effect) -> bool:
        """Write what an effect says. False when there is nothing to write any more: the segment is gone, or the person."""
        self._store.add(effect.name, effect.profile, move_of(effect))
        # Looked at after writing: whoever deletes the segment or erases the person says so first, and deletes rows then. So
        # either they find this row, or we find out here.
        if self._definitions.current(SEGMENTS, effect.name) is None:
            gone = True
        else:
            gone = self._profiles.load([effect.profile])[effect.profile].erased is not None
        if gone:
            self._store.forget([effect.name], [effect.profile])
        return not gone

    def page(self, segment: str, limit: int, cursor: str | None = None) -> dict[str, Any]:
        """`{"items": [{"id", "since"}], "next"}`: members, in no order that means something. Raises NotFound, Rejected.

        A page may have fewer than `limit` and still a `next`.
        """
        if self._definitions.current(SEGMENTS, segment) is None:
            raise NotFound("unknown_definition", f"there is no segments/{segment}: GET /api/segments lists what there is", "name")
        listing = f"members {segment}"
        shard, after = 0, ""
        if cursor is not None:
            number, _, after = from_cursor(listing, cursor).partition(" ")
            shard = int(number)
        found, place = self._store.members(segment, limit, shard, after)
        return {"items": [{"id": one.profile, "since": to_iso(one.since)} for one in found if one.since is not None],
                "next": to_cursor(listing, f"{place[0]} {place[1]}") if place else None}

    def moves(self, profiles: Sequence[str]) -> list[tuple[int, str, dict[str, Any]]]:
        """(epoch ms, key, item of a timeline) of all that these profiles entered and left."""
        return timeline_items(self._store.load(self._names(), profiles, fresh=False))

    def forget(self, profiles: Sequence[str]) -> None:
        """Delete what is kept of these profiles. They have been marked as erased."""
        self._store.forget(self._names(), profiles)

    def clear(self, segment: str) -> None:
        """Delete the rows of a segment that is not defined. Raises Unavailable when there are more than one call can delete."""
        if not self._store.clear(segment):
            raise Unavailable("being_deleted", f"the members of {segment} are being deleted, and there are many: send the same "
                              "request again", retry_after=1)

    def _names(self) -> list[str]:
        return [one.name for one in self._definitions.list_current(SEGMENTS)]
