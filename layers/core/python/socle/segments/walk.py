"""Walks over documents: their conditions with their places, what they refer to, which events and traits they name. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from socle.segments.plan import MESSAGE_EVENTS
from socle.segments.rules import COMPUTED_TRAITS, SEGMENTS

Document = Mapping[str, Any]
Place = tuple[str, str]
"""(kind, name) of a definition."""


def conditions_in(document: Document) -> Iterator[tuple[str, Document]]:
    """(place, part) of every part that has a type: conditions, and the value of a computed trait. Outer ones first."""
    waiting: list[tuple[str, Any]] = [(name, document[name]) for name in ("when", "value") if name in document]
    while waiting:
        place, part = waiting.pop(0)
        if isinstance(part, list):
            waiting = [(f"{place}.{index}", one) for index, one in enumerate(part)] + waiting
        elif isinstance(part, Mapping):
            if "type" in part:
                yield place, part
            waiting = [(f"{place}.{name}", one) for name, one in part.items()] + waiting


def references(kind: str, document: Document) -> Iterator[tuple[Place, str]]:
    """(what is referred to, place) in a document of any kind.

    Segments and computed traits refer by conditions; other kinds by fields called segment, segments, exclude or
    computed, and by conditions of their own.
    """
    if kind not in (SEGMENTS, COMPUTED_TRAITS):
        yield from _named(document, "")
        return
    for place, part in conditions_in(document):
        if part["type"] in ("segment", "account_members"):
            yield (SEGMENTS, part["segment"]), f"{place}.segment"
        elif part["type"] == "computed":
            yield (COMPUTED_TRAITS, part["trait"]), f"{place}.trait"


def _named(part: Any, place: str) -> Iterator[tuple[Place, str]]:
    if isinstance(part, list):
        for index, one in enumerate(part):
            yield from _named(one, f"{place}{index}.")
    elif isinstance(part, Mapping):
        for name, one in part.items():
            names = [one] if isinstance(one, str) else one if isinstance(one, list) else []
            if name in ("segment", "segments", "exclude", "computed"):
                for target in names:
                    if isinstance(target, str):
                        yield (COMPUTED_TRAITS if name == "computed" else SEGMENTS, target), f"{place}{name}"
            elif name == "path" and isinstance(one, str) and one.startswith("computed."):
                yield (COMPUTED_TRAITS, one.partition(".")[2]), f"{place}{name}"
            elif name == "trait" and isinstance(one, str) and part.get("type") == "computed":
                yield (COMPUTED_TRAITS, one), f"{place}{name}"
            else:
                yield from _named(one, f"{place}{name}.")


def values_in(document: Document) -> Iterator[tuple[str, str, str]]:
    """("event" or "trait", name, place) of what conditions look at; a trait by the first name of its path."""
    for place, part in conditions_in(document):
        kind = part["type"]
        if kind in ("trait", "changed"):
            yield "trait", part["trait"].partition(".")[0].removesuffix("[]"), f"{place}.trait"
        elif kind == "engagement":
            name = MESSAGE_EVENTS.get((part["channel"], part["action"]))
            if name:
                yield "event", name, f"{place}.action"
        steps = [(f"{place}.steps.{index}.", step) for index, step in enumerate(part.get("steps") or ())]
        steps += [(f"{place}.without.", part["without"])] if part.get("without") else []
        for where, one in [(f"{place}.", part), *steps]:
            names = one.get("event")
            for name in [names] if isinstance(names, str) else names or []:
                if not name.startswith("$"):
                    yield "event", name, f"{where}event"
