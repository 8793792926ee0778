"""Orders: what Order Completed and Order Refunded (Segment ecommerce v2) add up to, once per order_id. Pure.

Revenue is the event's `revenue`, else `total`, else `value`, else the sum of price x quantity of its products.
Of several Order Completed with one order_id the latest counts (revision, then effective time): a page reload repeats it,
a correction replaces it. A refund is worth its `revenue`, `total` or `value`, else its products, whose prices may stand in the
order only. One that names neither is a refund of what is left of the order, once.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from socle.events.model import Event
from socle.profiles.model import Orders
from socle.profiles.money import DEFAULT_CURRENCY, LIMIT, amount, minor

COMPLETED = "Order Completed"
REFUNDED = "Order Refunded"
ORDER_EVENTS = frozenset((COMPLETED, REFUNDED))
_PRODUCT_IDS = ("product_id", "sku", "id")


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
    prices = _prices(completed)
    whole, left = False, revenue
    for event in group:
        if event.name != REFUNDED:
            continue
        given = _paid(event.body.get("properties") or {}, prices)
        if given is None:
            whole = True
            continue
        own = _currency(event) or currency
        refunded = minor(given, own)
        left -= refunded if own == currency else 0
        out.append((own, Orders(refunds=1, refunded=refunded)))
    if whole:
        out.append((currency, Orders(refunds=1, refunded=max(left, 0))))
    return out


def _prices(completed: Event | None) -> dict[str, Decimal]:
    """Product id or sku → price, as the order has it."""
    products = (completed.body.get("properties") or {}).get("products") if completed else None
    found: dict[str, Decimal] = {}
    for product in products if isinstance(products, list) else ():
        price = amount(product.get("price")) if isinstance(product, dict) else None
        if price is not None:
            found |= {str(product[name]): price for name in _PRODUCT_IDS if product.get(name) is not None}
    return found


def _paid(properties: dict[str, Any], prices: Mapping[str, Decimal] = MappingProxyType({})) -> Decimal | None:
    """What an order or a refund says that it is worth, a product without any price being worth nothing; None when it
    says neither an amount nor products."""
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
            price = amount(product.get("price"))
            if price is None:
                known = (prices[str(product[name])] for name in _PRODUCT_IDS if str(product.get(name)) in prices)
                price = next(known, Decimal(0))
            total += price * (Decimal(1) if quantity is None else quantity)
    return total if abs(total) < LIMIT else None


def _currency(event: Event) -> str | None:
    currency = (event.body.get("properties") or {}).get("currency")
    return (currency.strip().upper() or None) if isinstance(currency, str) else None


def _order_id(event: Event) -> str | None:
    order_id = (event.body.get("properties") or {}).get("order_id")
    if isinstance(order_id, bool) or not isinstance(order_id, str | int | float):
        return None
    if isinstance(order_id, float) and order_id.is_integer():
        order_id = int(order_id)  # 42.0 is how some clients send 42
    return str(order_id).strip() or None
