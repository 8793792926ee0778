"""What the pages work with, made once per container; definitions are looked at again every minute."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any

from socle import clock
from socle.assets.store import AssetStore
from socle.aws import Client, client
from socle.cached import Cached
from socle.campaigns.store import Counters
from socle.consent.service.choices import Choices
from socle.consent.store import Standings
from socle.consent.topics import TOPICS, TopicDocument, topics_of
from socle.definitions.store import DefinitionStore
from socle.events.store import EventStream
from socle.forms.document import FORMS, SURVEYS, FormDocument, SurveyDocument
from socle.forms.service.answers import Forms
from socle.links.model import Claims
from socle.links.store import KeyStore
from socle.links.token import Keys
from socle.messages.store import Ledger
from socle.pages.model import Look
from socle.profiles.store import ProfileStore
from socle.settings import MessagesSettings
from socle.templates.shared import BRAND, BrandDocument

_LIFETIME = clock.MINUTE
_DEFAULT = "default"
"""As socle.definitions.kinds calls the one document of a kind; to import all kinds for it takes too long."""


class Site:
    """The public pages of one deployment."""

    def __init__(self, settings: MessagesSettings) -> None:
        self._settings = settings
        self._definitions = DefinitionStore(self._dynamodb, settings.definitions_table)
        self._keys = KeyStore(client("secretsmanager"), settings.links_secret_arn, clock.now)
        self.look = Cached(self._look, _LIFETIME, clock.now)
        self.topics = Cached(self._topics, _LIFETIME, clock.now)

    def keys(self) -> Keys:
        """What links are signed with."""
        return self._keys()

    def form(self, name: str) -> FormDocument | None:
        """A form, None when there is none."""
        found = self._document(FORMS, name)
        return None if found is None else FormDocument.model_validate(found)

    def survey(self, name: str) -> SurveyDocument | None:
        """A survey, None when there is none."""
        found = self._document(SURVEYS, name)
        return None if found is None else SurveyDocument.model_validate(found)

    @cached_property
    def profiles(self) -> ProfileStore:
        """People."""
        return ProfileStore(self._dynamodb, self._settings.profiles_table)

    @cached_property
    def choices(self) -> Choices:
        """What people decide."""
        return Choices(self._standings, self.profiles, self._stream, self.topics, self._ledger,
                       Counters(self._dynamodb, self._settings.definitions_table))

    @cached_property
    def forms(self) -> Forms:
        """What people fill in."""
        return Forms(self._standings, self.profiles, self._stream, self.topics)

    @cached_property
    def assets(self) -> AssetStore:
        """Images."""
        return AssetStore(client("s3"), self._settings.bucket)

    @cached_property
    def _dynamodb(self) -> Client:
        return client("dynamodb")

    def campaign_of(self, claims: Claims) -> str:
        """The campaign whose message a link stood in, "" when it was none, or is not remembered."""
        message = self._ledger.get(claims.profile, claims.key) if claims.key else None
        return message.campaign if message else ""

    @cached_property
    def _ledger(self) -> Ledger:
        return Ledger(self._dynamodb, self._settings.profiles_table)

    @cached_property
    def _stream(self) -> EventStream:
        return EventStream(self._settings.stream_name)

    @cached_property
    def _standings(self) -> Standings:
        return Standings(self._dynamodb, self._settings.profiles_table)

    def _document(self, kind: str, name: str) -> Mapping[str, Any] | None:
        found = self._definitions.current(kind, name)
        return None if found is None else found.document

    def _look(self) -> Look:
        brand = BrandDocument.model_validate(self._document(BRAND, _DEFAULT) or {})
        contact = brand.reply_to or (brand.sender.address if brand.sender else "")
        return Look(brand.name, brand.logo or "", brand.url, contact, brand.colors, brand.locale)

    def _topics(self) -> dict[str, TopicDocument]:
        return topics_of(self._definitions.list_current(TOPICS))


@cache
def get() -> Site:
    """The pages of this deployment."""
    return Site(MessagesSettings.from_env())
