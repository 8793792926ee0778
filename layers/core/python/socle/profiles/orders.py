"""Orders: what Order Completed and Order Refunded (Segment ecommerce v2) add up to, once per order_id. Pure.

Revenue is the event's `revenue`, else `total`, else `value`, else the sum of price x quantity of its products.
Of several Order Completed with one order_id the latest counts (revision, then effective time): a page reload repeats it,
a correction replaces it. A refund that names no amount and no products is a refund of the whole order, once.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from socle.events.model import Event
from socle.profiles.model import Orders
from socle.profiles.money import DEFAULT_CURRENCY, LIMIT, amount, minor

COMPLETED = "Order Completed"
REFUNDED = "Order Refunded"
ORDER_EVENTS = frozenset((COMPLETED, REFUNDED))


def order_hash(event: Event) -> int | None:
    """CRC-32 of the event's order_id; None when it has none, so that it stands for itself."""
    order_id = _order_id(event)
    return None if order_id is None else zlib.crc32(order_id.encode("utf-8", "surrogatepass"))


def settle(events: Iterable[Event]) -> dict[str, Orders]:
    """Totals per currency of order events, all events of one order_id taken together."""
    groups: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        order_id = _order_id(event)
        groups["#" + event.key if order_id is None else "=" + order_id].append(event)
    totals: dict[str, Orders] = {}
    for group in groups.values():
        for currency, orders in _settle_one(group):
            totals[currency] = totals.get(currency, Orders()).plus(orders)
    return totals


def _settle_one(group: list[Event]) -> list[tuple[str, Orders]]:
    out: list[tuple[str, Orders]] = []
    completed = max((event for event in group if event.name == COMPLETED), default=None,
                    key=lambda event: (event.revision, event.at, event.key))
    revenue, currency = 0, DEFAULT_CURRENCY
    if completed is not None:
        currency = _currency(completed) or DEFAULT_CURRENCY
        revenue = minor(_paid(completed.body.get("properties") or {}) or Decimal(0), currency)
        out.append((currency, Orders(completed=1, revenue=revenue, first=completed.at, last=completed.at)))
    whole = False
    for event in group:
        if event.name != REFUNDED:
            continue
        given = _paid(event.body.get("properties") or {})
        if given is None:
            whole = True
        else:
            own = _currency(event) or currency
            out.append((own, Orders(refunds=1, refunded=minor(given, own))))
    if whole:
        out.append((currency, Orders(refunds=1, refunded=revenue)))
    return out


def _paid(properties: dict[str, Any]) -> Decimal | None:
    for field in ("revenue", "total", "value"):
        value = amount(properties.get(field))
        if value is not None:
            return value
    products = properties.get("products")
    if not isinstance(products, list) or not products:
        return None
    total = Decimal(0)
    for product in products:
        if isinstance(product, dict):
            quantity = amount(product.get("quantity", 1))
            total += (amount(product.get("price")) or Decimal(0)) * (Decimal(1) if quantity is None else quantity)
    return total if abs(total) < LIMIT else None


def _currency(event: Event) -> str | None:
    currency = (event.body.get("properties") or {}).get("currency")
    return currency.upper() if isinstance(currency, str) and currency else None


def _order_id(event: Event) -> str | None:
    order_id = (event.body.get("properties") or {}).get("order_id")
    if isinstance(order_id, bool) or not isinstance(order_id, str | int | float) or order_id == "":
        return None
    return str(order_id)
