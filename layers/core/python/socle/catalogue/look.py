"""What the rows of raw objects name: events with their properties, traits with their values' types. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from socle.catalogue.model import MAX_DEPTH, MAX_NAMES, MAX_PROPERTIES, MAX_SOURCES, Catalogue, Column, Seen, Sent, bound

Invalid = Callable[[dict[str, Any], dict[str, Any]], Iterable[str]]
"""(traits, context) → names of those that can't be used."""

_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object", type(None): "null"}


def look(rows: Iterable[Mapping[str, Any]], invalid: Invalid) -> Catalogue:
    """The catalogue of some rows. Rows that are no events, and what cannot be read, are passed over."""
    found = Catalogue()
    for row in rows:
        if row.get("row") != "event":
            continue
        body, source, received = row["body"], row["source"], row["received"]
        found.rows["events"] += 1
        _count(found.events, row["name"], source, received, dict(_paths(_object(body.get("properties")))))
        if row["type"] != "identify":
            continue
        traits = _object(body.get("traits"))
        bad = set(invalid({name: value for name, value in traits.items() if value is not None}, _object(body.get("context"))))
        for name, value in traits.items():
            found.rows["traits"] += 1
            _count(found.traits, name, source, received, {"": type_of(value), **dict(_paths(_object(value)))}, name in bad)
    return found


def type_of(value: Any) -> str:
    """What JSON calls it."""
    return _NAMES[type(value)]


def _count(names: dict[str, Seen], name: str, source: str, received: int, types: Mapping[str, str], bad: bool = False) -> None:
    seen = names.setdefault(name, Seen())
    for sent in (seen.total, seen.sent.setdefault(source, Sent())):
        sent.merge(Sent(1, int(bad), received, received))
    for path, type_ in types.items():
        seen.columns.setdefault(path, Column()).types[type_] += 1
    bound(seen.sent, MAX_SOURCES)
    bound(seen.columns, MAX_PROPERTIES)
    bound(names, MAX_NAMES)


def _paths(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """(path, type) of everything in an object; of a list its first object speaks for all."""
    if depth >= MAX_DEPTH:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            place = f"{path}.{name}" if path else name
            yield place, type_of(inner)
            yield from _paths(inner, place, depth + 1)
    elif isinstance(value, list):
        for inner in value[:1]:
            yield f"{path}[]", type_of(inner)
            yield from _paths(inner, f"{path}[]", depth + 1)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
