"""The smallest case that still differs: conditions and events are left out one by one as long as the two do not agree."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from socle.events.model import Event
from socle.segments.plan import Plans
from tests.segments.differential.loads import Load, everybody, lake_of, world_of
from tests.segments.differential.predicates import Document
from tests.segments.differential.sides import Difference, by_python, by_sql, persons

TRIES = 150


def shrunk(one: Load, difference: Difference) -> str:
    """A report of the smallest case found: its definition, its events, what each side says."""
    ids = {identifier for event in one.people[difference.profile].events for identifier in event.ids}
    events = [event for each in one.histories for event in each if ids & set(event.ids)]
    document = one.definitions.segments[difference.segment]
    left = TRIES

    def differs(document: Document, events: Sequence[Event]) -> bool:
        nonlocal left
        left -= 1
        return left > 0 and bool(_asked(one, document, events, difference.now))

    if not _asked(one, document, events, difference.now):
        return _report(one, document, events, difference, "alone they agree: it takes the others, or the order of arrival")
    document = _smaller(document, lambda less: differs(less, events), _simpler)
    events = _smaller(events, lambda less: differs(document, less), _fewer)
    document = _smaller(document, lambda less: differs(less, events), _simpler)
    return _report(one, document, events, difference, f"evaluate: {_asked(one, document, events, difference.now)}")


def _asked(one: Load, document: Document, events: Sequence[Event], now: int) -> dict[str, bool]:
    """Profile → what evaluate() says, where SQL says something else."""
    world = world_of([[event] for event in events])
    people = everybody(world, one.seed)
    nodes = {"it": Plans({**one.definitions.segments, "it": document}, one.definitions.computed).segment("it")}
    with TemporaryDirectory() as directory:
        manifest = lake_of(world, one.seed, Path(directory))
        other = by_sql(manifest, Path(directory) / "lake", nodes, now)["it"]
    right = by_python(persons(people, nodes.values()), nodes, now)["it"]
    return {profile: profile in right for profile in right ^ other}


def _smaller(thing: Any, still: Callable[[Any], bool], ways: Callable[[Any], Iterator[Any]]) -> Any:
    while True:
        for less in ways(thing):
            try:
                if still(less):
                    thing = less
                    break
            except (KeyError, ValueError):
                continue
        else:
            return thing


def _fewer(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    for size in (len(events) // 2, 1):
        for start in range(0, len(events), max(size, 1)):
            yield [*events[:start], *events[start + max(size, 1):]]


def _simpler(document: Document) -> Iterator[Document]:
    """The document with one part of a group in the place of the group, with a part less, without one of its `where`."""
    for less in _less(document["when"]):
        yield {**document, "when": less}


def _less(condition: Document) -> Iterator[Document]:
    parts = condition.get("of")
    if isinstance(parts, dict):
        yield parts
        yield from ({**condition, "of": less} for less in _less(parts))
    elif isinstance(parts, list):
        yield from parts
        for number in range(len(parts)):
            yield from ({**condition, "of": [*parts[:number], less, *parts[number + 1:]]} for less in _less(parts[number]))
    for number in range(len(condition.get("where") or ())):
        yield {**condition, "where": [part for place, part in enumerate(condition["where"]) if place != number]}


def _report(one: Load, document: Document, events: Sequence[Event], difference: Difference, said: str) -> str:
    shows = one.definitions.shows[difference.segment]
    lines = [f"seed {one.seed!r}, segment {difference.segment} ({shows}), now {difference.now}; {said}",
             json.dumps(document, ensure_ascii=False)]
    lines += [f"  {event.at - difference.now:+} ms {json.dumps(event.to_row(), ensure_ascii=False)}" for event in events]
    return "\n".join(lines)
