"""The nouns of RFM: the rules of a run, the scores of a customer."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

KIND = "rfm-rules"
DOCUMENT = "default"
"""There is one document of the kind: it speaks of the whole base."""

GIVEN = "rfm"
"""Under which name the values are stored with a profile."""


class RfmRules(BaseModel):
    """How customers are compared. Without a document these defaults hold."""

    model_config = ConfigDict(extra="forbid")

    currency: str | None = Field(default=None, examples=["EUR"],
                                 description="whose orders count; null: the one in which most customers bought")
    recency: Literal["elapsed", "calendar"] = Field(
        default="elapsed", description="elapsed: whole days of 24 hours since the last order; calendar: midnights since then")
    timezone: str = Field(default="UTC", max_length=60, examples=["Europe/Berlin"],
                          description="whose midnights calendar days count")
    monetary: Literal["net", "revenue"] = Field(default="net", description="net: revenue minus refunds; revenue: before refunds")

    @field_validator("currency")
    @classmethod
    def _three_letters(cls, code: str | None) -> str | None:
        if code is not None and not re.fullmatch("[A-Za-z]{3}", code):
            raise ValueError(f"{code[:20]!r} is no currency: write the three letters of ISO 4217, such as EUR")
        return None if code is None else code.upper()

    @field_validator("timezone")
    @classmethod
    def _exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"there is no time zone {name!r}: name one of the IANA database, such as Europe/Berlin") from error
        return name


class Scores(NamedTuple):
    """What is stored of a customer: the named group and three scores from 1 (the worst fifth) to 5 (the best)."""

    group: str
    recency: int
    frequency: int
    monetary: int


class Change(NamedTuple):
    """Values that a profile is to be told; `scores` None for who is no customer any more."""

    profile: str
    scores: Scores | None
