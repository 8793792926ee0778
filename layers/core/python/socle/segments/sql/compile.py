"""Segments as one query over the lake's views `events` and `profiles`: who is in which, everybody at once. Pure."""

# ruff: noqa: S608 (what people wrote gets into the SQL through quote.py alone)
from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from socle.lake.columns import Column
from socle.segments.nodes import Node
from socle.segments.sql.conditions import Conditions


class Compiled(NamedTuple):
    """A query, and what it reads.

    sql      one row for each profile: `profile`, and for each segment a boolean `s0`, `s1`… that is never NULL
    names    the segments, in that order
    columns  typed columns that the views must have (open_bucket)
    """

    sql: str
    names: tuple[str, ...]
    columns: tuple[Column, ...]


def compile_segments(nodes: Mapping[str, Node], now: int) -> Compiled:
    """The query that says of every profile which of the segments it is in at `now` (epoch ms)."""
    conditions = Conditions(now)
    wanted = [conditions.of(node)[0] for node in nodes.values()]
    scan, picked = conditions.scan, conditions.picked
    tables = [f"{alias} AS ({sql})" for sql, alias in picked.parts.items()]
    totals = scan.sql()
    joined = [*(["e"] if totals else []), *picked.parts.values()]
    tables += [f"e AS ({totals})"] if totals else []
    rows = "FROM profiles p" + "".join(f" LEFT JOIN {alias} ON {alias}.profile = p.profile" for alias in joined)
    query = f"SELECT p.profile{_shown(conditions.steps[0])} {rows}"
    for step in conditions.steps[1:]:
        query = f"SELECT *{_shown(step)} FROM ({query})"
    shown = "".join(f", {sql} AS s{index}" for index, sql in enumerate(wanted))
    with_ = f"WITH {', '.join(tables)} " if tables else ""
    return Compiled(f"{with_}SELECT profile{shown} FROM ({query})", tuple(nodes), tuple(sorted(scan.columns)))


def members_sql(node: Node, now: int) -> Compiled:
    """The query for the profiles of one segment: one column `profile`."""
    compiled = compile_segments({"": node}, now)
    return compiled._replace(sql=f"SELECT profile FROM ({compiled.sql}) WHERE s0")


def _shown(columns: Mapping[str, str]) -> str:
    return "".join(f", {sql} AS {alias}" for sql, alias in columns.items())
