"""The form of a story: what somebody does, and the way through a journey that must follow. Data only.

The same stories are walked in a rehearsal (test_scenarios_walk.py) and lived on the local machine (test_scenarios_machine.py).
All begin at START, a Monday at 08:00 UTC, and are told in durations since then. Words in braces: `{who}` is the person, a text
without anything special in it, another one in each story.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from socle.iso import from_iso

START = from_iso("2026-11-30T08:00:00Z")
_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_PART = re.compile(r"(\d+)(ms|s|m|h|d)")


def after(text: str) -> int:
    """Ms of `1d 2h`, `90m`, `1h 1ms`."""
    assert _PART.sub("", text).strip() == "", text
    return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))


class Did(NamedTuple):
    """Something that the person does, so long after START: a track call; of the name `$identify` one of identify, with traits."""

    at: str
    event: str
    properties: Mapping[str, Any] = {}
    timezone: str = ""
    """Of the device, in the event's context."""


class Went(NamedTuple):
    """One time through the journey.

    path    step by step what the journey's row says of it: `<step>: <way>` of branches, splits and of holds that ended,
            `<step>: timed out`, `<step>: skipped <reason>`, else `<step>: <outcome>`. A wait is `<step>: waiting`. What a message
            was held for is not told, only what became of it; a hold in which they still are is `<step>: holding`
    ended   why it is over, "" for whoever is still inside at the end of the story
    key     the occasion
    goal    whether they reached the goal
    """

    path: Sequence[str]
    ended: str = "completed"
    key: str = ""
    goal: bool = False


class Story(NamedTuple):
    """One person in one journey.

    name      of the story; unique, and part of the journey's name
    document  the journey's; templates, topics and segments are those of HOUSE and of `also`
    did       in order of time
    went      each time that they entered, in that order; () when they never did
    sent      templates of the messages that they got from this journey, in order
    until     when the story ends: the clock has been moved so far
    also      kind → name → document of further definitions
    exact     walked, not lived: it turns on single milliseconds, which no machine's clock can be set to, or on entries that are
              over for so long that a profile has forgotten them
    """

    name: str
    document: Mapping[str, Any]
    did: Sequence[Did]
    went: Sequence[Went]
    sent: Sequence[str] = ()
    until: str = "9d"
    also: Mapping[str, Mapping[str, Mapping[str, Any]]] = {}
    exact: bool = False

    @property
    def journey(self) -> str:
        """The name of its journey."""
        return "story-" + re.sub("[^a-z0-9]+", "-", self.name.lower()).strip("-")[:50]

    @property
    def who(self) -> str:
        """The person."""
        return "s" + self.journey.removeprefix("story-").replace("-", "")

    @property
    def phone(self) -> str:
        """A number of theirs alone."""
        return f"+3361{zlib.crc32(self.who.encode()) % 10**7:07}"

    def fill(self, value: Any) -> Any:
        """What stands between braces, filled in, anywhere in a JSON value."""
        if isinstance(value, str):
            return value.replace("{who}", self.who).replace("{phone}", self.phone).replace("{journey}", self.journey)
        if isinstance(value, Mapping):
            return {name: self.fill(one) for name, one in value.items()}
        return [self.fill(one) for one in value] if isinstance(value, list | tuple) else value


TOPICS = {"stories": {"title": "Stories", "channels": ["email", "sms", "push"],
                      "sender": {"address": "news@shop.example.com", "name": "Shop"}}}
_MAIL = {"channel": "email", "subject": "Hello",
         "html": '<html><body><p>Hello</p><a href="{{ links.unsubscribe }}">Unsubscribe</a></body></html>'}
TEMPLATES = {"reminder": _MAIL, "offer": {**_MAIL, "subject": "An offer"}, "thanks": {**_MAIL, "subject": "Thank you"},
             "text": {"channel": "sms", "text": "Hello. STOP to end"}}
HOUSE = {"topics": TOPICS, "templates": TEMPLATES}
"""Kind → name → document: what every story may use."""

KNOWN = (Did("0m", "$identify", {"email": "{who}@shop.example.com", "phone": "{phone}"}),)
"""Somebody who can be reached, and agreed to nothing."""
AGREED = (*KNOWN, *(Did("1s", "Consent Updated", {
    "channel": channel, "topic": "stories", "state": "subscribed", "source": "test"}) for channel in ("email", "sms")))
"""Somebody who can be reached, and agreed to be."""


def journey(trigger: Mapping[str, Any] | str, *steps: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A document; `trigger` of a text is the event of that name, with every time that it happens."""
    if isinstance(trigger, str):
        trigger, more = {"type": "event", "event": trigger}, {"entry": {"again": "always"}, **more}
    return {"trigger": trigger, "steps": list(steps), "topic": "stories", **more}


def send(name: str, template: str = "reminder", **more: Any) -> dict[str, Any]:
    return {"type": "send", "name": name, "template": template, **more}


def wait(name: str, duration: str, **more: Any) -> dict[str, Any]:
    return {"type": "wait", "name": name, "for": duration, **more}


def hold(name: str, timeout: str, *until: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "hold", "name": name, "timeout": timeout, "until": list(until), **more}
