"""Topics, forms and sending rules among the others: a topic that they name is there, and stays while it is needed."""

from __future__ import annotations

from typing import Any

from socle.consent.topics import TOPICS
from socle.definitions.store import DefinitionStore
from socle.errors import Rejected
from socle.forms.document import FORMS
from socle.messages.rules import KIND as SENDING_RULES

_CAMPAIGNS, _JOURNEYS = "campaigns", "journeys"


class TopicChecks:
    """For the kinds `topics`, `forms` and `sending-rules`."""

    def __init__(self, definitions: DefinitionStore) -> None:
        self._definitions = definitions

    def check(self, kind: str, name: str, document: dict[str, Any]) -> list[dict[str, str]]:
        """Before it is written. Raises Rejected(`unknown_topic`, `other_channel`, `in_use`)."""
        if kind == TOPICS:
            for user, channel in self._users(name):
                if channel and channel not in document["channels"]:
                    raise Rejected("in_use", f"{user} subscribes to it by {channel}: keep the channel, or change that first",
                                   "channels", status=409)
            return []
        if kind == SENDING_RULES:
            for place, cap in enumerate(document["caps"]):
                if cap["topic"] is not None and self._definitions.current(TOPICS, cap["topic"]) is None:
                    raise Rejected("unknown_topic", f"there is no topic {cap['topic']!r}, so that the cap would never hold: "
                                   f"write it to /api/topics/{cap['topic']} first", f"caps.{place}.topic")
            return []
        for place, box in enumerate(document["topics"]):
            topic = self._definitions.current(TOPICS, box["topic"])
            if topic is None:
                raise Rejected("unknown_topic", f"there is no topic {box['topic']!r}: write it to /api/topics/{box['topic']} "
                               "first", f"topics.{place}.topic")
            if box["channel"] not in topic.document["channels"]:
                raise Rejected("other_channel", f"the topic {box['topic']} is not for {box['channel']}: add it to the topic's "
                               "channels", f"topics.{place}.channel")
        return []

    def release(self, kind: str, name: str) -> None:
        """Before it is deleted. Raises Rejected(`in_use`)."""
        users = sorted({user for user, _ in self._users(name)}) if kind == TOPICS else []
        if users:
            raise Rejected("in_use", f"it is needed by {', '.join(users[:5])}: change or delete these first; to offer it to "
                           "nobody any more, set visible to false", "name", status=409)

    def _users(self, topic: str) -> list[tuple[str, str]]:
        """(what needs the topic, on which channel if that is said)."""
        forms = [(f"forms/{one.name}", str(box["channel"])) for one in self._definitions.list_current(FORMS)
                 for box in one.document["topics"] if box["topic"] == topic]
        rules = [(f"{SENDING_RULES}/{one.name}", "") for one in self._definitions.list_current(SENDING_RULES)
                 for cap in one.document["caps"] if cap["topic"] == topic]
        campaigns = [(f"{_CAMPAIGNS}/{one.name}", "") for one in self._definitions.list_current(_CAMPAIGNS)
                     if one.document.get("topic") == topic]
        journeys = [(f"{_JOURNEYS}/{one.name}", "") for one in self._definitions.list_current(_JOURNEYS)
                    if topic in (one.document.get("topic"), *(step.get("topic") for step in one.document["steps"]))]
        return forms + rules + campaigns + journeys
