"""The parts of a message for one person, put together and made safe for where they go. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from socle.messages.model import Hook, Mail, Push, Text
from socle.templates.body import squeezed
from socle.templates.context import GAPS
from socle.templates.model import Lookups, MessageLinks, Unrenderable
from socle.templates.parts import Part, Values, rendered

MAX_SUBJECT = 500
"""Characters; the inbox shows some 60."""
MAX_HOOK = 256 * 1024
"""Bytes of JSON."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class NoLinks:
    """Links for looking at a message: they lead where they lead, and do nothing."""

    unsubscribe, preferences, confirm, pixel = "#unsubscribe", "#preferences", "#confirm", ""

    def click(self, url: str, number: int) -> str:
        """The URL as it is."""
        return url

    def survey(self, name: str) -> str:
        """A place on the page."""
        return f"#survey-{name}"


class _NoLookups:
    def item(self, type_: str, id_: str) -> dict[str, Any] | None:
        return None

    def coupon(self, pool: str) -> str:
        return "COUPON"


NO_LOOKUPS: Lookups = _NoLookups()
"""An empty catalogue, and a code that is none."""


_NAMES = ("unsubscribe", "preferences", "confirm", "pixel")


class LinkNames(Mapping[str, str]):
    """`links` in a template; an address is made when it is asked for."""

    def __init__(self, links: MessageLinks) -> None:
        self._links = links

    def __getitem__(self, name: str) -> str:
        if name not in _NAMES:
            raise KeyError(name)
        return str(getattr(self._links, name))

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


def mail(parts: Mapping[str, Part], scope: dict[str, Any], squeeze: bool) -> Mail:
    """An e-mail; `squeeze`: its text was made from the HTML, where the Liquid between leaves empty lines."""
    subject = one_line(rendered(parts["subject"], scope, "subject"))
    if not subject and GAPS not in scope:
        raise Unrenderable("empty", "the subject is empty: give what it is made of a `default`", "subject")
    if len(subject) > MAX_SUBJECT:
        raise Unrenderable("too_long", f"the subject has {len(subject):,} characters, {MAX_SUBJECT} are allowed", "subject")
    html = rendered(parts["html"], scope, "html")
    text = rendered(parts["text"], scope, "text")
    text = squeezed(text) if squeeze else text.strip()
    if not text and html.count("<img") < 2 and GAPS not in scope:  # one of them is the pixel
        raise Unrenderable("empty", "the message is empty: nothing is left of it for this person", "html" if html else "text")
    return Mail(subject, html, text)


def sms(part: Part, scope: dict[str, Any]) -> Text:
    """An SMS."""
    return Text(_filled(rendered(part, scope, "text"), "text", scope))


def push(parts: Mapping[str, Part], data: Values, scope: dict[str, Any]) -> Push:
    """A push notification; where it leads is in its data as `link`."""
    title = _filled(one_line(rendered(parts["title"], scope, "title")), "title", scope)
    body = _filled(rendered(parts["body"], scope, "body"), "body", scope)
    values = {key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
              for key, value in data.rendered(scope).items()}
    link = rendered(parts["link"], scope, "link").strip()
    return Push(title, body, {**values, "link": link} if link else values)


def webhook(body: Values, scope: dict[str, Any]) -> Hook:
    """The body of a call."""
    value = body.rendered(scope)
    if len(json.dumps(value, ensure_ascii=False, default=str).encode()) > MAX_HOOK:
        raise Unrenderable("too_long", f"the body has more than {MAX_HOOK:,} bytes", "body")
    return Hook(value)


def one_line(text: str) -> str:
    """Without line breaks and other control characters: it becomes a header, which would end there."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _filled(text: str, field: str, scope: Mapping[str, Any]) -> str:
    text = text.strip()
    if not text and GAPS not in scope:
        raise Unrenderable("empty", f"the {field} is empty: give what it is made of a `default`", field)
    return text
