"""Which typed columns of the lake definitions look at: compaction holds these ready. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from socle.lake.columns import Column
from socle.segments.nodes import Node
from socle.segments.plan import Plans
from socle.segments.sql.compile import compile_segments


def columns_of(nodes: Iterable[Node]) -> set[Column]:
    """The columns that a query for these conditions reads: those of the query itself, so nothing can be forgotten."""
    return set(compile_segments({str(number): node for number, node in enumerate(nodes)}, now=0).columns)


def columns_in_use(segments: Mapping[str, Mapping[str, Any]], computed: Mapping[str, Mapping[str, Any]]) -> set[Column]:
    """The columns that segments and computed traits look at; name → document of each."""
    plans = Plans(segments, computed)
    return columns_of(plans.segment(name) for name in segments)
