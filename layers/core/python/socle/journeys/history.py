"""Who may have entered a journey in a period, and what they did, out of the lake. The connection is the caller's.

Only events that something looks at are read: of the time before the period what conditions and the gate ask for, of the period
itself what the journey hears of as well. Views: `events` and `profiles` of some buckets (socle.lake.query).
"""

# ruff: noqa: S608 (names of events get into the SQL through segments.sql.quote, everything else is this module's own)
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from socle.consent.model import COMPLAINT, HARD_BOUNCE
from socle.events.model import Event
from socle.journeys.walk.model import Score, Someone
from socle.lake.query import Connection
from socle.messages.events import SOURCE, event_name
from socle.messages.gate import Standing
from socle.messages.model import CHANNELS, EMAIL
from socle.profiles.orders import COMPLETED
from socle.segments.facts import properties_of
from socle.segments.nodes import Node
from socle.segments.sql.compile import members_sql
from socle.segments.sql.quote import listed, literal

AT_A_TIME = 20_000
"""Rows that are held as Python objects together."""
_BOUNCED, _COMPLAINED = event_name(EMAIL, "bounced"), event_name(EMAIL, "complained")
_GATE = frozenset((_BOUNCED, _COMPLAINED, *(event_name(one, "sent") for one in CHANNELS)))
"""Events that the gate's decisions rest on beside traits and consent: bounces, what was sent."""


class Names(NamedTuple):
    """Events that are read. always: also those before the period, None for all; inside: of the period."""

    always: frozenset[str] | None
    inside: frozenset[str]


def names_of(score: Score) -> Names:
    """What a journey looks at."""
    if score.asks is None:
        return Names(None, frozenset())
    revenue = score.document.goal is not None and score.document.goal.revenue
    return Names(score.asks | _GATE, score.hears | ({COMPLETED} if revenue else frozenset()))


def find(connection: Connection, score: Score, begin: int, end: int, asked: Sequence[tuple[int, Node]] = ()) -> int:
    """Make the table `candidate` of those who may enter between `begin` and `end` (epoch ms); answers how many they are.

    asked  of a schedule: when, and whom
    """
    trigger = score.document.trigger
    if trigger.type == "date":
        name = trigger.trait.partition(".")[0].removesuffix("[]")
        query = f"SELECT profile FROM profiles WHERE json_extract(traits, {literal('$.' + json.dumps(name))}) IS NOT NULL"
    elif asked:
        query = " UNION ".join(members_sql(node, at).sql for at, node in asked)
    elif score.journeys.opened:
        query = (f"SELECT DISTINCT profile FROM events WHERE name IN ({listed(sorted(score.journeys.opened))}) "
                 f'AND "at" >= {begin} AND "at" < {end}')
    else:
        query = f"SELECT profile FROM profiles WHERE first_seen < {end}"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE candidate AS {query}")
    return int(connection.execute("SELECT count(*) FROM candidate").fetchone()[0])


def people(connection: Connection, names: Names, begin: int, until: int) -> Iterator[Someone]:
    """Everybody in `candidate` and what they did before `until` (epoch ms), in order of their ids."""
    if names.always is None:
        wanted = "true"
    else:
        inside = f'OR ("at" >= {begin} AND name IN ({listed(sorted(names.inside))}))' if names.inside else ""
        wanted = f"(name IN ({listed(sorted(names.always))}) {inside})"
    # Apart, or every event would carry the person's JSON along.
    known = connection.execute("""
        SELECT profile, identifiers, given, timezone FROM profiles SEMI JOIN candidate USING (profile)
        ORDER BY profile""").fetchall()
    histories = groupby(_rows(connection.execute(f"""
        SELECT profile, "at", received, type, name, source, message_id, properties, json_extract_string(context, '$.timezone'),
               json_extract_string(context, '$.device.token')
        FROM events SEMI JOIN candidate USING (profile) WHERE "at" < {until} AND {wanted}
        ORDER BY profile, "at", message_id""")), itemgetter(0))
    waiting = next(histories, None)
    for profile, identifiers, given, zone in known:
        while waiting is not None and waiting[0] < profile:
            waiting = next(histories, None)
        events = [_event(row) for row in waiting[1]] if waiting is not None and waiting[0] == profile else []
        yield Someone(profile, events, json.loads(identifiers or "{}"), json.loads(given or "{}"), _standings(events), zone or "")


def _rows(cursor: Any) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(AT_A_TIME):
        yield from rows


def _event(row: tuple[Any, ...]) -> Event:
    _, at, received, type_, name, source, message_id, said, zone, token = row
    body: dict[str, Any] = {}
    if said and said != "{}":
        body["traits" if type_ in ("identify", "group") else "properties"] = json.loads(said)
    if zone or token:
        body["context"] = ({"timezone": zone} if zone else {}) | ({"device": {"token": token}} if token else {})
    return Event(at, message_id, 0, at, received, source, type_, name, (), body)


def _standings(events: Sequence[Event]) -> Mapping[str, Sequence[tuple[int, Standing]]]:
    """Since when mails to the person bounce for good, or were called spam."""
    found = [(event.at, Standing(COMPLAINT if event.name == _COMPLAINED else HARD_BOUNCE)) for event in events
             if event.source == SOURCE and (event.name == _COMPLAINED or (
                 event.name == _BOUNCED and properties_of(event).get("hard") is True))]
    return {EMAIL: found} if found else {}
