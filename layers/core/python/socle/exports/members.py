"""Who is in a segment, as SQL over the views of the lake. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from socle.errors import NotFound
from socle.lake.columns import Column
from socle.segments.plan import Plans
from socle.segments.sql.compile import members_sql


class Members(NamedTuple):
    """`sql` selects `profile` over the views `events` and `profiles`; `columns` are the typed ones that it names."""

    sql: str
    columns: tuple[Column, ...] = ()


KINDS = ("segments", "computed-traits")
"""The kinds of definition whose documents say who is in."""

FindMembers = Callable[[str, int], Members]
"""(segment, now) -> its members at that moment. Raises NotFound for an unknown segment."""

Documents = Mapping[str, Mapping[str, Any]]
"""Name -> document."""


def members_of(segment: str, now: int, segments: Documents, computed: Documents) -> Members:
    """The members at `now` (epoch ms), by what the lake knows; `segments` and `computed` are all documents of these kinds.

    Raises NotFound(`unknown_segment`).
    """
    if segment not in segments:
        raise NotFound("unknown_segment", f"there is no segment {segment}: GET /api/segments lists what there is", "segment")
    compiled = members_sql(Plans(segments, computed).segment(segment), now)
    return Members(compiled.sql, compiled.columns)
