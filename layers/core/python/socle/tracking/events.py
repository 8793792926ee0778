"""Visits as events of the person, and their corrections when they turn out to be a machine's. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from socle.events.model import Event
from socle.messages.events import event_name, message_event
from socle.messages.model import Message
from socle.tracking.automated import device_of
from socle.tracking.model import AUTOMATICALLY, Asked, Visit


def visit_event(message: Message, visit: Visit, why: str, asked: Asked, url: str, received: int) -> Event:
    """That it happened: under the name that segments look for, or with AUTOMATICALLY and the reason `why`.

    The link is told without its query, which may hold what is nobody's business; the address that asked is not told at all.
    """
    return message_event(message, _name(message, visit, bool(why)), visit.second, f"{message.tag}.{visit.event_id}", received,
                         link=_bare(url), link_number=visit.number or None, device=device_of(visit.what, asked.agent), reason=why)


def correction(message: Message, visit: Visit, why: str, received: int) -> Event:
    """What is said in the place of a person's visit that was a machine's: the same event, revised."""
    event = message_event(message, _name(message, visit, True), visit.second, f"{message.tag}.{visit.event_id}", received,
                          link_number=visit.number or None, reason=why)
    return event._replace(revision=1)


def _name(message: Message, visit: Visit, automatic: bool) -> str:
    return event_name(message.channel, visit.what) + (AUTOMATICALLY if automatic else "")


def _bare(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
