"""The services of consent and suppressions, for the routes of consent.py."""

from __future__ import annotations

from functools import cached_property

from socle.consent.service.record import ConsentRecord
from socle.consent.service.suppressions import Suppressions
from socle.consent.store import Standings
from socle.consent.topics import TOPICS, topics_of
from socle.definitions.service import Among
from socle.events.store import EventStream
from socle.forms.document import FORMS
from socle.forms.service.checks import TopicChecks
from socle.messages.rules import KIND as SENDING_RULES
from socle.profiles.service import Profiles
from socle.profiles.store import ProfileStore

from .clients import Clients


class ConsentServices(Clients):
    """Of one deployment."""

    @cached_property
    def consent(self) -> ConsentRecord:
        profiles = ProfileStore(self._dynamodb, self._settings.profiles_table)
        return ConsentRecord(self.standings, profiles, EventStream(self._settings.stream_name, self._kinesis),
                             lambda: topics_of(self._definition_store.list_current(TOPICS)), Profiles(profiles))

    def among_topics(self) -> dict[str, Among]:
        """What is asked of topics, forms and sending rules before they are written or deleted, by kind."""
        return dict.fromkeys((TOPICS, FORMS, SENDING_RULES), TopicChecks(self._definition_store))

    @cached_property
    def suppressions(self) -> Suppressions:
        return Suppressions(self.standings)

    @cached_property
    def standings(self) -> Standings:
        return Standings(self._dynamodb, self._settings.profiles_table, self._settings.definitions_table)
