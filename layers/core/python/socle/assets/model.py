"""An asset: an image that messages show, or a file that they carry. Its name ends in what it is."""

from __future__ import annotations

import re
from typing import Annotated, NamedTuple

from pydantic import Field

TYPES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
         "pdf": "application/pdf", "ics": "text/calendar"}
"""Ending → media type. No SVG: it may hold scripts, and mail programs do not show it."""
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}(\.[a-z0-9_-]{1,20})?\.(" + "|".join(TYPES) + ")")

AssetName = Annotated[str, Field(max_length=110, pattern=f"^{NAME.pattern}$", examples=["logo.png"])]


class Asset(NamedTuple):
    """What is known of one. `bytes` is its size, `updated` when it was written, epoch ms."""

    name: str
    bytes: int
    updated: int


def media_type(name: str) -> str:
    """Of an asset's name."""
    return TYPES[name.rpartition(".")[2]]
