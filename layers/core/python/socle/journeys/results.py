"""What a journey comes to: conversion and revenue against the holdout, what became of messages, what it cost. Pure.

Everybody who entered is compared with everybody held out, whether they got a message or not (intention to treat); both are told
apart by a hash of their id, before anything else is. Calls and bytes of a step are modelled, transitions follow from the
counters.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from socle.campaigns.statistics import CONFIDENCE, Rate, difference, wilson
from socle.costs.prices import COMPUTE, INVOCATIONS, MAILS, PUSHES, READS, STREAM_IN, TEXTS, TRANSITIONS, WRITES, dollars
from socle.journeys.figures import Figures, StepFigures
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.steps import Branch, Exit, Hold, Send, Split, Step, Wait, WaitUntilDate, WaitUntilTime
from socle.messages.model import EMAIL, PUSH, SMS
from socle.reports.model import COUNTED

_ENTRY_CALLS, _ENTRY_WRITES, _ENTRY_KIB = 0.2, 5, 2
"""Of one entry: run_effects starts several at once; row, list, counters; two events."""
_CALL_SECONDS, _CALL_GB, _CALL_READS, _CALL_WRITES = 0.06, 1.0, 3, 3
_SEND_WRITES, _SEND_KIB = 14, 1
_SMS_MICRO_USD = 7_500
"""Assumed of one text: its price depends on the country."""
Report = dict[str, Any]
Seen = Sequence[tuple[JourneyDocument, Figures]]
"""The versions of a journey, newest first, with what was counted of each."""


def report(seen: Seen, channels: Mapping[str, str], messages: Mapping[str, Mapping[str, int]]) -> Report:
    """All versions together.

    channels  template → the channel that it is of
    messages  step → what happened to messages → how many, of the lake; empty when it was not asked
    """
    document = seen[0][0]
    entered, held = sum(one.entered for _, one in seen), sum(one.holdout for _, one in seen)
    goal, held_goal = sum(one.goal for _, one in seen), sum(one.holdout_goal for _, one in seen)
    revenue, held_revenue = _sum(one.revenue for _, one in seen), _sum(one.holdout_revenue for _, one in seen)
    return {
        "goal": {"event": document.goal.event, "within": document.goal.within} if document.goal else None,
        "entered": entered, "inside": sum(one.inside for _, one in seen), "ended": _sum(one.ended for _, one in seen),
        "converted": _side(entered, goal, revenue) if document.goal else None,
        "holdout": _side(held, held_goal, held_revenue) if document.goal and held else None,
        "lift": _lift(Rate(goal, entered), Rate(held_goal, held)) if document.goal else None,
        "steps": _sends(seen, messages), "cost": _cost(seen, channels, revenue)}


def to_csv(found: Report) -> str:
    """A row for the whole, then one for each step that sends; money in minor units. RFC 4180."""
    currencies = sorted((found["converted"] or {"revenue": {}})["revenue"])
    counted = ["sent", "skipped", "failed", "unknown", *(name for name in COUNTED if name != "sent")]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["by", "name", "entered", "inside", "converted", "rate", "difference", "low", "high", "usd",
                     *(f"revenue_{currency}" for currency in currencies), *counted])
    whole, lift = found["converted"] or {}, found["lift"] or {}
    low, high = lift.get("interval", (None, None))
    writer.writerow(["total", "", found["entered"], found["inside"], whole.get("converted"), whole.get("rate"),
                     lift.get("difference"), low, high, found["cost"]["usd"], *(whole["revenue"][one] for one in currencies),
                     *(sum(step[name] if name in step else step["messages"].get(name, 0) for step in found["steps"])
                       for name in counted)])
    for step in found["steps"]:
        writer.writerow(["step", step["step"], *[None] * (8 + len(currencies)),
                         *(step[name] if name in step else step["messages"].get(name, 0) for name in counted)])
    return out.getvalue()


def _side(people: int, converted: int, revenue: Mapping[str, int]) -> dict[str, Any]:
    rate = Rate(min(converted, people), people)
    low, high = wilson(rate)
    return {"entries": people, "converted": converted, "rate": round(rate.value, 6), "interval": [round(low, 6), round(high, 6)],
            "revenue": dict(revenue),
            "revenue_per_entry": {name: round(minor / people, 2) for name, minor in revenue.items()} if people else {}}


def _lift(treated: Rate, held: Rate) -> dict[str, Any] | None:
    """How much more of those who entered reached the goal; None without both."""
    if not treated.among or not held.among:
        return None
    treated, held = (one._replace(hits=min(one.hits, one.among)) for one in (treated, held))
    found = difference(treated, held)
    return {"difference": round(found.value, 6), "interval": [round(found.low, 6), round(found.high, 6)],
            "confidence": CONFIDENCE, "p": float(f"{found.p:.4g}"), "significant": not found.low <= 0 <= found.high,
            "more_conversions": round(found.value * treated.among),
            "more_conversions_interval": [round(found.low * treated.among), round(found.high * treated.among)]}


def _sends(seen: Seen, messages: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """The steps that send, of all versions together, in the order of the newest."""
    found: dict[str, dict[str, Any]] = {}
    for document, figures in seen:
        for step in document.steps:
            if isinstance(step, Send):
                mine = found.setdefault(step.name, {"step": step.name, "templates": list(step.templates), "sent": 0, "failed": 0,
                                                    "unknown": 0, "skipped": 0, "reasons": {},
                                                    "messages": dict(messages.get(step.name, {}))})
                one = figures.steps[step.name]
                for what in ("sent", "failed", "unknown"):
                    mine[what] += one.outcomes.get(what, 0)
                mine["skipped"] += sum(one.skipped.values())
                mine["reasons"] = _sum((mine["reasons"], one.skipped))
    return list(found.values())


def _cost(seen: Seen, channels: Mapping[str, str], revenue: Mapping[str, int]) -> dict[str, Any]:
    units: Counter[str] = Counter()
    passed = entries = 0
    for document, figures in seen:
        entries += figures.entered
        for step in document.steps:
            one = figures.steps[step.name]
            passed += _times(one)
            units.update(_of_step(step, one, channels))
        units.update({TRANSITIONS: sum(figures.ended.values()) * 0.5, INVOCATIONS: figures.entered * _ENTRY_CALLS,
                      WRITES: figures.entered * _ENTRY_WRITES, STREAM_IN: figures.entered * _ENTRY_KIB})
    usd = dollars(units)
    whole = sum(usd.values())
    return {"usd": round(whole, 4), "services": {name: round(amount, 4) for name, amount in usd.items()},
            "transitions": round(units[TRANSITIONS]), "steps": passed,
            "usd_per_entry": round(whole / entries, 6) if entries else None, "revenue": dict(revenue)}


def _of_step(step: Step, one: StepFigures, channels: Mapping[str, str]) -> Counter[str]:
    """Units of all who came to a step."""
    came = _times(one)
    states, calls = 1.0, 0.0 if isinstance(step, Wait | Exit) else 1.0
    if isinstance(step, WaitUntilTime | WaitUntilDate | Branch | Split):
        states = 2
    if isinstance(step, Exit):
        states = 0.5  # many ends are told with the step before
    late = one.outcomes.get("timed out", 0) if isinstance(step, Hold) else 0
    ways = came if isinstance(step, Hold) and len(step.until) > 1 else 0
    held = one.outcomes.get("held", 0)
    parked = one.outcomes.get("parked", 0)
    states, calls = came * states + late + ways + 3 * held + 2 * parked, came * calls + late + 2 * held + 2 * parked
    units: Counter[str] = Counter({
        TRANSITIONS: states, INVOCATIONS: calls, COMPUTE: calls * _CALL_SECONDS * _CALL_GB,
        READS: calls * _CALL_READS, WRITES: calls * _CALL_WRITES})
    if isinstance(step, Send):
        sent = one.outcomes.get("sent", 0) + one.outcomes.get("unknown", 0)
        channel = channels.get(step.templates[0], EMAIL)
        unit, each = {EMAIL: (MAILS, 1), PUSH: (PUSHES, 1), SMS: (TEXTS, _SMS_MICRO_USD)}.get(channel, (MAILS, 0))
        units.update({WRITES: sent * _SEND_WRITES, STREAM_IN: sent * _SEND_KIB, unit: sent * each})
    return units


def _times(one: StepFigures) -> int:
    return one.came if one.came is not None else 0


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for one in counts:
        found.update(one)
    return dict(sorted(found.items()))
