"""Mappings for the files that most companies have: use them by name, or copy and adapt them."""

from __future__ import annotations

from collections.abc import Mapping as ReadOnly
from typing import Any

from socle.imports.model import Mapping

_DOCUMENTS: dict[str, dict[str, Any]] = {
    "order-lines": {
        "kind": "orders",
        "description": "A line per product, in the columns of Online Retail (UCI); an invoice C… takes back",
        "identifiers": {"user_id": {"column": "CustomerID", "clean": "integer"}},
        "timestamp": "InvoiceDate",
        "order": {"order_id": "InvoiceNo", "price": "UnitPrice", "quantity": "Quantity", "currency": {"value": "GBP"},
                  "products": {"sku": {"column": "StockCode", "type": "text"}, "name": "Description"},
                  "cancelled": {"prefix": "C"}},
        "properties": {"country": "Country"},
    },
}

READY: ReadOnly[str, Mapping] = {name: Mapping.model_validate(document) for name, document in _DOCUMENTS.items()}
