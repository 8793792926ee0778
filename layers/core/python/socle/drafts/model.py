"""A draft: one profile under way, between what was read of it and what is stored."""

from __future__ import annotations

from dataclasses import dataclass

from socle.profiles.model import Aggregate, History, Page


@dataclass
class Draft:
    """What was read of a profile, and what is decided and perhaps not written yet.

    aggregate  as it is to be
    history    what was read of its partitions, and the pages that were written
    postponed  bytes of `aggregate` that are still to be written, b"" when nothing is
    pages      the new pages that are to be written before them
    """

    aggregate: Aggregate
    history: History
    postponed: bytes = b""
    pages: tuple[Page, ...] = ()
