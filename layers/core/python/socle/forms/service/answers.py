"""Take what people sent by a form or a survey: check, decide what it means for consent, put it on the stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from socle.consent.addresses import KINDS
from socle.consent.events import CONFIRM, consent_event
from socle.consent.model import FREE, PENDING, SUBSCRIBED, UNSUBSCRIBED
from socle.consent.resolve import answer
from socle.consent.service.people import Stream, find, put
from socle.consent.store import Standings
from socle.consent.topics import TopicDocument
from socle.errors import Rejected
from socle.events.model import Event
from socle.forms.check import Filled
from socle.forms.document import FormDocument, SurveyDocument
from socle.forms.events import answered, submitted
from socle.links.model import Claims
from socle.messages.model import EMAIL, Address
from socle.profiles.store import ProfileStore


class Visitor(NamedTuple):
    """Of whoever sent a form: `once` is the number of that form as it was shown, `agent` and `locale` are the browser's."""

    once: str
    agent: str
    locale: str


class Forms:
    """Raises Unavailable in an outage: then the same may be sent again."""

    def __init__(self, standings: Standings, profiles: ProfileStore, stream: Stream,
                 topics: Callable[[], Mapping[str, TopicDocument]]) -> None:
        self._standings = standings
        self._profiles = profiles
        self._stream = stream
        self._topics = topics

    def submit(self, name: str, form: FormDocument, filled: Filled, visitor: Visitor, now: int) -> bool:
        """Take a form without faults; True when a mail will ask to confirm. Raises Rejected for what no event can hold."""
        events = submitted(name, form, filled, visitor.once, visitor.agent, visitor.locale, now)
        confirms = False
        for topic, channel in filled.topics:
            value = filled.email if channel == EMAIL else filled.phone
            known = self._topics().get(topic)
            if value is None or known is None or channel not in known.channels:
                continue
            consent = self._consent(name, Address(channel, value), topic, known, now)
            if consent is not None:
                events.append(consent)
                confirms |= CONFIRM in consent.body["properties"]
        put(self._stream, events)
        return confirms

    def answer(self, claims: Claims, survey: SurveyDocument, score: int, comment: str, campaign: str, now: int) -> None:
        """Take the answer to a survey. Raises Rejected(`gone`, 410) when the person is not known any more."""
        somebody = find(self._profiles, claims.profile)
        if somebody is None:
            raise Rejected("gone", "we no longer have anything about you: your answer is not kept", "token", 410)
        put(self._stream, [answered(somebody.who, claims, survey, score, comment, campaign, now)])

    def _consent(self, form: str, address: Address, topic: str, document: TopicDocument, now: int) -> Event | None:
        """What a ticked box means; None when the subscription stands already.

        Anybody can type anybody's address. So where the topic wants double opt-in, or where this address or its person has
        unsubscribed before, a mail to the address asks first; by SMS only START from the phone itself brings back.
        """
        who = KINDS[address.channel], address.value
        owner = self._profiles.owners([who]).get(who)
        somebody = find(self._profiles, owner.profile) if owner else None
        standing = self._standings.load([address]).get(address, FREE)
        consents = somebody.root.snapshot.consent if somebody else {}
        before = answer(consents, address.channel, topic, standing).state
        asks = before == UNSUBSCRIBED or (document.double_opt_in and address.channel == EMAIL)
        if asks and before == SUBSCRIBED:
            return None
        extra = {CONFIRM: True} if asks and address.channel == EMAIL else {}
        return consent_event(who, address.channel, topic, PENDING if asks else SUBSCRIBED, now, source=f"form/{form}",
                             text_version=document.text_version, address=address.value, **extra)
