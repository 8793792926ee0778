"""What happened to somebody in a journey, step by step: for those who ask, and for steps that are done again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Place = tuple[str, int]
"""A step, and how often they had gone round when they came to it."""
SENT, SKIPPED, FAILED, UNKNOWN, HELD = "sent", "skipped", "failed", "unknown", "held"
WAY, WAITING, HOLDING, DONE, TIMED_OUT, PARKED, OUT = "way", "waiting", "holding", "done", "timed out", "parked", "out"
"""What became of a step. Details: of SKIPPED the gate's reason, of WAY its name, of WAITING and HOLDING until when (ISO 8601), of
PARKED why."""


class Logged(NamedTuple):
    """What became of a step: when (epoch ms), the outcome, and more about it."""

    at: int
    outcome: str
    detail: str = ""


class Row(NamedTuple):
    """What happened to somebody in a journey. Nothing is decided by `log`.

    log        step and round → what became of it last
    begun      step and round → when it was first begun, epoch ms, of steps whose events must be the same when they are said again
    holds, parks  step and round → the token that ends the wait there
    responses  step → what the webhook answered
    """

    journey: str
    version: int
    at: int
    log: Mapping[Place, Logged]
    begun: Mapping[Place, int]
    holds: Mapping[Place, str]
    parks: Mapping[Place, str]
    responses: Mapping[str, Any]


class Inside(NamedTuple):
    """Somebody who is inside: the entry, the partition under which they entered, the version that they follow."""

    entry: str
    part: str
    version: int


class Parked(NamedTuple):
    """Somebody who stopped at a step until an operator lets them go on; `at` in epoch ms.

    why  `paused`, or `failed: <code>`
    """

    entry: str
    part: str
    version: int
    step: str
    round: int
    why: str
    at: int
