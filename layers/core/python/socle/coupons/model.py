"""A pool of coupon codes: each code is for one person, and each person has one code of a pool."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

KIND = "coupons"
CODE = re.compile(r"[!-~]{1,64}")
"""What a code may be: visible ASCII without spaces. Case counts."""
MAX_UPLOAD = 10_000
"""Codes of one request."""


class CouponPool(BaseModel):
    """A pool of codes that are alike; the codes themselves are uploaded apart."""

    model_config = ConfigDict(extra="forbid")

    description: str = Field(default="", max_length=1_000)
    expires: date | None = Field(default=None, description="the last day on which a code is given out, UTC")


class Counts(NamedTuple):
    """Of one pool: codes uploaded, and given to somebody."""

    uploaded: int
    given: int

    @property
    def left(self) -> int:
        """Codes that nobody has yet."""
        return self.uploaded - self.given
