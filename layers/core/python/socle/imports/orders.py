"""Lines of an order, wherever they stand in a file -> one Order Completed, one Order Refunded. Pure.

A line is worth quantity x price, exactly; the order is rounded once, when it is settled (socle.profiles.orders). What is
worth less than nothing is given back: Order Refunded under the same order id, with positive quantities. An order that is
cancelled with positive quantities was bought and given back: both.

Products are sorted by what they say, so the order of the lines changes nothing; equal lines stand there as often as in the
file. An order beyond the size of an event is cut into `part`s 1 to `parts`, which are settled as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from socle.errors import Rejected
from socle.imports.cells import Getter, plain
from socle.imports.columns import Columns
from socle.imports.model import Cell, Draft, Mapping, OrderFields, Prepared, Row
from socle.imports.people import Plan, canonical, filled, required

COMPLETED = "Order Completed"
REFUNDED = "Order Refunded"
PART_BYTES = 30 * 1024
"""Of an event's 32 KB: the rest is for its messageId and revision."""
BOUGHT, RETURNED, BOTH = 1, -1, 0


class Orders(Plan):
    """A row is a line of an order."""

    def __init__(self, name: str, mapping: Mapping, columns: Columns) -> None:
        super().__init__(name, mapping, columns)
        assert mapping.order is not None  # noqa: S101  # the model says so
        fields: OrderFields = mapping.order
        self._fields = fields
        self._order_id = columns.identifier("order.order_id", fields.order_id)
        self._price = columns.number("order.price", fields.price)
        self._quantity = columns.number("order.quantity", fields.quantity)
        self._total = columns.number("order.total", fields.total)
        self._currency = columns.value("order.currency", fields.currency)
        self._products = columns.values("order.products", fields.products)
        self._is_cancelled = _cancelled(fields, columns)

    def prepare(self, row: Row) -> Prepared:
        cells = row.cells
        fields = self._fields
        who = self.person(cells)
        order_id = required(self._order_id(cells), fields.order_id, "order id")
        product = filled(self._products, cells)
        side = BOUGHT
        if self._price is not None:
            price = required(self._price(cells), fields.price, "price")
            quantity = Decimal(1)
            if self._quantity is not None:
                quantity = required(self._quantity(cells), fields.quantity, "quantity")
            if (price < 0) != (quantity < 0):
                side = RETURNED
            product["price"], product["quantity"] = plain(abs(price)), plain(abs(quantity))
        total = None
        if self._total is not None:
            total = required(self._total(cells), fields.total, "total")
            side = RETURNED if total < 0 else side
            total = str(abs(total))
        if side == BOUGHT and self._is_cancelled is not None and self._is_cancelled(cells):
            side = BOTH
        properties = filled(self.properties, cells)
        currency = self._currency(cells)
        if currency is not None:
            properties["currency"] = str(currency).upper()
        return Prepared(order_id, row.number, [who, self.time(cells) or 0, side, product, properties, total,
                                               filled(self.traits, cells)])

    def messages(self, key: str, rows: Sequence[Prepared]) -> list[Draft]:
        people: dict[tuple[str, ...], list[Prepared]] = {}
        for row in rows:
            people.setdefault(tuple(row.values[0][0]), []).append(row)
        drafts: list[Draft] = []
        for number, (person, theirs) in enumerate(sorted(people.items())):
            about = (key,) if number == 0 else (key, *person)
            bought = [row for row in theirs if row.values[2] >= BOTH]
            returned = [row for row in theirs if row.values[2] <= BOTH]
            drafts += self._side(key, COMPLETED, (*about, "completed"), bought)
            drafts += self._side(key, REFUNDED, (*about, "refunded"), returned)
            drafts += self._traits(about, theirs)
        return drafts

    def _side(self, order_id: str, event: str, about: tuple[str, ...], rows: list[Prepared]) -> list[Draft]:
        base = self.id(*about)
        if not rows:
            return [Draft(base, 0, {"type": "track", "event": event, "properties": {"order_id": order_id}}, (), is_void=True)]
        ts = min((row.values[1] for row in rows if row.values[1]), default=0)
        who = min(row.values[0] for row in rows)
        properties: dict[str, Any] = {"order_id": order_id}
        said = {(row.values[1], canonical(row.values[4])): row.values[4] for row in rows}
        for _, own in sorted(said.items()):
            properties = {**own, **properties}
        totals = [Decimal(row.values[5]) for row in rows if row.values[5] is not None]
        if totals:
            properties["total"] = plain(max(totals))
        message = {**self.message("track", who, ts), "event": event}
        lines = sorted((canonical(row.values[3]), row.values[3]) for row in rows if row.values[3])
        room = PART_BYTES - len(canonical({**message, "properties": properties}).encode("utf-8", "surrogatepass"))
        parts = _cut(lines, room)
        numbers = tuple(sorted(row.number for row in rows))
        drafts = []
        for part, products in enumerate(parts, start=1):
            own = dict(properties)
            if len(parts) > 1:
                own |= {"part": part, "parts": len(parts)}
            if products:
                own["products"] = products
            drafts.append(Draft(base if part == 1 else f"{base}:{part}", ts, {**message, "properties": own}, numbers,
                                parts=len(parts) if part == 1 else 0))
        return drafts

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


def _cut(lines: list[tuple[str, dict[str, Any]]], room: int) -> list[list[dict[str, Any]]]:
    """The lines in parts of at most `room` bytes; a line that is larger alone is a part alone."""
    parts: list[list[dict[str, Any]]] = [[]]
    left = room
    for text, line in lines:
        size = len(text.encode("utf-8", "surrogatepass")) + 1
        if size > left and parts[-1]:
            parts.append([])
            left = room
        parts[-1].append(line)
        left -= size
    return parts


def _cancelled(fields: OrderFields, columns: Columns) -> Getter | None:
    rule = fields.cancelled
    if rule is None:
        return None
    column = Cell(column=rule.column) if rule.column else fields.order_id
    get = columns.value("order.cancelled.column", column)
    if rule.prefix is not None:
        prefix = rule.prefix.casefold()
        return lambda cells: str(get(cells) or "").casefold().startswith(prefix)
    values = {value.strip().casefold() for value in rule.values}
    if isinstance(column, Cell) and column.column is None:
        raise Rejected("missing_column", "name the column that says what is cancelled", "order.cancelled.column")
    return lambda cells: str(get(cells) or "").strip().casefold() in values
