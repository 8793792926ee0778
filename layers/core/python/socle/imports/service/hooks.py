"""Inbound webhooks: JSON that another system pushes becomes events by a saved mapping, as the rows of a file would.

Nothing is remembered between requests, so what an import knows from its state has to come out of the message (`_sent`): a request
that is sent again counts once, and what has changed since counts as it came last.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from typing import Any

from socle.definitions.store import DefinitionStore
from socle.errors import NotFound, Rejected
from socle.events import group, wire
from socle.events.model import Quarantined
from socle.events.parse import MAX_EVENTS
from socle.events.service import Collected, Collector, Stream
from socle.events.wire import Request
from socle.imports import convert
from socle.imports.accept import accept
from socle.imports.model import Draft, Mapping, Prepared, Reject, Row, Send
from socle.imports.named import named_columns, with_named
from socle.imports.people import Plan, canonical
from socle.imports.read_json import flat
from socle.imports.ready import READY
from socle.imports.service.requests import KIND

_MANY_BYTES = 1 << 30
"""Makes `records` look at the sizes of the events themselves."""

MAX_CELLS = 1_000_000
"""Objects times different fields of one request: what is looked at within a second or two."""


class Hooks:
    """One per container. `collector` knows the write keys."""

    def __init__(self, collector: Collector, stream: Stream, definitions: DefinitionStore) -> None:
        self._collector = collector
        self._stream = stream
        self._definitions = definitions

    def collect(self, request: Request, name: str, now: int) -> Collected:
        """Put what the objects of a request say on the stream; `index` of what is quarantined is the object's place.

        Raises Rejected (400 for the body, 401 for the key), NotFound(`unknown_mapping`) or Unavailable; nothing is promised then.
        """
        source = self._collector.source(request.write_key, now)
        mapping = self._mapping(name)
        objects = _objects(wire.content(request))
        flats = [flat(one) if isinstance(one, dict) else {} for one in objects]
        columns = _columns(mapping, flats)
        plan = convert.plan(name, mapping, columns, is_open=True)
        groups: dict[str, list[Prepared]] = {}
        quarantined: list[Quarantined] = []
        spoilt: dict[str, int] = {}
        for index, (one, fields) in enumerate(zip(objects, flats, strict=True)):
            row = Row(index, [fields.get(column) for column in columns])
            found = convert.prepare(plan, row) if isinstance(one, dict) else \
                Reject(index, "wrong_type", "", "a row must be an object", [])
            if isinstance(found, Reject):
                quarantined.append(_quarantined(found, one, source, now))
                if (whole := plan.whole(row)) is not None:
                    spoilt.setdefault(whole, index)
            else:
                groups.setdefault(found.key, []).append(found)
        for key in spoilt.keys() & groups.keys():
            quarantined += [_quarantined(convert.incomplete(spoilt[key], row.number), objects[row.number], source, now)
                            for row in groups.pop(key)]
        sends = [_sent(plan, draft, now) for key, rows in groups.items() for draft in convert.messages(plan, key, rows)
                 if not draft.is_void]
        accepted = accept(sends, source, now)
        quarantined += [fault._replace(index=index) for send, fault in accepted.refused for index in send.rows]
        quarantined.sort(key=lambda fault: fault.index)
        records = group.records(accepted.events, quarantined, _MANY_BYTES)
        if records:
            self._stream.put(records)
        return Collected(source, accepted.events, quarantined)

    def _mapping(self, name: str) -> Mapping:
        found = self._definitions.current(KIND, name)
        mapping = Mapping.model_validate(found.document) if found else READY.get(name)
        if mapping is None:
            raise NotFound("unknown_mapping", f"there is no mapping {name[:63]!r}: PUT /api/mappings/<name> saves one")
        if mapping.kind == "catalog":
            raise Rejected("bad_mapping", "a mapping of a catalogue makes no events: import a file by it")
        return mapping


def _sent(plan: Plan, draft: Draft, now: int) -> Send:
    """A draft as a message that needs no memory.

    What is said of a person or an account is another event whenever it changes, and without a time of its own whenever it is
    said: who moves away and back has moved twice. An order, or an event with an id, is one event, of which the last push counts.
    """
    message, mapping = draft.message, plan.mapping
    if message["type"] != "track":
        said = plan.id(draft.message_id, canonical(message), "" if draft.ts else str(now))
        return Send({**message, "messageId": said}, draft.ts, 0, draft.rows)
    revision = now if mapping.kind == "orders" or mapping.id is not None else 0
    return Send({**message, "messageId": draft.message_id, "revision": revision}, draft.ts, revision, draft.rows)


def _quarantined(why: Reject, one: Any, source: str, now: int) -> Quarantined:
    return Quarantined(why.number, None, why.code, why.column, why.message, source, now, json.dumps(one))


def _columns(mapping: Mapping, flats: Sequence[dict[str, Any]]) -> list[str]:
    """Those that the mapping asks for: all, or the named ones in the case in which they come."""
    named = named_columns(mapping)
    folded = {name.strip().casefold() for name in named}
    seen = chain.from_iterable(flats) if mapping.rest else \
        (name for fields in flats for name in fields if name.strip().casefold() in folded)
    columns = with_named(seen, named)
    if len(columns) * len(flats) > MAX_CELLS:
        raise Rejected("too_many_columns", f"{len(columns)} different fields in {len(flats)} objects: send fewer of them in one "
                       "request")
    return columns


def _objects(data: bytes) -> list[Any]:
    """The objects of a body: one, or an array of them."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Rejected("bad_json", f"the body is not JSON: {str(error)[:100]}") from error
    found = found if isinstance(found, list) else [found]
    if len(found) > MAX_EVENTS:
        raise Rejected("too_many_events", f"{len(found)} objects: send at most {MAX_EVENTS} in one request")
    return found
