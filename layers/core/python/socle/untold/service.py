"""Copy what no event tells into the restored table: suppressions, withdrawals by address, the ledger of messages, caps.

A replay keeps the ids of profiles, for raw rows carry the partition of each event, so rows are copied as they are. Every task
may be done again, in parallel with the others and in any order: `rows.merged` never goes back, and what is there already is
read and not written. One page of a scan at a time is in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from socle.errors import Conflict, Unavailable
from socle.replay.model import COPY, Count
from socle.replay.store import ReplayStore
from socle.untold.rows import Item, has_free_names, key_of, merged, profile_of
from socle.untold.store import CopiedRows, UntoldRows

_ATTEMPTS = 25


class Untold:
    """Does the tasks: from `live` into `restored`."""

    def __init__(self, store: ReplayStore, live: UntoldRows, restored: CopiedRows) -> None:
        self._store = store
        self._live = live
        self._restored = restored

    def do(self, run: str, number: int) -> Count:
        """Copy one segment and keep what it came to. Raises Unavailable: do it again later."""
        segments = len(self._store.load(run, "plan")["tasks"][COPY])
        count = Count()
        for page in self._live.pages(number, segments):
            self._copy(page, count)
        self._store.save(run, f"{COPY}-{number}-done", count.to_json())
        return count

    def _copy(self, page: Sequence[Item], count: Count) -> None:
        # Who was forgotten by this run stays forgotten, also while the live table still holds what an erasure has not reached.
        erased = self._restored.erased({profile for item in page if (profile := profile_of(item)) is not None})
        left = [item for item in page if profile_of(item) not in erased]
        for _ in range(_ATTEMPTS):
            if not left:
                return
            beaten = self._write(left, count)
            left = beaten
        raise Unavailable("contended", "somebody kept changing the same rows: try again later")

    def _write(self, items: Sequence[Item], count: Count) -> list[Item]:
        """Write what is not there in this form; answers the rows that somebody else wrote first."""
        held = self._restored.load(map(key_of, items))
        new = [item for item in items if key_of(item) not in held and not has_free_names(item)]
        lost = self._restored.insert(new)
        count.copied += len(new) - len(lost)
        beaten = [item for item in new if key_of(item) in lost]
        for item in items:
            there = held.get(key_of(item))
            after = merged(item, there)
            if after == there or (there is None and not has_free_names(item)):
                continue
            beaten.append(item)
            with suppress(Conflict):
                self._restored.change(there, after)
                count.copied += 1
                beaten.pop()
        return beaten
