"""A consent as an event of the person: what was said, when, where, and in answer to which words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socle.consent.model import ALL
from socle.events.model import Event, Identifier
from socle.messages.events import SOURCE
from socle.messages.model import EMAIL
from socle.profiles.fold import CONSENT_UPDATED

CONFIRM = "confirm"
"""Property of a pending consent that asks for a mail with a link to confirm it; only of events that Socle makes itself, for
whoever holds the write key of a web page could otherwise have mails sent to anybody."""


def consent_event(who: Identifier, channel: str, topic: str, state: str, at: int, *, source: str, text_version: str = "",
                  **extra: Any) -> Event:
    """`Consent Updated` at `at` (epoch ms). The same consent at the same moment is one event.

    topic         ALL for the whole channel
    source        where it was said: `one_click`, `unsubscribe_page`, `preferences`, `confirmation`, `form/<name>`, `sms`, …
    text_version  of the words that it answers
    extra         further properties, such as the `address` and the tag of the `message` that led there; "" are left out
    """
    properties = {"channel": channel, "topic": topic or None, "state": state, "source": source,
                  "text_version": text_version, **extra}
    shown = {name: value for name, value in properties.items() if value not in (None, "")}
    return Event(at, f"consent.{channel}.{topic or '*'}.{state}", 0, at, at, SOURCE, "track", CONSENT_UPDATED, (who,),
                 {"properties": shown})


def asks_to_confirm(event: Event) -> str:
    """The topic of a consent by e-mail that asks for a mail to confirm it; "" of any other event."""
    properties: Mapping[str, Any] = event.body.get("properties") or {}
    asks = event.name == CONSENT_UPDATED and event.source == SOURCE and properties.get(CONFIRM) is True
    return str(properties.get("topic") or ALL) if asks and properties.get("channel") == EMAIL else ""
