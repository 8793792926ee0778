"""What an order event is worth by itself, in SQL: the same as socle.profiles.orders and money say of it alone. Pure.

Fragments of DuckDB over columns `type`, `name` and `properties`. An amount is exact to 20 decimals (products: their price;
one whose quantity is no whole number below a million: to 8), then rounded once, half up, to the minor unit of its currency.
"""

from __future__ import annotations

from socle.profiles.money import DEFAULT_CURRENCY, EXPONENTS
from socle.profiles.orders import ORDER_EVENTS

_SPACE = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)"
_NUMERIC = "'[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?'"
_TOO_MUCH = "1000000000000000"
"""For a product beyond what is computed exactly: the order is then beyond the limit, too."""
_NAMES = ", ".join(f"'{name}'" for name in sorted(ORDER_EVENTS))

IS_ORDER = f"(type = 'track' AND name IN ({_NAMES}))"


def _text(value: str) -> str:
    return f"json_extract_string({value}, '$')"


def _amount(value: str, kind: str) -> str:
    """A JSON number or numeric string as a decimal; NULL for anything else, and beyond 1e12."""
    text = f"replace(trim({_text(value)}, {_SPACE}), '_', '')"
    return (f"CASE WHEN json_type({value}) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE', 'VARCHAR') "
            f"AND regexp_full_match({text}, {_NUMERIC}) AND abs(TRY_CAST({text} AS DOUBLE)) < 1e12 "
            f"THEN TRY_CAST({text} AS {kind}) END")


def _at(name: str, of: str = "properties") -> str:
    return f"json_extract({of}, '$.{name}')"


def _product() -> str:
    """What a product of `p` adds: its price times its quantity, 1 where there is none."""
    quantity = f"coalesce({_amount(_at('quantity', 'p'), 'DECIMAL(18, 6)')}, 1)"
    exact = _amount(_at("price", "p"), "DECIMAL(29, 20)")
    rough = _amount(_at("price", "p"), "DECIMAL(20, 8)")
    return (f"CASE WHEN json_type(p) = 'OBJECT' THEN CASE WHEN {quantity} = trunc({quantity}) AND abs({quantity}) < 1000000 "
            f"AND ({exact}) IS NOT NULL THEN TRY(({exact}) * {quantity}::DECIMAL(6, 0))::DECIMAL(38, 20) "
            f"WHEN ({rough}) IS NOT NULL THEN coalesce(TRY_CAST(TRY(({rough}) * {quantity}) AS DECIMAL(38, 20)), {_TOO_MUCH}) "
            f"END END")


_SUM = (f"CASE WHEN json_array_length({_at('products')}) > 0 THEN TRY(coalesce(list_sum([{_product()} FOR p IN "
        f"json_extract(properties, '$.products[*]')]), 0)) END")
_SAID = ", ".join(f"{_amount(_at(name), 'DECIMAL(38, 26)')}" for name in ("revenue", "total", "value"))
_PAID = f"coalesce({_SAID}, {_SUM}::DECIMAL(38, 20))"
_ID = _at("order_id")
_CURRENCY = _at("currency")
_PART = f"TRY_CAST({_text(_at('part'))} AS INTEGER)"
_DOUBLE = f"{_text(_ID)}::DOUBLE"
_WHOLE = f"CASE WHEN {_DOUBLE} = trunc({_DOUBLE}) THEN TRY_CAST({_DOUBLE} AS HUGEINT)::VARCHAR END"


def _minor() -> str:
    cases = []
    for places in sorted({*EXPONENTS.values(), 2}):
        rounded = f"TRY((round(paid, {places})::DECIMAL(38, {places}) * {10 ** places})::BIGINT)"
        names = ", ".join(f"'{name}'" for name, one in EXPONENTS.items() if one == places)
        cases.append(f"WHEN currency IN ({names}) THEN {rounded}" if places != 2 else f"ELSE {rounded}")
    cases.sort()  # ELSE comes before WHEN: turned round below
    return f"CASE {' '.join([*cases[1:], cases[0]])} END"


ORDER_ID = (f"(CASE WHEN {IS_ORDER} THEN CASE json_type({_ID}) WHEN 'VARCHAR' THEN nullif(trim({_text(_ID)}, {_SPACE}), '') "
            f"WHEN 'UBIGINT' THEN {_text(_ID)} WHEN 'BIGINT' THEN {_text(_ID)} "
            f"WHEN 'DOUBLE' THEN coalesce({_WHOLE}, {_text(_ID)}) END END)")
PART = (f"(CASE WHEN {IS_ORDER} AND json_type({_at('part')}) = 'UBIGINT' THEN coalesce(nullif({_PART}, 0), 1) ELSE 1 END)")
CURRENCY = (f"(CASE WHEN {IS_ORDER} THEN coalesce(CASE WHEN json_type({_CURRENCY}) = 'VARCHAR' THEN "
            f"nullif(upper(trim({_text(_CURRENCY)}, {_SPACE})), '') END, '{DEFAULT_CURRENCY}') END)")
VOIDED = (f"({IS_ORDER} AND coalesce(json_type({_at('voided')}) = 'BOOLEAN' AND {_text(_at('voided'))} = 'true', false))")
PAID = f"(CASE WHEN {IS_ORDER} THEN {_PAID} END)"
"""Before it is rounded, as a decimal; NULL from 1e12 on, and for what names neither an amount nor products."""
AMOUNT = f"(CASE WHEN abs(paid) < 1000000000000 THEN {_minor()} END)"
"""Over columns `paid` (PAID) and `currency` (CURRENCY)."""
