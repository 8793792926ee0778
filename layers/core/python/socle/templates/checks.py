"""What is odd about a template though it can be rendered: seen before launch instead of in inboxes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import Any, NamedTuple

from liquid import BoundTemplate

from socle.channels import sms
from socle.messages.model import EMAIL, Mail, Rendered, Text
from socle.templates.body import broken
from socle.templates.compile import Compiled
from socle.templates.parts import Part

CLIPPED_FROM = 102 * 1024
"""Bytes of HTML from which Gmail hides the rest behind a link, the unsubscribe link and the pixel with it."""
KNOWN = {"profile", "traits", "event", "orders", "segments", "computed", "rfm", "consent", "accounts", "brand", "campaign",
         "journey", "links", "locale", "timezone", "now", "today", "forloop"}
"""Names that every template has, also when there is nothing behind them."""
_UNSUBSCRIBE = re.compile(r"\{\{-?\s*links\.(unsubscribe|preferences)\b")
_LINKS = {"unsubscribe", "preferences", "confirm", "pixel"}
_ASSET = re.compile(r"(['\"])([^'\"]*)\1\s*\|\s*asset_url\b")
_POOL = re.compile(r"(['\"])([^'\"]*)\1\s*\|\s*coupon\b")
_SURVEY = re.compile(r"(['\"])([^'\"]*)\1\s*\|\s*survey_url\b")
_GOOD = ("http://", "https://", "mailto:", "tel:", "sms:", "#")


class Oddity(NamedTuple):
    """One thing that may not be what was meant."""

    field: str
    message: str


def oddities(compiled: Compiled) -> list[Oddity]:
    """What the template itself shows, whoever gets it."""
    found = list(_unknown_names(compiled.parts))
    if compiled.channel != EMAIL:
        return found
    source = compiled.html
    if not _UNSUBSCRIBE.search(source or compiled.text):
        found.append(Oddity("html", "there is no link to unsubscribe, which a marketing mail needs: "
                                    '<a href="{{ links.unsubscribe }}">…</a>'))
    if source and compiled.text and not _UNSUBSCRIBE.search(compiled.text):
        found.append(Oddity("text", "the text part has no link to unsubscribe: {{ links.unsubscribe }}"))
    return found + list(_markup(source))


def oddities_of(rendered: Rendered) -> list[Oddity]:
    """What one rendered message shows."""
    if isinstance(rendered, Mail):
        size = len(rendered.html.encode())
        if size > CLIPPED_FROM:
            return [Oddity("html", f"the HTML has {size:,} bytes: Gmail shows the first {CLIPPED_FROM:,} and hides the rest, the "
                                   "unsubscribe link too. Shorten it")]
    if isinstance(rendered, Text):
        measured = sms.measure(rendered.text)
        if measured.parts > sms.MAX_PARTS:
            return [Oddity("text", f"it makes {measured.parts} SMS, at most {sms.MAX_PARTS} are sent: nobody gets it. "
                                   "Shorten it")]
        if measured.parts > 1:
            return [Oddity("text", f"it makes {measured.parts} SMS, each of which is paid for")]
    return []


def assets_in(sources: Iterable[str]) -> set[str]:
    """Names of the assets that Liquid asks for by name."""
    return {found[2] for source in sources for found in _ASSET.finditer(source)}


def pools_in(sources: Iterable[str]) -> set[str]:
    """Names of the coupon pools that Liquid asks for by name."""
    return {found[2] for source in sources for found in _POOL.finditer(source)}


def surveys_in(sources: Iterable[str]) -> set[str]:
    """Names of the surveys that Liquid asks for by name."""
    return {found[2] for source in sources for found in _SURVEY.finditer(source)}


def texts_in(value: Any) -> list[str]:
    """Every text in a document, but what it says of itself."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for key, one in value.items() if key not in ("sample", "description") for text in texts_in(one)]
    return [text for one in value for text in texts_in(one)] if isinstance(value, list) else []


def _unknown_names(parts: Mapping[str, Part]) -> Iterable[Oddity]:
    for field, part in parts.items():
        if not isinstance(part, BoundTemplate):
            continue
        names = part.analyze(include_partials=False).globals
        for name in sorted(set(names) - KNOWN):
            yield Oddity(field, f"{{{{ {name} }}}} is nothing that a template knows: use traits.{name}, event.{name}… or one of "
                                f"{', '.join(sorted(KNOWN - {'forloop'}))}")
        for variable in names.get("links", ()):
            inner = str(variable.segments[1]) if len(variable.segments) > 1 else ""
            if inner not in _LINKS:
                yield Oddity(field, f"{{{{ {variable} }}}} is no link: there are links.unsubscribe and links.preferences")


def _markup(source: str) -> Iterable[Oddity]:
    reader = _Markup()
    reader.feed(re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "…", source, flags=re.DOTALL))
    reader.close()
    for name in dict.fromkeys(reader.without_alt):
        yield Oddity("html", f'the image {name[:100]!r} has no alt text, which many people see in its place: alt="…", or '
                             'alt="" for mere decoration')
    for address in dict.fromkeys(reader.links):
        if not address:
            yield Oddity("html", "a link leads nowhere: its href is empty")
        elif "…" not in address and (not address.startswith(_GOOD) or broken(address)):
            yield Oddity("html", f"the link to {address[:100]!r} is broken: it begins with https:// and has no spaces")
    size = len(source.encode())
    if size > CLIPPED_FROM:
        yield Oddity("html", f"the HTML has {size:,} bytes before anybody's values are in it: Gmail hides what comes after "
                             f"{CLIPPED_FROM:,}. Shorten it")


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.without_alt: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "img" and "alt" not in given:
            self.without_alt.append(given.get("src") or "")
        elif tag in ("a", "area") and "href" in given:
            self.links.append((given["href"] or "").strip())
