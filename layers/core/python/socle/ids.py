"""Random ids. The edge draws them and passes them on; nothing pure reads randomness."""

from __future__ import annotations

import base64
import secrets


def new_id() -> str:
    """A profile id: 95 random bits as 19 lower-case base32 characters (short, because every item repeats it)."""
    return base64.b32encode(secrets.token_bytes(12)).decode().lower()[:19]


def new_write_key() -> str:
    """A write key: 192 random bits as 32 URL-safe characters."""
    return secrets.token_urlsafe(24)
