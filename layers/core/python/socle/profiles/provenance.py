"""Where the traits of a profile come from: which event gave each its value, by which rule, and what lost against it. Pure.

Nothing of this is stored: the events are the record. A correction counts instead of the event that it corrects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from socle.events.model import Event
from socle.iso import to_iso
from socle.normalisation.model import FLAGS, RAW
from socle.profiles.fold import highest_revisions
from socle.profiles.model import Register
from socle.profiles.survivorship import (
    MOST_FREQUENT,
    NEVER_OVERWRITE,
    SOURCE_PRIORITY,
    VERIFIED_FIRST,
    Rule,
    Survivorship,
    is_verified,
    later,
    order,
    text_of,
    traits_of,
    winner,
    writes_of,
)

MAX_LOSING = 20
"""Losing values shown of one trait, and sources that agree on the one that won: the most recently written."""
MAX_LOSING_CHARACTERS = 32 * 1024
"""JSON text of the losing values shown of one trait."""


class Write(NamedTuple):
    """One event that wrote the trait.

    text      of the value: equal for equal values
    register  what the event alone would leave
    """

    text: str
    register: Register
    event: Event


class Votes(NamedTuple):
    """counts: text of a value → how many events said so after the removal, the last one."""

    removal: Register | None
    counts: Mapping[str, int]


def provenance(traits: Collection[str], events: Iterable[Event], rules: Survivorship) -> Iterator[dict[str, Any]]:
    """One entry for each of `traits` (those of the profile, removed ones included), by name, from its whole history."""
    wanted = frozenset(traits)
    writes: dict[str, list[Write]] = {}
    for event in highest_revisions(events):
        for trait, registers in writes_of([event], rules, wanted).items():
            writes.setdefault(trait, []).append(Write(text_of(registers[0].value), registers[0], event))
    for trait in sorted(wanted):
        yield _entry(trait, sorted(writes[trait], key=lambda write: order(write.register)), rules.rule_of(trait))


def _entry(trait: str, writes: Sequence[Write], rule: Rule) -> dict[str, Any]:
    won = winner(rule, [write.register for write in writes])
    decided = next(write for write in writes if write.register is won)
    register, event = decided.register, decided.event
    same = [write for write in writes if write.text == decided.text]
    losing = _groups(write for write in writes if write.text != decided.text)
    shown = _fitting(losing)
    votes = _votes(writes)
    return {
        "trait": trait, "value": register.value, "removed": register.value is None, "rule": rule.name,
        **({"trusted": list(rule.sources)} if rule.name == SOURCE_PRIORITY else {}),
        **_origin(trait, event), "received": to_iso(event.received), "count": len(same),
        "sources": [_span(group) for group in _groups(same)[:MAX_LOSING]],
        "losing": [{"value": group[0].register.value, **_span(group), "verified": any(
            is_verified(trait, traits_of(write.event)) for write in group), "why": _why(rule, decided, group, votes)}
            for group in shown],
        "more": len(losing) - len(shown),
    }


def _origin(trait: str, event: Event) -> dict[str, Any]:
    """The event that gave the value; what was sent, where it was normalised; what is doubtful about it. Both by path, as in
    the event: a trait may hold others (`address.country`)."""
    told = {"type": event.type, "event": event.name, "messageId": event.message_id,
            **({"revision": event.revision} if event.revision else {})}
    origin = {"source": event.source, "event": told, "happened": to_iso(event.at),
              "verified": is_verified(trait, traits_of(event))}
    for name in (RAW, FLAGS):
        paths = event.body.get(name)
        if isinstance(paths, dict):
            own = {path: value for path, value in paths.items() if path == trait or path.startswith(f"{trait}.")}
            origin |= {name: own} if own else {}
    return origin


def _groups(writes: Iterable[Write]) -> list[list[Write]]:
    """Writes of one value by one source together, as they follow each other; the group with the last write comes first."""
    found: dict[tuple[str, str], list[Write]] = {}
    for write in writes:
        found.setdefault((write.text, write.event.source), []).append(write)
    return sorted(found.values(), key=lambda group: order(group[-1].register), reverse=True)


def _fitting(groups: Sequence[list[Write]]) -> Sequence[list[Write]]:
    room = MAX_LOSING_CHARACTERS
    for number, group in enumerate(groups[:MAX_LOSING]):
        room -= len(group[0].text)
        if room < 0:
            return groups[:number]
    return groups[:MAX_LOSING]


def _span(group: Sequence[Write]) -> dict[str, Any]:
    return {"source": group[0].event.source, "count": len(group), "first": to_iso(group[0].event.at),
            "last": to_iso(group[-1].event.at)}


def _votes(writes: Sequence[Write]) -> Votes:
    removal = next((write.register for write in reversed(writes) if write.register.value is None), None)
    return Votes(removal, Counter(write.text for write in writes if removal is None or later(write.register, removal)))


def _why(rule: Rule, decided: Write, group: Sequence[Write], votes: Votes) -> str:
    """Why the best that the group has lost: as the API names it."""
    value = group[0].register.value
    if rule.name == NEVER_OVERWRITE:
        return "removal_ignored" if value is None else "not_first"
    if rule.name in (SOURCE_PRIORITY, VERIFIED_FIRST) and max(one.register.rank for one in group) < decided.register.rank:
        return "less_trusted_source" if rule.name == SOURCE_PRIORITY else "unverified"
    if rule.name == MOST_FREQUENT and value is not None:
        if votes.removal is not None and later(votes.removal, group[-1].register):
            return "before_removal"
        if votes.counts[group[0].text] < votes.counts[decided.text]:
            return "fewer_events"
    return "older"
