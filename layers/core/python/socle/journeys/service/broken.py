"""An execution that failed for good: whoever was in it is out.

A step that fails parks its person. What comes here is rarer: the parking itself failed for a day, Step Functions could not go on
(States.Runtime), or the execution was a year old.
"""

from __future__ import annotations

import json

from socle.journeys.model.entry import FAILED, is_entry_id
from socle.journeys.service.ground import Ground, execution_of
from socle.journeys.service.people import end, find


def end_broken(ground: Ground, execution: str, given: str | None, now: int) -> bool:
    """End the entry whose execution has failed. Doing it again changes nothing, and finishes what broke off.

    execution  its name; given: its input (ground.input_of) as JSON, which may be anything if somebody began it by hand

    True when somebody should know of it: somebody is out for it, or nobody can tell who was in it. Raises Unavailable, Conflict.
    """
    who = _read(given)
    if who is None:
        return True
    entry = find(ground, *who).entry
    if entry is None or not (entry.active or entry.reason == FAILED):
        return False
    if execution != execution_of(entry, ground.entries.get(entry.part, entry.id)):
        return False  # they were moved: another one is theirs by now
    after = end(ground, *who, FAILED, now).entry
    return after is not None and after.reason == FAILED


def _read(given: str | None) -> tuple[str, str] | None:
    """The profile and the entry that an execution began with; None when it does not say."""
    try:
        found = json.loads(given or "")
    except ValueError:
        return None
    part, entry = (found.get("profile"), found.get("entry")) if isinstance(found, dict) else (None, None)
    if isinstance(part, str) and part.isascii() and part and isinstance(entry, str) and is_entry_id(entry):
        return part, entry
    return None
