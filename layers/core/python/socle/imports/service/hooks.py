"""Inbound webhooks: JSON that another system pushes becomes events by a saved mapping, as the rows of a file would.

Nothing is remembered between requests: an event's id comes from the mapped id, else from its content, so a request that is
sent again counts once, and a changed one is another event.
"""

from __future__ import annotations

import json
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
from socle.imports.model import Mapping, Prepared, Reject, Row, Send
from socle.imports.named import named_columns
from socle.imports.read_json import flat
from socle.imports.ready import READY
from socle.imports.service.requests import KIND

_MANY_BYTES = 1 << 30
"""Makes `records` look at the sizes of the events themselves."""


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
        columns = list(dict.fromkeys(chain(named_columns(mapping), *flats)))
        plan = convert.plan(name, mapping, columns, is_open=True)
        groups: dict[str, list[Prepared]] = {}
        quarantined: list[Quarantined] = []
        for index, (one, fields) in enumerate(zip(objects, flats, strict=True)):
            found = convert.prepare(plan, Row(index, [fields.get(column) for column in columns])) if isinstance(one, dict) \
                else Reject(index, "wrong_type", "", "a row must be an object", [])
            if isinstance(found, Reject):
                quarantined.append(Quarantined(index, None, found.code, found.column, found.message, source, now,
                                               json.dumps(one)))
            else:
                groups.setdefault(found.key, []).append(found)
        sends = [Send({**draft.message, "messageId": draft.message_id}, draft.ts, 0, draft.rows)
                 for key, rows in groups.items() for draft in convert.messages(plan, key, rows) if not draft.is_void]
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
