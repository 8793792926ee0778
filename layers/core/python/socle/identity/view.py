"""The identity graph as the admin API shows it: identifiers, what links them, merges with their evidence. Pure."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from socle.events.model import Event, Identifier, key_time
from socle.identity.model import Evidence
from socle.identity.rules import IdentityRules
from socle.iso import to_iso
from socle.profiles.decide import events_of
from socle.profiles.model import Aggregate, History

MAX_LINKS = 500
"""Pairs of identifiers shown, those that most events name first."""


def graph_view(root: Aggregate, history: History, rows: dict[Identifier, str], rules: IdentityRules) -> dict[str, Any]:
    """rows: identifier → the profile that it was claimed for first, perhaps merged away since."""
    events = sorted(events_of(root, history), key=lambda event: (event.received, event.key))
    seen: dict[Identifier, list[Event]] = {}
    links: dict[tuple[Identifier, Identifier], list[Event]] = {}
    foreign: dict[Identifier, list[Event]] = {}
    for event in events:
        own = [one for one in event.ids if one not in event.unlinked]
        for one in own:
            seen.setdefault(one, []).append(event)
        for pair in combinations(sorted(own), 2):
            links.setdefault(pair, []).append(event)
        for one in event.unlinked:
            foreign.setdefault(one, []).append(event)
    by_key = {event.key: event for event in events}
    most = sorted(links.items(), key=lambda item: (-len(item[1]), item[0]))
    return {
        "id": root.id,
        "identifiers": [
            {**_identifier(one), "profile": rows.get(one), "priority": rules.of(one[0]).priority, **_times(seen.get(one, []))}
            for one in sorted(root.owned(), key=lambda one: (rules.of(one[0]).priority, one))],
        "links": [{"identifiers": [_identifier(one) for one in pair], **_times(named)} for pair, named in most[:MAX_LINKS]],
        "more_links": max(0, len(most) - MAX_LINKS),
        "merges": [{"profile": name, "into": member.into, **_evidence(member.evidence, by_key)}
                   for name, member in sorted(root.members.items(), key=lambda item: (item[1].evidence.at, item[0]))],
        "apart": sorted(root.apart),
        "unlinked": [{**_identifier(one), **_times(named)} for one, named in sorted(foreign.items())],
    }


def _identifier(identifier: Identifier) -> dict[str, str]:
    return {"type": identifier[0], "value": identifier[1]}


def _times(events: list[Event]) -> dict[str, Any]:
    """How many events named it, the sources that they came from, and the first and the last one."""
    if not events:
        return {"events": 0, "sources": [], "first": None, "last": None}
    return {"events": len(events), "sources": sorted({event.source for event in events}),
            "first": _event(events[0]), "last": _event(events[-1])}


def _event(event: Event) -> dict[str, str]:
    return {"messageId": event.message_id, "event": event.name, "received": to_iso(event.received)}


def _evidence(evidence: Evidence, by_key: dict[str, Event]) -> dict[str, Any]:
    named = by_key.get(evidence.event)
    return {"rule": evidence.rule, "at": to_iso(evidence.at),
            "identifier": _identifier(evidence.identifier) if evidence.identifier else None,
            "event": _event(named) if named else {"messageId": key_time(evidence.event)[1]} if evidence.event else None,
            "detail": evidence.detail or None}
