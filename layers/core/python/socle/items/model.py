"""What a company sells and where: products, stores… as its catalogue files name them."""

from __future__ import annotations

from typing import Any, NamedTuple

MAX_ID = 256
"""Characters of an id: it is part of a key, which may have 1,024 bytes."""
MAX_ITEM_BYTES = 32 * 1024
"""Compact UTF-8 JSON of id and fields, as large as an event."""


class Item(NamedTuple):
    """One entry of the catalogue.

    type    what it is: `products`, `stores`…
    id      unique within its type
    fields  what is known of it, JSON
    """

    type: str
    id: str
    fields: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """What the API answers."""
        return {"type": self.type, "id": self.id, "fields": self.fields}
