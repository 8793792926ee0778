"""Double opt-in: ask by mail, once a day at most, whether the owner of an address wants what was asked for in its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from socle.consent.model import PENDING
from socle.consent.resolve import answer
from socle.consent.service.people import language
from socle.consent.topics import TopicDocument
from socle.events.model import Event
from socle.messages.model import EMAIL, TRANSACTIONAL, Address
from socle.pages.model import language_of
from socle.profiles.model import Aggregate
from socle.templates.builtin import CONFIRMATION

_DAY = 86_400_000

Send = Callable[[dict[str, Any]], dict[str, Any]]
"""Sends a single message (the fields of socle.messages.service.single.Request)."""


class Confirmations:
    """For run_effects. `topics` are all topics by name, `send` sends a single message, `default` is the brand's language."""

    def __init__(self, topics: Callable[[], Mapping[str, TopicDocument]], send: Send, default: Callable[[], str]) -> None:
        self._topics = topics
        self._send = send
        self._default = default

    def ask(self, root: Aggregate, event: Event) -> bool:
        """Send the mail that a pending consent asks for. False when it is not pending any more, or the topic is gone.

        However often a form is sent in somebody's name, they get one mail a day about a topic: its key is the day's. Raises
        Unavailable, and Rejected when it can't be sent until somebody mends a definition.
        """
        properties = event.body["properties"]
        topic, address = str(properties["topic"]), Address(EMAIL, str(properties.get("address") or ""))
        known = self._topics().get(topic)
        if known is None or answer(root.snapshot.consent, EMAIL, topic).state != PENDING:
            return False
        words = known.shown(language_of(language(root.snapshot), self._default()))
        self._send({
            "template": CONFIRMATION, "profile": root.id, "topic": topic, "purpose": TRANSACTIONAL,
            "key": f"confirm/{topic}/{address.digest}/{event.received // _DAY}",
            "data": {"topic": words.title, "text": words.text}})
        return True
