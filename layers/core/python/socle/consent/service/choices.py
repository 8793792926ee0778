"""What people decide by the links in their messages. A withdrawal is a row first of all: once it is answered, it holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple, Protocol

from socle.consent.events import consent_event
from socle.consent.model import ALL, SUBSCRIBED, UNSUBSCRIBED, Standing
from socle.consent.resolve import answer
from socle.consent.service.people import Somebody, Stream, find, put
from socle.consent.store import Standings
from socle.consent.topics import TopicDocument
from socle.errors import Rejected
from socle.events.model import Event
from socle.links.model import Claims
from socle.messages.events import event_name, message_event
from socle.messages.model import Message
from socle.profiles.store import ProfileStore

Topics = Callable[[], Mapping[str, TopicDocument]]
"""All topics by name."""


class Ledger(Protocol):
    """Where messages are remembered."""

    def get(self, profile: str, key: str) -> Message | None: ...


class Counters(Protocol):
    """Where a campaign's numbers are kept."""

    def add(self, campaign: str, run: str, counts: Mapping[tuple[str, str], int]) -> dict[str, int]: ...


class Seen(NamedTuple):
    """What somebody gets.

    somebody    None when they are not known any more
    states      topic → state, of those that they may choose from
    suppressed  whether nothing is sent to the address, whatever they choose
    """

    somebody: Somebody | None
    states: Mapping[str, str]
    suppressed: bool = False


class Choices:
    """Each method takes the verified claims of a link, and raises Unavailable in an outage: then the caller repeats it.

    Events are put last. A withdrawal whose event was not put holds already, and repeating it puts the event.
    """

    def __init__(self, standings: Standings, profiles: ProfileStore, stream: Stream, topics: Topics, ledger: Ledger,
                 counters: Counters) -> None:
        self._standings = standings
        self._profiles = profiles
        self._stream = stream
        self._topics = topics
        self._ledger = ledger
        self._counters = counters

    def unsubscribe(self, claims: Claims, source: str, now: int, topic: str | None = None) -> None:
        """End the link's topic (or `topic`) for its address and its person. Also when the person is not known any more."""
        topic = claims.topic if topic is None else topic
        place = claims.channel, claims.address
        before = self._standings.load([place])[place]
        self._standings.withdraw(place, topic, now)
        message = self._ledger.get(claims.profile, claims.key) if claims.key else None
        somebody = find(self._profiles, claims.profile, place)
        if somebody is None:
            return
        # Of what led there one event, whoever clicks twice; the time of the consent is each click's own.
        events = [self._consent(somebody, claims, topic, UNSUBSCRIBED, source, now, message.tag if message else "")]
        if message is not None:
            at = max(now, message.at)
            events.append(message_event(message, event_name(message.channel, "unsubscribed"), message.at,
                                        f"{message.tag}.unsubscribed", at, source=source)._replace(at=at))
        put(self._stream, events)
        if message is not None and message.campaign and before.vetoed(topic) < message.at:
            self._counters.add(message.campaign, message.run, {(message.variant, "unsubscribed"): 1})

    def see(self, claims: Claims) -> Seen:
        """What the address of a link gets."""
        place = claims.channel, claims.address
        standing = self._standings.load([place])[place]
        somebody = find(self._profiles, claims.profile, place)
        return self._seen(claims, somebody, standing)

    def choose(self, claims: Claims, wanted: Collection[str], shown: Collection[str], now: int) -> tuple[Seen, bool]:
        """Subscribe to what is wanted of what was shown, unsubscribe from the rest of it; and whether that changed anything.

        The link was sent to the address itself, which proves whose it is: what double opt-in asks for is done by it.
        """
        place = claims.channel, claims.address
        standing = self._standings.load([place])[place]
        seen = self._seen(claims, find(self._profiles, claims.profile, place), standing)
        if seen.somebody is None:
            return seen, False
        states, events = dict(seen.states), []
        consents = seen.somebody.root.snapshot.consent
        for topic in sorted(set(shown) & set(states)):
            after, at = SUBSCRIBED if topic in wanted else UNSUBSCRIBED, now
            if after == SUBSCRIBED:
                if states[topic] == SUBSCRIBED:
                    continue
                at = max(now, standing.vetoed(topic) + 1)  # another machine's clock may have been ahead
            elif answer(consents, claims.channel, topic).state != SUBSCRIBED:
                # By the person's own word, not by the row: whose event was lost says it again.
                continue
            else:
                self._standings.withdraw(place, topic, now)
            events.append(self._consent(seen.somebody, claims, topic, after, "preferences", at))
            states[topic] = after
        put(self._stream, events)
        return seen._replace(states=states), bool(events)

    def leave(self, claims: Claims, now: int) -> Seen:
        """Unsubscribe from everything on the channel."""
        self.unsubscribe(claims, "preferences", now, ALL)
        seen = self.see(claims)
        return seen._replace(states=dict.fromkeys(seen.states, UNSUBSCRIBED))

    def confirm(self, claims: Claims, now: int) -> None:
        """Let the subscription of a confirmation link count. Raises Rejected(`gone`, 410) when its person is not known now."""
        place = claims.channel, claims.address
        somebody = find(self._profiles, claims.profile, place)
        if somebody is None or not somebody.address:
            raise Rejected("gone", "we no longer know this address: subscribe again", "token", 410)
        standing = self._standings.load([place])[place]
        at = max(now, standing.vetoed(claims.topic) + 1)
        put(self._stream, [self._consent(somebody, claims, claims.topic, SUBSCRIBED, "confirmation", at)])

    def _seen(self, claims: Claims, somebody: Somebody | None, standing: Standing) -> Seen:
        if somebody is None:
            return Seen(None, {}, bool(standing.reason))
        consents, topics = somebody.root.snapshot.consent, self._topics()
        found = {name: answer(consents, claims.channel, name, standing).state
                 for name, topic in topics.items() if claims.channel in topic.channels}
        # What they once subscribed to is shown even where it is not offered: they can end it.
        return Seen(somebody, {name: state for name, state in found.items() if topics[name].visible or state == SUBSCRIBED},
                    bool(standing.reason))

    def _consent(self, somebody: Somebody, claims: Claims, topic: str, state: str, source: str, at: int,
                 message: str = "") -> Event:
        known = self._topics().get(topic)
        return consent_event(somebody.who, claims.channel, topic, state, at, source=source,
                             text_version=known.text_version if known and state == SUBSCRIBED else "",
                             address=somebody.address or claims.address, message=message)
