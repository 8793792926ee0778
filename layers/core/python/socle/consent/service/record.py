"""Consent that is said otherwise: by SMS, or to staff; and what is known of a person's, with its proof."""

from __future__ import annotations

from typing import Any, Protocol

from socle.consent.addresses import addresses
from socle.consent.events import CONFIRM, consent_event
from socle.consent.model import ALL, FREE, PENDING, SUBSCRIBED, UNSUBSCRIBED
from socle.consent.resolve import answer
from socle.consent.service.choices import Topics
from socle.consent.service.people import Stream, find, put
from socle.consent.store import Standings
from socle.errors import NotFound, Rejected
from socle.events.model import Event
from socle.identity.model import PHONE
from socle.iso import to_iso
from socle.messages.address import address_of
from socle.messages.model import EMAIL, SMS, Address
from socle.profiles.fold import CONSENT_UPDATED
from socle.profiles.model import Aggregate, Snapshot
from socle.profiles.store import ProfileStore
from socle.profiles.view import event_view

MAX_PROOFS = 500
"""Events that are shown, the newest."""


class Histories(Protocol):
    """Where the events of a person are read."""

    def history(self, root: Aggregate) -> list[Event]: ...


class ConsentRecord:
    """Consent of people by their profile or number. Raises Unavailable in an outage."""

    def __init__(self, standings: Standings, profiles: ProfileStore, stream: Stream, topics: Topics,
                 histories: Histories | None = None) -> None:
        self._standings = standings
        self._profiles = profiles
        self._stream = stream
        self._topics = topics
        self._histories = histories

    def read(self, profile: str) -> dict[str, Any]:
        """State of each channel and topic of a person, their addresses, and the events that are the proof. Raises NotFound."""
        somebody = find(self._profiles, profile)
        if somebody is None:
            raise _unknown()
        snapshot = somebody.root.snapshot
        own = addresses(snapshot)
        standings = self._standings.load(own)
        offered = {(channel, name) for name, topic in self._topics().items() for channel in topic.channels}
        items = []
        for channel, topic in sorted({*snapshot.consent, *offered}):
            reached = reach(snapshot, channel)
            found = answer(snapshot.consent, channel, topic, standings.get(reached, FREE) if reached else FREE)
            register = snapshot.consent.get((channel, topic))
            items.append({
                "channel": channel, "topic": topic or None, "state": found.state, "address": reached.value if reached else None,
                "at": to_iso(register.at) if register else None,
                "source": str(register.value["source"]) if register and "source" in register.value else None,
                "text_version": str(register.value["text_version"]) if register and "text_version" in register.value else None})
        history = self._histories.history(somebody.root) if self._histories else []
        events = [one for one in history if one.name == CONSENT_UPDATED and one.type == "track"]
        events.sort(key=lambda one: (one.received, one.key), reverse=True)
        return {"profile": somebody.root.id, "items": items, "proof": [event_view(one) for one in events[:MAX_PROOFS]],
                "addresses": [{
                    "channel": one.channel, "address": one.value, "suppressed": standings[one].reason or None,
                    "withdrawn": [{"topic": topic or None, "at": to_iso(at)}
                                  for topic, at in sorted(standings[one].withdrawn.items())]} for one in own]}

    def record(self, profile: str, channel: str, topic: str, state: str, source: str, text_version: str, now: int) -> str:
        """Write down what a person told staff; answers the state that it becomes: a subscription to a topic that wants double
        opt-in is pending until the link in a mail is confirmed. Raises NotFound, Rejected."""
        somebody = find(self._profiles, profile)
        if somebody is None:
            raise _unknown()
        known = self._topics().get(topic)
        if topic and (known is None or channel not in known.channels):
            raise Rejected("unknown_topic", f"there is no topic {topic!r} on {channel}: GET /api/topics lists them", "topic")
        reached = reach(somebody.root.snapshot, channel)
        at = now
        if state == UNSUBSCRIBED:
            for one in addresses(somebody.root.snapshot):
                if one.channel == channel:
                    self._standings.withdraw(one, topic, now)
        elif reached is not None:
            at = max(now, self._standings.load([reached])[reached].vetoed(topic) + 1)
        confirms = state == SUBSCRIBED and channel == EMAIL and known is not None and known.double_opt_in
        put(self._stream, [consent_event(
            somebody.who, channel, topic, PENDING if confirms else state, at, source=source,
            text_version=text_version or (known.text_version if known and state != UNSUBSCRIBED else ""),
            address=reached.value if reached else "", **({CONFIRM: True} if confirms else {}))])
        return PENDING if confirms else state

    def stopped(self, phone: str, now: int) -> None:
        """STOP from a number (E.164): nothing more by SMS, for the number at once, and for whoever it belongs to."""
        self._standings.withdraw(Address(SMS, phone), ALL, now)
        if (PHONE, phone) in self._profiles.owners([(PHONE, phone)]):
            put(self._stream, [consent_event((PHONE, phone), SMS, ALL, UNSUBSCRIBED, now, source="sms", address=phone)])

    def started(self, phone: str, now: int) -> None:
        """START from a number: what its person had subscribed to before STOP is theirs again, and the channel."""
        owner = self._profiles.owners([(PHONE, phone)]).get((PHONE, phone))
        somebody = find(self._profiles, owner.profile) if owner else None
        if somebody is None:
            return  # nobody knows what they once asked for: a sign-up says it anew
        address = Address(SMS, phone)
        standing = self._standings.load([address])[address]
        granted = [topic for (channel, topic), register in somebody.root.snapshot.consent.items()
                   if channel == SMS and topic != ALL and register.value["state"] == SUBSCRIBED]
        put(self._stream, [
            consent_event((PHONE, phone), SMS, topic, SUBSCRIBED, max(now, standing.vetoed(topic) + 1), source="sms",
                          address=phone) for topic in (ALL, *sorted(granted))])


def reach(snapshot: Snapshot, channel: str) -> Address | None:
    """The address by which a person is reached; None when there is none, or none that can be one."""
    try:
        return address_of(snapshot, channel)
    except Rejected:
        return None


def _unknown() -> NotFound:
    return NotFound("unknown_profile", "there is no such profile; it may have been erased", "id")
