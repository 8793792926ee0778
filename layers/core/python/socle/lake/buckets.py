"""Which of the lake's buckets a profile lies in: by the first byte of its MD5, the same in Python and in SQL. Pure."""

from __future__ import annotations

import hashlib

BUCKETS = 64
"""Of a lake; a number of its own only in tests. At most 256."""


def bucket_of(profile: str, buckets: int = BUCKETS) -> int:
    """The bucket of a profile, 0-based."""
    return int(hashlib.md5(profile.encode(), usedforsecurity=False).hexdigest()[:2], 16) % buckets


def bucket_sql(profile: str, buckets: int = BUCKETS) -> str:
    """The same as an expression of DuckDB over an expression for the profile."""
    return f"(('0x' || substr(md5({profile}), 1, 2))::INTEGER % {buckets})"
