"""What run_journey_step is asked by the state machine of a journey."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from socle.iso import from_iso


class Task(NamedTuple):
    """One step of one person.

    do        the type of the step, or `park`, `quiet`, `time_over`
    version   of the journey that the execution follows
    profile   partition under which they entered
    step      its name; "" is the end
    round     how often they have gone round
    entered   when the state was entered, epoch ms
    token     of a hold, or of who is parked: by it the execution goes on
    after     the hold whose time-out led here, "" for none
    limit     rounds after which they are out; 0: there are no circles
    error     name of the error for which somebody is parked; of our own errors also what it says
    """

    do: str
    journey: str
    version: int
    entry: str
    profile: str
    step: str
    round: int
    entered: int
    token: str = ""
    after: str = ""
    limit: int = 0
    error: str = ""

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Task:
        """The task of a payload (socle.journeys.compile.states.payload)."""
        error = payload.get("error") or {}
        return cls(payload["do"], payload["journey"], payload["version"], payload["entry"], payload["profile"], payload["step"],
                   payload["round"], from_iso(payload["entered"]), payload.get("token") or "", payload.get("after") or "",
                   payload.get("limit") or 0, _said(str(error.get("Error", "")), str(error.get("Cause", ""))))

    @property
    def is_failure(self) -> bool:
        """Whether somebody is parked for a failure, not because the journey is held."""
        return self.do == "park" and self.error != "Paused"


def secret_name(journey: str) -> str:
    """What the secret of a journey's webhooks is derived by."""
    return f"journeys/{journey}"


_OURS = frozenset(("Rejected", "NotFound", "Conflict", "Unavailable", "WebhookDown"))
"""Errors whose text says nothing of the person."""


def _said(name: str, cause: str) -> str:
    """The name, and, of our own errors, the beginning of their text, which Lambda hands on in the cause."""
    try:
        text = json.loads(cause)["errorMessage"] if name in _OURS else ""
    except (ValueError, TypeError, KeyError):
        text = ""
    return f"{name}: {text[:120]}" if isinstance(text, str) and text else name
