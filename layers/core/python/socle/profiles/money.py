"""Money as integer minor units of its currency (ISO 4217): 19.99 EUR is 1999, 500 JPY is 500.

Floats come in with JSON; they are read as the decimal that they print as, then rounded half up to the minor unit.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

DEFAULT_CURRENCY = "USD"
"""What the Segment specification assumes when an order names no currency."""

LIMIT = Decimal(10) ** 12
"""Amounts below it fit 64 bits as minor units of any currency."""

# ISO 4217:2015 table A.1: the currencies whose minor unit is not 1/100.
EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
                     "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


def exponent(currency: str) -> int:
    """Decimal places of the currency's minor unit."""
    return EXPONENTS.get(currency, 2)


def amount(value: Any) -> Decimal | None:
    """A JSON number or numeric string as a decimal; None for anything else, and from 1e12 on (`LIMIT`) either way."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    # Compared, not computed with: `1e500000000` is a number that every operation overflows on.
    return number if number.is_finite() and -LIMIT < number < LIMIT else None


def minor(value: Decimal, currency: str) -> int:
    """`value` in minor units, rounded half up."""
    return int(value.scaleb(exponent(currency)).quantize(Decimal(1), ROUND_HALF_UP))
