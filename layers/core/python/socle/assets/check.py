"""Whether the bytes of an asset are what its name says. Pure."""

from __future__ import annotations

import base64
import binascii

from socle.assets.model import NAME, TYPES
from socle.errors import Rejected

MAX_BYTES = 700_000
"""An image of a message should be far smaller; a request may have a megabyte."""
_BEGINS = {"png": (b"\x89PNG\r\n\x1a\n",), "jpg": (b"\xff\xd8\xff",), "jpeg": (b"\xff\xd8\xff",), "gif": (b"GIF87a", b"GIF89a"),
           "webp": (b"RIFF",), "pdf": (b"%PDF-",), "ics": (b"BEGIN:VCALENDAR",)}


def check_name(name: str) -> str:
    """The name. Raises Rejected(`bad_name`)."""
    if not NAME.fullmatch(name):
        raise Rejected("bad_name", "an asset is called like logo.png: a-z, 0-9, _ and -, then one of "
                       f"{', '.join('.' + ending for ending in TYPES)}", "name")
    return name


def decoded(name: str, text: str) -> bytes:
    """The bytes of base64, checked against the name. Raises Rejected(`bad_base64`, `too_large`, `wrong_type`)."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Rejected("bad_base64", "data is not base64: encode the bytes of the file", "data") from error
    if len(data) > MAX_BYTES:
        raise Rejected("too_large", f"the file has {len(data):,} bytes, {MAX_BYTES:,} are allowed: make the image smaller",
                       "data", status=413)
    ending = check_name(name).rpartition(".")[2]
    if not data.startswith(_BEGINS[ending]) or (ending == "webp" and data[8:12] != b"WEBP"):
        raise Rejected("wrong_type", f"these bytes are no .{ending} file: give the asset the ending that it has", "data")
    return data
