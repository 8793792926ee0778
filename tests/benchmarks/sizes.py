"""What the items of the profiles table weigh. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from socle.costs.units import Item, item_bytes, write_units

KINDS = {"A": "aggregate", "E": "page", "I": "identifier"}


class Sizes(NamedTuple):
    """Bytes of the items of one kind as DynamoDB counts them, and the write units of one such item, on average."""

    items: int
    p50: int
    p90: int
    p99: int
    max: int
    total: int
    write_units: float


def sizes(items: Mapping[Any, Item]) -> dict[str, Sizes]:
    """By kind: aggregate, page, identifier."""
    found: dict[str, list[Item]] = {}
    for (_, sort), item in items.items():
        kind = KINDS.get(sort[0])
        if kind:
            found.setdefault(kind, []).append(item)
    return {kind: _sizes(found[kind]) for kind in KINDS.values() if kind in found}


def _sizes(items: list[Item]) -> Sizes:
    ordered = sorted(item_bytes(item) for item in items)

    def quantile(share: float) -> int:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return Sizes(len(ordered), quantile(0.5), quantile(0.9), quantile(0.99), ordered[-1], sum(ordered),
                 sum(write_units(None, item) for item in items) / len(items))
