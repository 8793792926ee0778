"""Texts and numbers of definitions as literals of SQL: the only way in which what people wrote gets into a query. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def literal(value: str | int | bool) -> str:
    """One value as DuckDB reads it back, character for character."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}::BIGINT" if value >= 0 else f"({value})::BIGINT"
    # A text ends at a NUL for the parser, so it is put together around it.
    parts = ["'" + part.replace("'", "''") + "'" for part in value.split("\0")]
    return parts[0] if len(parts) == 1 else f"({' || chr(0) || '.join(parts)})"


def listed(values: Iterable[str | int | bool]) -> str:
    """Several values, between commas."""
    return ", ".join(map(literal, values))


def one_of(sql: str, values: Iterable[str | int | bool]) -> str:
    """Whether an expression is one of the values."""
    found = list(values)
    if not found:
        return "false"
    return f"{sql} = {literal(found[0])}" if len(found) == 1 else f"{sql} IN ({listed(found)})"
