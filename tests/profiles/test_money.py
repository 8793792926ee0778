"""Money is integer minor units of its currency, whatever JSON made of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from socle.profiles.money import amount, minor


@pytest.mark.parametrize(("value", "currency", "expected"), [
    (19.99, "EUR", 1999), ("19.99", "EUR", 1999), (0.1 + 0.2, "EUR", 30), (1.005, "USD", 101), (2.675, "GBP", 268),
    (500, "JPY", 500), (500.5, "JPY", 501), (1.2345, "KWD", 1235), (1e3, "EUR", 100_000), (0, "EUR", 0),
])
def test_amounts_are_rounded_half_up_to_the_minor_unit(value, currency, expected):
    assert minor(amount(value), currency) == expected


@pytest.mark.parametrize("value", [None, True, "ten", "", [], {}, float("nan"), float("inf"), "NaN", "Infinity"])
def test_what_is_no_amount_is_none(value):
    assert amount(value) is None


def test_floats_are_read_as_they_print():
    assert amount(0.1) == Decimal("0.1")
