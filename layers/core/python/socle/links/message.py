"""The links of one message: each signed, each bound to the person and the message that it stands in. Pure.

What a token holds can be read by whoever has it: ids, digests, the target. It holds no name and no address.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from socle.errors import Rejected
from socle.links.model import CLICK, CONFIRM, GOOD_FOR, OPEN, PATHS, PREFERENCES, SURVEY, UNSUBSCRIBE, Claims
from socle.links.target import target
from socle.links.token import Keys, sign
from socle.messages.model import Message
from socle.templates.model import Unrenderable

UTM = ("source", "medium", "campaign", "content", "term", "id")
"""Campaign parameters, as analytics tools know them: https://support.google.com/analytics/answer/10917952"""


def url_of(keys: Keys, public_url: str, claims: Claims) -> str:
    """The address of a signed link. `public_url` is where serve_public is reached, with or without a slash at its end."""
    return f"{public_url.rstrip('/')}/{PATHS[claims.kind]}/{sign(keys, claims)}"


class Links:
    """MessageLinks of one message. The same message has the same links, whoever makes them, whenever.

    utm   campaign parameters by name without `utm_`, such as {"source": "newsletter", "medium": "email"}
    """

    def __init__(self, keys: Keys, public_url: str, message: Message, *, utm: Mapping[str, str] | None = None) -> None:
        self._keys = keys
        self._public_url = public_url
        self._message = message
        self._clicks: dict[tuple[str, int], str] = {}
        self._utm = tuple((name, (utm or {})[name]) for name in UTM if (utm or {}).get(name))

    @cached_property
    def unsubscribe(self) -> str:
        """Ends the message's topic (without one: the channel) for its address. Also the URL of List-Unsubscribe."""
        return self._url(self._about_consent(UNSUBSCRIBE, self._message.topic))

    @cached_property
    def preferences(self) -> str:
        """Where the person sees and changes what this address gets."""
        return self._url(self._about_consent(PREFERENCES, ""))

    @cached_property
    def confirm(self) -> str:
        """Where a pending subscription to the message's topic is confirmed."""
        return self._url(self._about_consent(CONFIRM, self._message.topic))

    @cached_property
    def pixel(self) -> str:
        """The image that tells of an open."""
        return self._url(self._claims(OPEN))

    def click(self, url: str, number: int) -> str:
        """The signed way to `url`. Links to mail, phone and SMS stay what they are.

        Raises Unrenderable(`bad_link`, `link_too_long`).
        """
        # HTML and text of a mail have the same links: each is signed once.
        found = self._clicks.get((url, number))
        if found is None:
            found = self._clicks[url, number] = self._click(url, number)
        return found

    def _click(self, url: str, number: int) -> str:
        try:
            where = target(url, self._utm)
        except Unrenderable as error:
            raise Unrenderable(error.code, f"link {number}: {error.message}", error.field) from error
        if where is None:
            return url
        try:
            return self._url(self._claims(CLICK)._replace(url=where, number=number))
        except Rejected as error:
            raise Unrenderable(error.code, error.message, error.field) from error

    def survey(self, name: str) -> str:
        """Where the survey `name` is answered."""
        return self._url(self._claims(SURVEY)._replace(survey=name))

    def _claims(self, kind: str) -> Claims:
        message = self._message
        return Claims(kind, message.profile, message.at + GOOD_FOR[kind], message.key, message.attempt)

    def _about_consent(self, kind: str, topic: str) -> Claims:
        return self._claims(kind)._replace(channel=self._message.channel, address=self._message.address, topic=topic)

    def _url(self, claims: Claims) -> str:
        return url_of(self._keys, self._public_url, claims)
