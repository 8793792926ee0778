"""Sources, each one place that events come from (a web shop, an app), and their write keys.

A source is a definition of kind `sources`; a write key lets a client send events as that source. The key itself is
shown once and never stored: rows hold its SHA-256. A plain hash is right because a key is 192 random bits, which
nobody can try out; a slow, salted hash guards guessable secrets, and would cost each request its work.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

KIND = "sources"


class SourceDocument(BaseModel):
    """A source has its own write keys; disabling it refuses them all."""

    model_config = ConfigDict(extra="forbid")

    description: str = Field(default="", max_length=1_000)
    enabled: bool = Field(default=True, description="false refuses every write key of this source")


class WriteKey(NamedTuple):
    """A write key without its secret. Times are epoch ms.

    id       names the key among those of its source
    source   name of the source
    hash     SHA-256 of the secret, hex
    hint     the last four characters of the secret, for people to tell keys apart
    created  when it was issued
    expires  from when on it is refused, None for never
    revoked  when it was revoked, None when it was not
    """

    id: str
    source: str
    hash: str
    hint: str
    created: int
    expires: int | None = None
    revoked: int | None = None

    def is_live(self, now: int) -> bool:
        """Whether the key is neither revoked nor expired (its source may still be disabled)."""
        return self.revoked is None and (self.expires is None or now < self.expires)


def hash_secret(secret: str) -> str:
    """What is stored of a write key."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
