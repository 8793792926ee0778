"""What a step and a trigger do, in a few words: for diagrams, and for who asks where somebody is. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from socle.journeys.model.steps import (
    Branch,
    CallWebhook,
    Exit,
    Hold,
    Send,
    Split,
    StartJourney,
    Step,
    Update,
    Wait,
    WaitUntilDate,
    WaitUntilTime,
)
from socle.journeys.model.triggers import OnDate, OnEvent, OnGeofence, OnSchedule, OnSegment, Trigger

_UNITS = {"m": "minute", "h": "hour", "d": "day", "w": "week"}


def duration(text: str) -> str:
    """`1h` as `1 hour`."""
    return number(int(text[:-1]), _UNITS[text[-1]])


def number(many: int, of: str) -> str:
    """`1 hour`, `2 hours`, `1,000 people`."""
    plural = {"person": "people"}.get(of, f"{of}s")
    return f"{many:,} {of if many == 1 else plural}"


def lasting(ms: int) -> str:
    """A length of time as people say it, in its two largest units: `2 days 3 hours`."""
    left, parts = max(ms, 0) // 1000, []
    for name, length in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if left >= length:
            parts.append(number(left // length, name))
            left %= length
    return " ".join(parts[:2]) or "less than a second"


def brief(step: Step) -> str:
    """What a step does; "" where its name and its ways say it all."""
    match step:
        case Send():
            topic = f", topic {step.topic}" if step.topic else ""
            return (f"template {step.template}" if step.template else f"the best of {', '.join(step.best_of)}") + topic
        case Wait():
            return f"for {duration(step.duration)}"
        case WaitUntilTime():
            days = f" on {', '.join(step.days)}" if step.days else ""
            if step.begin == step.end:
                return f"until {step.begin}{days}"
            return f"until it is between {step.begin} and {step.end}{days}"
        case WaitUntilDate():
            return f"until {duration(step.before)} before {step.trait}" if step.before else f"until {step.trait}"
        case Hold():
            return f"until {' or '.join(step.ways())}, for {duration(step.timeout)} at most"
        case Branch():
            return number(len(step.cases), "case")
        case Split():
            return " : ".join(f"{way.weight:g}" for way in step.ways)
        case Update():
            return _changes(step)
        case CallWebhook():
            return f"to {urlsplit(step.url).hostname or ''}"
        case StartJourney():
            return f"journey {step.journey}"
        case Exit():
            return step.reason


def begins(trigger: Trigger) -> str:
    """What makes somebody enter."""
    match trigger:
        case OnEvent():
            return trigger.event + (" (if …)" if trigger.where else "")
        case OnSegment():
            return f"segment {trigger.segment} {trigger.change}"
        case OnDate():
            before = f"{duration(trigger.before)} before " if trigger.before else ""
            return f"{before}{trigger.trait}{', every year' if trigger.yearly else ''}, at {trigger.at}"
        case OnSchedule():
            return f"everybody in {trigger.segment}, {trigger.every}"
        case OnGeofence():
            return f"arrival at a place of {trigger.geofence}"
        case _:
            return "on request"


def _changes(step: Update) -> str:
    found = [f"{name}" for name in step.traits]
    found += [f"tag +{tag}" for tag in step.add_tags] + [f"tag -{tag}" for tag in step.remove_tags]
    if step.points:
        found.append(f"{step.points:+,} points")
    found += [f"event {one.event}" for one in step.emit]
    return ", ".join(found)
