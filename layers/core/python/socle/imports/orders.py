"""Lines of an order, wherever they stand in a file -> one Order Completed, one Order Refunded. Pure.

A line is worth quantity x price, exactly; the order is rounded once, when it is settled (socle.profiles.orders). What is
worth less than nothing is given back: Order Refunded under the same order id, with positive quantities. An order that is
cancelled with positive quantities was bought and given back: both.

Products are sorted by what they say, so the order of the lines changes nothing; equal lines stand there as often as in the
file. Lines of one order id that belong to two people are two orders. An order beyond the size of an event is cut into
`part`s 1 to `parts`, which are settled as one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from socle.errors import Rejected
from socle.imports.cells import Getter, plain
from socle.imports.columns import Columns
from socle.imports.model import Cell, Draft, Mapping, OrderFields, Prepared, Row
from socle.imports.people import Plan, canonical, filled, label, required

COMPLETED = "Order Completed"
REFUNDED = "Order Refunded"
PART_BYTES = 30 * 1024
"""Of an event's 32 KB: the rest is for its messageId and revision."""
BOUGHT, RETURNED, BOTH = 1, -1, 0
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_SIDES = ((COMPLETED, "completed"), (REFUNDED, "refunded"))


class Orders(Plan):
    """A row is a line of an order."""

    def __init__(self, name: str, mapping: Mapping, columns: Columns) -> None:
        super().__init__(name, mapping, columns)
        assert mapping.order is not None  # noqa: S101  # the model says so
        fields: OrderFields = mapping.order
        self._fields = fields
        self._order_id = columns.identifier("order.order_id", fields.order_id)
        self._price = columns.amount("order.price", fields.price)
        self._quantity = columns.amount("order.quantity", fields.quantity)
        self._total = columns.amount("order.total", fields.total)
        self._currency = columns.value("order.currency", fields.currency)
        self._products = columns.values("order.products", fields.products)
        self._is_cancelled = _cancelled(fields, columns)
        self._line = [name for name, _ in self._products]

    def finish(self, columns: Columns) -> None:
        super().finish(columns)
        self._said = [*(name for name, _ in self.properties), "currency"]

    def prepare(self, row: Row) -> Prepared:
        cells = row.cells
        fields = self._fields
        who = self.person(cells)
        order_id = required(self._order_id(cells), fields.order_id, "order id")
        line = [get(cells) for _, get in self._products]
        side = BOUGHT
        if self._price is not None:
            is_negative, price = required(self._price(cells), fields.price, "price")
            quantity: int | float | str = 1
            if self._quantity is not None:
                is_back, quantity = required(self._quantity(cells), fields.quantity, "quantity")
                is_negative = is_negative != is_back
            line += (price, quantity)
            if is_negative:
                side = RETURNED
        total = None
        if self._total is not None:
            is_back, total = required(self._total(cells), fields.total, "total")
            side = RETURNED if is_back else side
        if side == BOUGHT and self._is_cancelled is not None and self._is_cancelled(cells):
            side = BOTH
        said = [get(cells) for _, get in self.properties]
        currency = self._currency(cells)
        if currency is not None and not _CURRENCY.fullmatch(str(currency)):
            raise Rejected("bad_currency", f"{str(currency)[:40]!r} is no ISO 4217 code such as EUR", label(fields.currency))
        said.append(currency)
        return Prepared(order_id, row.number, [who, self.time(cells) or 0, side, line, said, total,
                                               filled(self.traits, cells) if self.traits else {}])

    def whole(self, row: Row) -> str | None:
        """An order that lacks a line would be another order: it is taken whole or not at all."""
        try:
            found: str | None = self._order_id(row.cells)
        except Rejected:
            return None
        return found

    def messages(self, key: str, rows: Sequence[Prepared]) -> list[Draft]:
        people: dict[tuple[str, ...], list[Prepared]] = {}
        for row in rows:
            people.setdefault(tuple(row.values[0][0]), []).append(row)
        drafts: list[Draft] = []
        for number, (person, theirs) in enumerate(sorted(people.items())):
            about = (key,) if number == 0 else (key, *person)
            if number == 0:  # who had the order beside somebody else has it alone now, or first
                drafts += [self._nothing(key, event, (key, *person, side)) for event, side in _SIDES]
            bought = [row for row in theirs if row.values[2] >= BOTH]
            returned = [row for row in theirs if row.values[2] <= BOTH]
            for lines, (event, side) in zip((bought, returned), _SIDES, strict=True):
                drafts += self._side(key, event, (*about, side), lines)
            drafts += self._traits(about, theirs)
        return drafts

    def _nothing(self, order_id: str, event: str, about: tuple[str, ...]) -> Draft:
        """Takes back what an earlier file said."""
        return Draft(self.id(*about), 0, {"type": "track", "event": event, "properties": {"order_id": order_id}}, (),
                     is_void=True)

    def _side(self, order_id: str, event: str, about: tuple[str, ...], rows: list[Prepared]) -> list[Draft]:
        if not rows:
            return [self._nothing(order_id, event, about)]
        base = self.id(*about)
        ts = min((row.values[1] for row in rows if row.values[1]), default=0)
        who = min(row.values[0] for row in rows)
        properties = {"order_id": order_id, **self._agreed(rows)}
        totals = [Decimal(str(row.values[5])) for row in rows if row.values[5] is not None]
        if totals:
            properties["total"] = plain(max(totals))
        message = {**self.message("track", who, ts), "event": event}
        room = PART_BYTES - len(canonical({**message, "properties": properties}).encode("utf-8", "surrogatepass"))
        parts = _cut([self._product(line) for line in sorted((row.values[3] for row in rows), key=str)], room)
        numbers = tuple(sorted(row.number for row in rows))
        drafts = []
        for part, products in enumerate(parts, start=1):
            own = dict(properties)
            if len(parts) > 1:
                own |= {"part": part, "parts": len(parts)}
                if totals and part > 1:
                    own["total"] = 0  # parts are added up
            if products:
                own["products"] = products
            drafts.append(Draft(base if part == 1 else f"{base}:{part}", ts, {**message, "properties": own}, numbers,
                                parts=len(parts) if part == 1 else 0))
        return drafts

    def _agreed(self, rows: list[Prepared]) -> dict[str, Any]:
        """Properties of the order: where its lines differ, what the earliest says."""
        said = {(row.values[1], str(row.values[4])): row.values[4] for row in rows}
        found: dict[str, Any] = {}
        for _, values in sorted(said.items(), reverse=True):
            found |= {name: value for name, value in zip(self._said, values, strict=True) if value is not None}
        if "currency" in found:
            found["currency"] = str(found["currency"]).upper()
        return found

    def _product(self, line: list[Any]) -> dict[str, Any]:
        product = {name: value for name, value in zip(self._line, line, strict=False) if value is not None}
        if self._price is not None:
            product["price"], product["quantity"] = line[-2:]
        return product

    def _traits(self, about: tuple[str, ...], rows: list[Prepared]) -> list[Draft]:
        """What the order's rows say about the person, the latest row last."""
        traits: dict[str, Any] = {}
        in_order = sorted(rows, key=lambda row: (row.values[1], canonical(row.values[6]))) if self.traits else []
        for row in in_order:
            traits |= row.values[6]
        if not traits:
            return []
        who, ts = in_order[-1].values[:2]
        return [Draft(self.id(*about, "traits"), ts, self.message("identify", who, ts, traits),
                      tuple(sorted(row.number for row in rows)))]


def _cut(products: list[dict[str, Any]], room: int) -> list[list[dict[str, Any]]]:
    """The products in parts of at most `room` bytes; one that is larger alone is a part alone."""
    products = [product for product in products if product]
    if len(str(products)) < room // 6:  # a character is at most 6 bytes of JSON
        return [products]
    parts: list[list[dict[str, Any]]] = [[]]
    left = room
    for product in products:
        size = len(canonical(product).encode("utf-8", "surrogatepass")) + 1
        if size > left and parts[-1]:
            parts.append([])
            left = room
        parts[-1].append(product)
        left -= size
    return parts


def _cancelled(fields: OrderFields, columns: Columns) -> Getter | None:
    rule = fields.cancelled
    if rule is None:
        return None
    column = Cell(column=rule.column) if rule.column else fields.order_id
    get = columns.value("order.cancelled.column", column)
    if rule.prefix is not None:
        starts = (rule.prefix, rule.prefix.lower(), rule.prefix.upper())
        return lambda cells: str(get(cells) or "").startswith(starts)
    values = {value.strip().casefold() for value in rule.values}
    if isinstance(column, Cell) and column.column is None:
        raise Rejected("missing_column", "name the column that says what is cancelled", "order.cancelled.column")
    return lambda cells: str(get(cells) or "").strip().casefold() in values
