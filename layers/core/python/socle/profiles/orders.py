"""Orders: what Order Completed and Order Refunded (Segment ecommerce v2) add up to, once per order_id. Pure.

Revenue is the event's `revenue`, else `total`, else `value`, else the sum of price x quantity of its products.
Of several Order Completed with one order_id the latest counts (revision, then effective time): a page reload repeats it,
a correction replaces it. A refund is worth its `revenue`, `total` or `value`, else its products, whose prices may stand in the
order only. One that names neither is a refund of what is left of the order, once.

Rounding: products are added up exactly, and an order or a refund is rounded once, half up to the minor unit.

An order beyond the size of one event comes as parts: `part` 1 to `parts` in the properties, with one order_id. Of each part
the latest counts, and together they are one order (or one refund). Whether an order is a whole or parts, its latest event
says. An event with `voided` true counts for nothing: it takes back what an earlier revision of it said.
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


def is_one(event: Event) -> bool:
    """Whether an order event is counted by its name: further parts of an order and what was taken back are not."""
    return _properties(event).get("voided") is not True and (_part(event) or 1) == 1


def standing(events: Iterable[Event]) -> list[Event]:
    """The events that count, in any order given: of the events that complete one order the latest, or of each part of it the
    latest, and nothing that was taken back."""
    groups: dict[str, list[Event]] = defaultdict(list)
    out = []
    for event in events:
        if event.name in ORDER_EVENTS and event.type == "track":
            if _properties(event).get("voided") is True:
                continue
            order_id = _order_id(event) if event.name == COMPLETED else None
            if order_id is not None:
                groups[order_id].append(event)
                continue
        out.append(event)
    for group in groups.values():
        out += _standing(group) if len(group) > 1 else group
    return out


def worth(event: Event) -> tuple[str, int] | None:
    """(currency, minor units) of one order event by itself; None when it names no amount and no products."""
    if event.name not in ORDER_EVENTS or event.type != "track":
        return None
    paid = _paid(_properties(event))
    currency = currency_of(event)
    return None if paid is None else (currency, minor(paid, currency))


def currency_of(event: Event) -> str:
    """The currency that an event names in its properties, or the one that is meant where none is named."""
    return _currency(event) or DEFAULT_CURRENCY


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
    group = [event for event in group if _properties(event).get("voided") is not True]
    completed = _standing([event for event in group if event.name == COMPLETED])
    revenue, currency = 0, DEFAULT_CURRENCY
    if completed:
        currency = next((found for event in completed if (found := _currency(event))), DEFAULT_CURRENCY)
        paid = [_paid(_properties(event)) or Decimal(0) for event in completed]
        revenue = minor(_bounded(sum(paid, Decimal(0))) or Decimal(0), currency)
        at = min(event.at for event in completed)
        out.append((currency, Orders(completed=1, revenue=revenue, first=at, last=at)))
    prices = _prices(completed)
    whole, left = False, revenue
    for refund in _refunds([event for event in group if event.name == REFUNDED]):
        given = [amount for event in refund if (amount := _paid(_properties(event), prices)) is not None]
        if not given:
            whole = True
            continue
        own = next((found for event in refund if (found := _currency(event))), currency)
        refunded = minor(_bounded(sum(given, Decimal(0))) or Decimal(0), own)
        left -= refunded if own == currency else 0
        out.append((own, Orders(refunds=1, refunded=refunded)))
    if whole:
        out.append((currency, Orders(refunds=1, refunded=max(left, 0))))
    return out


def _standing(events: list[Event]) -> list[Event]:
    """What counts of the events that complete one order: the latest, or of each part the latest, in order."""
    latest = max(events, default=None, key=_rank)
    if latest is None or _part(latest) is None:
        return [] if latest is None else [latest]
    return _parts(events)


def _refunds(events: list[Event]) -> list[list[Event]]:
    """Each refund of one order: an event by itself, and all parts together."""
    parts = _parts(events)
    return [*([event] for event in events if _part(event) is None), *([parts] if parts else [])]


def _parts(events: list[Event]) -> list[Event]:
    """Of each part the latest, up to the number of them that the latest of all says."""
    found: dict[int, Event] = {}
    last = 0
    for event in sorted(events, key=_rank):
        part = _part(event)
        if part is not None:
            found[part] = event
            last = _number(_properties(event).get("parts")) or part
    return [found[part] for part in sorted(found) if part <= last]


def _rank(event: Event) -> tuple[int, int, str]:
    return event.revision, event.at, event.key


def _part(event: Event) -> int | None:
    return _number(_properties(event).get("part"))


def _number(value: Any) -> int | None:
    return value if value.__class__ is int and value > 0 else None


def _properties(event: Event) -> dict[str, Any]:
    return event.body.get("properties") or {}


def _prices(completed: Iterable[Event]) -> dict[str, Decimal]:
    """Product id or sku → price, as the order has it."""
    found: dict[str, Decimal] = {}
    for event in completed:
        products = _properties(event).get("products")
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
    return _bounded(total)


def _bounded(total: Decimal) -> Decimal | None:
    return total if abs(total) < LIMIT else None


def _currency(event: Event) -> str | None:
    currency = _properties(event).get("currency")
    return (currency.strip().upper() or None) if isinstance(currency, str) else None


def _order_id(event: Event) -> str | None:
    order_id = _properties(event).get("order_id")
    if isinstance(order_id, bool) or not isinstance(order_id, str | int | float):
        return None
    if isinstance(order_id, float) and order_id.is_integer():
        order_id = int(order_id)  # 42.0 is how some clients send 42
    return str(order_id).strip() or None
