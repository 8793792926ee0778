"""`Journey Requested`: the event by which the API, schedules and other journeys ask that somebody enters a journey. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from socle.events.model import Event, Identifier
from socle.journeys.model.entry import REQUESTED
from socle.messages.events import SOURCE

API, SCHEDULE = "api", "schedule"
"""Who asks (`by`); of a step, the journey that has it."""
MAX_DATA_BYTES = 8_192
"""JSON of `data`: it is kept with the person, and given to every template of the journey."""


def requested_event(journey: str, key: str, data: Mapping[str, Any], who: Identifier, at: int, by: str, message_id: str, *,
                    repeatable: bool = False) -> Event:
    """That somebody is to enter a journey.

    key         the occasion, "" for none: nobody is in a journey twice at a time with the same one
    who         an identifier of the person
    at          epoch ms: since when they are in it
    by          who asks: API, SCHEDULE, or the name of a journey
    message_id  the same makes the same event, if `at` is the same too, or at any time if `repeatable`
    """
    return Event(0 if repeatable else at, message_id, 0, at, at, SOURCE, "track", REQUESTED, (who,), {
        "properties": {"journey": journey, "key": key, "data": dict(data), "by": by}})


def occasion_id(*parts: str) -> str:
    """A message id of what is asked for once: the same parts make the same one. `enter.` and 24 hex characters."""
    return "enter." + hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]
