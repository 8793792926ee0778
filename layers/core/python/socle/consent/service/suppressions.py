"""The suppression list for people: read in pages, written one by one or imported, taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from socle.consent.imported import Refused, checked, read
from socle.consent.model import IMPORTED, MANUAL, Standing, Suppressed
from socle.consent.store import Standings
from socle.errors import NotFound
from socle.iso import to_iso
from socle.messages.model import Address
from socle.paging import from_cursor, to_cursor

MAX_REFUSED = 500
"""Lines of an import that are listed with their fault; all are counted."""
_AT_ONCE = 8


class Suppressions:
    """Whom nothing is sent to. Raises Unavailable in an outage."""

    def __init__(self, standings: Standings) -> None:
        self._standings = standings

    def page(self, limit: int, channel: str = "", reason: str = "", cursor: str | None = None) -> dict[str, Any]:
        """A page, by channel and address; with `reason` it may be short and still have a next. Raises Rejected."""
        listing = f"suppressions {channel} {reason}"
        found, position = self._standings.page(limit, channel, reason, from_cursor(listing, cursor) if cursor else None)
        return {"items": [_shown(one) for one in found], "next": to_cursor(listing, position) if position else None}

    def read(self, channel: str, address: str) -> dict[str, Any]:
        """One address, or domain, which may be off the list because its person was erased. Raises NotFound, Rejected."""
        one = checked(channel, address)
        return _view(one, self._found(one))

    def add(self, channel: str, address: str, source: str, now: int) -> dict[str, Any]:
        """Suppress by hand; adding it again changes nothing. Raises Rejected."""
        one = checked(channel, address)
        self._standings.suppress(one, MANUAL, now, source)
        return _view(one, self._found(one))

    def take_back(self, channel: str, address: str, now: int) -> None:
        """Let messages through again; what was unsubscribed stays so. Raises NotFound, Rejected."""
        one = checked(channel, address)
        self._found(one)
        self._standings.release(one, now)

    def take(self, content: str, channel: str, source: str, now: int) -> dict[str, Any]:
        """Suppress every good line of CSV or NDJSON; importing it again changes nothing. Raises Rejected, or Unavailable."""
        lines = list(read(content, channel, IMPORTED))
        refused = [line for line in lines if isinstance(line, Refused)]
        good = [line for line in lines if not isinstance(line, Refused)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            news = list(pool.map(lambda line: self._standings.suppress(line.address, line.reason, now, source), good))
        return {"imported": sum(news), "unchanged": len(news) - sum(news), "rejected": len(refused),
                "rejects": [{"line": one.line, "code": one.code, "message": one.message} for one in refused[:MAX_REFUSED]]}

    def _found(self, address: Address) -> Standing:
        standing = self._standings.load([address])[address]
        if not standing.reason:
            raise NotFound("not_suppressed", "this address is not suppressed: nothing keeps messages from it but consent",
                           "address")
        return standing


def _shown(one: Suppressed) -> dict[str, Any]:
    return {"channel": one.channel, "address": one.address, "reason": one.reason, "at": to_iso(one.at), "source": one.source}


def _view(address: Address, standing: Standing) -> dict[str, Any]:
    return {"channel": address.channel, "address": address.value, "reason": standing.reason, "at": to_iso(standing.since)}
