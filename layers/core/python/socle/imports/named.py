"""The columns that a mapping names. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from socle.imports.model import Cell, Column, Mapping


def named_columns(mapping: Mapping) -> list[str]:
    """Each once. Rows of JSON need not have all of them: what a row lacks is empty there."""
    found: list[Column | None] = [*mapping.identifiers.values(), *mapping.traits.values(), *mapping.properties.values(),
                                  mapping.id, mapping.timestamp, mapping.account]
    if isinstance(mapping.event, Cell):
        found.append(mapping.event)
    if mapping.order:
        order = mapping.order
        found += [order.order_id, order.price, order.quantity, order.total, order.currency, *order.products.values()]
        if order.cancelled:
            found.append(order.cancelled.column)
    if mapping.item:
        found.append(mapping.item.id)
    names = (column.column if isinstance(column, Cell) else column for column in found)
    return list(dict.fromkeys(name for name in names if name))


def with_named(columns: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Columns of JSON, each once, then those of `wanted` that none of them is, in whatever case."""
    found = list(dict.fromkeys(columns))
    there = {name.strip().casefold() for name in found}
    return found + [name for name in dict.fromkeys(wanted) if name.strip().casefold() not in there]
