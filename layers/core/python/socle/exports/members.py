"""Who is in a segment, as SQL over the views of the lake. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from socle.exports.select import literal
from socle.lake.columns import Column


class Members(NamedTuple):
    """`sql` selects `profile` over the views `events` and `profiles`; `columns` are the typed ones that it names."""

    sql: str
    columns: tuple[Column, ...] = ()


FindMembers = Callable[[str, int], Members]
"""(segment, now) -> its members at that moment. Raises NotFound for an unknown segment."""


def live_members(segment: str, now: int) -> Members:
    """Those who were in when the lake last heard of them."""
    return Members(f"SELECT profile FROM profiles WHERE list_contains(json_keys(segments), {literal(segment)})")  # noqa: S608 (a literal)
