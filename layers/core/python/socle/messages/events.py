"""What happens to a message, as an event of the person: the one builder of them all. Pure."""

from __future__ import annotations

from typing import Any

from socle.events.model import Event
from socle.messages.model import Message
from socle.segments.plan import MESSAGE_EVENTS

SOURCE = "socle"
"""Source of the events that Socle itself makes."""
MAX_TEXT = 500
"""Characters of a property: a server's diagnosis may be long."""


def event_name(channel: str, action: str) -> str:
    """The name under which segments look for it; `Webhook Sent` and the like where they know none."""
    return MESSAGE_EVENTS.get((channel, action)) or f"{channel.capitalize()} {action.capitalize()}"


def message_event(message: Message, name: str, at: int, message_id: str, received: int, **extra: Any) -> Event:
    """The event `name` of a message at `at` (epoch ms). The same `at` and `message_id` make the same event, whoever makes it.

    received  when Socle learnt of it, epoch ms
    extra     further properties; None and "" are left out, long texts cut
    """
    properties: dict[str, Any] = {
        "message": message.tag, "channel": message.channel, "campaign": message.campaign, "run": message.run,
        "variant": message.variant, "topic": message.topic, "domain": message.domain, **extra}
    shown = {key: value[:MAX_TEXT] if isinstance(value, str) else value
             for key, value in properties.items() if value is not None and value != ""}
    return Event(at, message_id, 0, min(at, received), received, SOURCE, "track", name, (message.who,), {"properties": shown})


def sent_event(message: Message, received: int) -> Event:
    """That it was sent: as of its claim, so that whoever learns of it, from SES's answer or from its event, says the same."""
    return message_event(message, event_name(message.channel, "sent"), message.at, f"{message.tag}.sent", received)
