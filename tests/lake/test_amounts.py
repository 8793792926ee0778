"""An order event is worth in the lake what the profile's totals take it for."""

from __future__ import annotations

import json
import random
from typing import Any

import duckdb

from socle.lake.amounts import AMOUNT, CURRENCY, ORDER_ID, PAID, PART, VOIDED
from socle.profiles.money import minor
from socle.profiles.orders import _currency, _order_id, _paid, _part
from tests.people import event

LONG = 4.3549999999999995
NUMBERS: list[Any] = [
    0, 1, 5, -3, 19.99, 0.005, 0.015, 1.005, 2.675, LONG, 4.355, 1e-7, 1e11, 999999999999.994, 1e12, -1e12,
    1e300, 12, "7", " 8.50 ", "1e3", ".5", "5.", "+4", "1_000", "abc", "", "NaN", "Infinity", "1,5", "0x10", "1e500000000",
    True, None, [], {}]
CURRENCIES: list[Any] = ["EUR", "JPY", "KWD", "CLF", " usd ", "", 5, None]
IDS: list[Any] = ["a", " b ", "", 42, 42.0, -7, 1.5, True, None, 12345678901234567890, "é"]


def drawn(chance: random.Random) -> dict[str, Any]:
    """Properties of an order, most of them not as they should be."""
    found: dict[str, Any] = {}
    for name, values in (("revenue", NUMBERS), ("total", NUMBERS), ("value", NUMBERS), ("currency", CURRENCIES),
                         ("order_id", IDS), ("part", [1, 2, 0, -1, 2.0, "2", 7]), ("voided", [True, False, "true", 1])):
        if chance.random() < 0.35:
            found[name] = chance.choice(values)
    if chance.random() < 0.7:
        found["products"] = chance.choice([[], {}, "x", None, [1, "x"]]) if chance.random() < 0.1 else [
            product(chance) if chance.random() < 0.9 else chance.choice(NUMBERS) for _ in range(chance.randrange(4))]
    return found


def product(chance: random.Random) -> dict[str, Any]:
    """A price of many decimals has a whole quantity: with another one it counts to 8 decimals only."""
    found = {"price": chance.choice(NUMBERS)} if chance.random() < 0.8 else {}
    if chance.random() < 0.8:
        found["quantity"] = chance.choice([3, 2, -1, "2", None, "x", True] if found.get("price") == LONG else [
            0.5, 1.25, *(one for one in NUMBERS if one not in (LONG, 1e-7))])
    return found


def test_an_amount_is_what_the_profile_takes_it_for() -> None:
    chance = random.Random(11)
    wanted, rows = [], []
    for number in range(4_000):
        one = event(number, ("user_id", "1"), name=chance.choice(["Order Completed", "Order Refunded"]), properties=drawn(chance))
        properties = one.body["properties"]
        currency = _currency(one) or "USD"
        paid = _paid(properties)
        wanted.append((_part(one) or 1, _order_id(one), currency, None if paid is None else minor(paid, currency),
                       properties.get("voided") is True))
        rows.append((number, one.type, one.name, json.dumps(properties)))
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("CREATE TABLE sent (number INTEGER, type VARCHAR, name VARCHAR, properties VARCHAR)")
        connection.execute("INSERT INTO sent SELECT unnest($n), unnest($t), unnest($e), unnest($p)",
                           dict(zip("ntep", map(list, zip(*rows, strict=True)), strict=True)))
        found = connection.execute(f"""
            SELECT part, order_id, currency, {AMOUNT}, voided FROM (
                SELECT number, {PART} AS part, {ORDER_ID} AS order_id, {CURRENCY} AS currency, {PAID} AS paid, {VOIDED} AS voided
                FROM sent) ORDER BY number""").fetchall()
    different = [(row[3], w, f) for row, w, f in zip(rows, wanted, found, strict=True) if w != f]
    assert different[:3] == []
    assert sum(one[3] is not None for one in wanted) > 1_500


def test_only_order_events_have_an_amount() -> None:
    with duckdb.connect() as connection:
        assert connection.execute(f"""
            SELECT {PART}, {ORDER_ID}, {CURRENCY}, {PAID}, {VOIDED}
            FROM (SELECT 'track' AS type, 'Viewed' AS name,
                         '{{"revenue": 5, "part": 3, "order_id": "o", "voided": true}}' AS properties)
            """).fetchone() == (1, None, None, None, False)
