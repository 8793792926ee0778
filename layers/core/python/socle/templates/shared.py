"""The documents that templates share: blocks, layouts and the brand. Nouns only."""

from __future__ import annotations

import re
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from socle.assets.model import AssetName
from socle.definitions.model import NAME

BLOCKS, LAYOUTS, BRAND = "blocks", "layouts", "brand"
MAX_SOURCE = 90_000
"""Characters of one part; a definition may have 100,000 bytes."""

_PART = r"[^\s@<>,;:\"()\[\]\\\x00-\x1f\x7f]+"
_ADDRESS = re.compile(rf"{_PART}@{_PART}\.[^\s@<>,;:\"()\[\]\\\x00-\x1f\x7f.]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*")

Source = Annotated[str, Field(min_length=1, max_length=MAX_SOURCE)]
"""Liquid."""
Line = Annotated[str, Field(max_length=300, pattern=r"^[^\x00-\x1f\x7f\x80-\x9f\u2028\u2029]*$")]
"""In one line: it becomes a header, which ends where a line ends."""


def layout_name(value: str) -> str:
    """Raises ValueError for what no layout can be called."""
    if not NAME.fullmatch(value):
        raise ValueError("is the name of a layout: 1 to 63 characters a-z, 0-9, _ or -")
    return value


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError("is an e-mail address such as letters@example.com; a name goes into `name`")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("is a time zone of the IANA database, such as Europe/Paris") from error
    return value


def _language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError("is a language such as en, fr or fr-CA")
    return value


Email = Annotated[str, Field(max_length=320), AfterValidator(_address)]


class Sender(BaseModel):
    """In whose name."""

    model_config = ConfigDict(extra="forbid")

    address: Email = Field(examples=["letters@example.com"])
    name: Line = Field(default="", examples=["Café Zoé"])


class BrandDocument(BaseModel):
    """What all messages and pages share; there is one document, `default`. Templates read it as `brand`."""

    model_config = ConfigDict(extra="forbid")

    name: Line = Field(default="", description="of the company", examples=["Café Zoé"])
    sender: Sender | None = Field(default=None, description="when neither template nor topic names one")
    reply_to: Email | None = None
    url: str = Field(default="", max_length=2_000, pattern=r"^(https?://[^\s\"'<>]+)?$", description="the company's own site")
    logo: AssetName | None = Field(default=None, description="name of an asset")
    address: str = Field(default="", max_length=1_000, description="postal address, for the foot of messages")
    legal: str = Field(default="", max_length=2_000, description="what the law wants in the foot of messages")
    colors: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")],
                 Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]] = Field(
        default={}, max_length=50, examples=[{"primary": "#7a1f3d", "text": "#222222", "background": "#ffffff"}])
    locale: Annotated[str, Field(max_length=20), AfterValidator(_language)] = Field(
        default="en", description="for people whose language is not known")
    timezone: Annotated[str, Field(max_length=100), AfterValidator(_zone)] = Field(
        default="UTC", description="for people whose zone is not known")
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$", description="of amounts that name none")
    texts: dict[Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]{0,63}$")],
                Annotated[str, Field(max_length=5_000)]] = Field(
        default={}, max_length=100, description="anything else that templates read, as brand.texts.<name>")


class BlockDocument(BaseModel):
    """A piece that templates share: {% render 'name' %}, or with values {% render 'name', product: p %}."""

    model_config = ConfigDict(extra="forbid")

    content: Source = Field(description="Liquid in MJML, HTML or text, as the templates that use it",
                            examples=["<mj-button href=\"{{ url }}\">{{ label }}</mj-button>"])
    description: str = Field(default="", max_length=1_000)


class LayoutDocument(BaseModel):
    """What stands around e-mails: {{ content }} is where the template's own part goes."""

    model_config = ConfigDict(extra="forbid")

    mjml: Source | None = Field(default=None, description="for templates in MJML")
    html: Source | None = Field(default=None, description="for templates in HTML")
    description: str = Field(default="", max_length=1_000)

    @model_validator(mode="after")
    def _one(self) -> LayoutDocument:
        if (self.mjml is None) == (self.html is None):
            raise ValueError("is for mjml or for html: give one of them")
        return self
