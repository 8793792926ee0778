"""Cursors: opaque, checked tokens that say where the next page of a list begins.

A cursor is base64url of a short checksum and the position. The checksum covers the list's name, so a cursor that was
edited, cut or taken from another list is refused instead of answering a wrong page. It is no secret and no signature:
whoever forges one only picks another place in a list that they may read anyway.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from socle.errors import Rejected

_CHECK = 6


def to_cursor(listing: str, position: str) -> str:
    """The cursor for `position` (any text) in the list called `listing`."""
    data = position.encode()
    return base64.urlsafe_b64encode(_check(listing, data) + data).decode().rstrip("=")


def from_cursor(listing: str, cursor: str) -> str:
    """The position that `to_cursor` was given. Raises Rejected(`bad_cursor`) for anything else."""
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        check, position = data[:_CHECK], data[_CHECK:]
        if check != _check(listing, position):
            raise ValueError("checksum")
        return position.decode()
    except (binascii.Error, ValueError) as error:
        raise Rejected("bad_cursor", "this cursor is not from this list: pass `next` of the previous page unchanged, "
                       "or leave it out to start from the beginning", "cursor") from error


def _check(listing: str, data: bytes) -> bytes:
    return hashlib.sha256(listing.encode() + b"\0" + data).digest()[:_CHECK]
