"""A public page: what a company's pages look like, and one page as it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

LANGUAGES = ("en", "fr")
"""In which our own words are there."""


class Look(NamedTuple):
    """What the brand says of pages.

    logo      name of an asset, "" without one
    url       the company's own site, "" without one
    contact   where people may write, "" when nobody said
    colors    `primary`, `text`, `background`: #rrggbb
    language  of people of whom it is not known
    """

    name: str = ""
    logo: str = ""
    url: str = ""
    contact: str = ""
    colors: Mapping[str, str] = MappingProxyType({})
    language: str = "en"


class Page(NamedTuple):
    """A whole HTML document, and the Content-Security-Policy that it needs."""

    html: str
    policy: str


def language_of(*wanted: str) -> str:
    """The first language of ours among `fr-CA`, `de;q=0.9`, …, each a locale or an Accept-Language header; English if none."""
    for text in wanted:
        for part in text.replace("_", "-").lower().split(","):
            language = part.partition(";")[0].strip().partition("-")[0]
            if language in LANGUAGES:
                return language
    return LANGUAGES[0]
