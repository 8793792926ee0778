"""The catalogue kept up to date from raw objects, and as readers see it."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from socle.catalogue.look import Invalid, look
from socle.catalogue.model import Catalogue, Seen, Sent
from socle.catalogue.progress import Day, Object
from socle.catalogue.store import CatalogueStore
from socle.definitions.model import Definition
from socle.errors import NotFound
from socle.iso import to_iso
from socle.lake.raw import decode_raw
from socle.paging import from_cursor, to_cursor

logger = logging.getLogger(__name__)

PORTION = 100
"""Raw objects after which what was seen is saved."""

Kind = Literal["trait", "event"]


def update(store: CatalogueStore, invalid: Invalid, now: int, left: Callable[[], int], portion: int = PORTION) -> int:
    """Read raw objects that came since; answers how many.

    Catalogue and progress are one document, replaced on its ETag: after a crash the objects since are read again, and of two
    updates at the same time the second stops with Conflict, having changed nothing.

    left  ms that remain; with less than a minute the rest is left to the next update
    """
    catalogue, progress, etag = store.load()
    days, count, changed = store.days(), 0, False
    for name in progress.open(days, now):
        objects = store.objects(name)  # once: a day may have hundreds of thousands. What comes meanwhile is the next update's
        while True:
            day = progress.days.get(name, Day())
            portion_of_day = day.unread(objects)[:portion]
            for one in portion_of_day:
                catalogue.merge(_seen_in(store, one, invalid))
            count += len(portion_of_day)
            after = day.after(objects, portion_of_day, now)
            changed |= bool(portion_of_day) or name not in progress.days
            progress.days[name] = after
            if portion_of_day:
                etag = store.save(catalogue, progress, etag)
            if left() < 60_000:
                return count
            if len(portion_of_day) < portion:
                break
    progress.close(days)
    if changed:
        store.save(catalogue, progress, etag)
    return count


def _seen_in(store: CatalogueStore, one: Object, invalid: Invalid) -> Catalogue:
    data = store.read(one.key)
    if data is None:
        return Catalogue()
    try:
        return look(decode_raw(data), invalid)
    except (ValueError, LookupError, TypeError, AttributeError, OSError, EOFError, zlib.error) as error:
        # One damaged object must not hold up the catalogue for ever; a replay names it.
        logger.error("unreadable", extra={"object": one.key, "error": type(error).__name__})
        return Catalogue()


class Listing:
    """The catalogue for readers. `filled` answers (trait → people who have it, people), `definitions` all current ones."""

    def __init__(self, store: CatalogueStore, filled: Callable[[], tuple[Mapping[str, int], int]],
                 definitions: Callable[[], list[Definition]]) -> None:
        self._store = store
        self._filled = filled
        self._definitions = definitions

    def page(self, kind: Kind, limit: int, cursor: str | None = None) -> dict[str, Any]:
        """Up to `limit` names in alphabetical order, and how many rows name others. Raises Rejected(`bad_cursor`)."""
        catalogue, _, _ = self._store.load()
        names: dict[str, Seen] = getattr(catalogue, f"{kind}s")
        after = from_cursor(f"catalogue {kind}", cursor) if cursor is not None else ""
        wanted = sorted(name for name in names if name > after)
        filled, people = self._filled() if kind == "trait" else ({}, 0)
        used = uses(self._definitions(), kind)
        items = [_item(name, names[name], used.get(name, [])) | (
            {"fill_rate": round(filled.get(name, 0) / people, 4) if people else None} if kind == "trait" else {})
            for name in wanted[:limit]]
        return {"items": items, "next": to_cursor(f"catalogue {kind}", wanted[limit - 1]) if len(wanted) > limit else None,
                "unlisted": catalogue.unlisted(f"{kind}s")}

    def event(self, name: str) -> dict[str, Any]:
        """One event with its properties. Raises NotFound."""
        seen = self._store.load()[0].events.get(name)
        if seen is None:
            raise NotFound("unknown_event", "no such event was seen: GET /api/catalogue?kind=event lists them; a new one is "
                           "listed within the hour", "name")
        properties = {path: {"types": dict(column.types), "share": round(sum(column.types.values()) / seen.total.count, 4)}
                      for path, column in sorted(seen.columns.items())}
        return _item(name, seen, uses(self._definitions(), "event").get(name, [])) | {"properties": properties}


def uses(definitions: list[Definition], kind: Kind) -> dict[str, list[str]]:
    """Name → definitions (`webhooks/erp`) whose document has it, as a text or a key; `traits.` before it does not matter."""
    found: dict[str, list[str]] = {}
    for one in definitions:
        if one.kind == "sources" or (one.kind == "webhooks" and kind == "trait"):
            continue
        for text in sorted(set(_texts(one.document))):
            for name in {text, text.removeprefix("traits.")}:
                found.setdefault(name, []).append(f"{one.kind}/{one.name}")
                if kind == "trait" and "." in name:
                    found.setdefault(name.partition(".")[0], []).append(f"{one.kind}/{one.name}")
    return {name: sorted(set(where)) for name, where in found.items()}


def by_source(catalogue: Catalogue) -> dict[str, dict[str, int]]:
    """Source → values of traits that it sent, and of these those that can't be used."""
    found: dict[str, dict[str, int]] = {}
    for seen in catalogue.traits.values():
        for source, sent in seen.sent.items():
            counts = found.setdefault(source, {"values": 0, "invalid": 0})
            counts["values"] += sent.count
            counts["invalid"] += sent.invalid
    return found


def _item(name: str, seen: Seen, used: list[str]) -> dict[str, Any]:
    whole = seen.columns.get("")
    return {"name": name, **_sent(seen.total), **({"types": dict(whole.types)} if whole else {}),
            "sources": {source: _sent(sent) for source, sent in sorted(seen.sent.items())}, "used_in": used,
            **({"parts": sorted(path for path in seen.columns if path)} if whole and len(seen.columns) > 1 else {})}


def _sent(sent: Sent) -> dict[str, Any]:
    return {"count": sent.count, "invalid": sent.invalid, "first_seen": to_iso(sent.first), "last_seen": to_iso(sent.last)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


