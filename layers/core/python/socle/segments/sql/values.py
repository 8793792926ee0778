"""What is asked of one value, and what is taken of an event, in SQL over typed columns. Pure.

A condition is true, false or NULL here; whoever negates or shows it takes NULL for false.
"""

from __future__ import annotations

from collections.abc import Callable

from socle.profiles.money import DEFAULT_CURRENCY, exponent
from socle.segments.nodes import AMOUNT, Exists, OneOf, Range, Test, TextTest, Value
from socle.segments.sql.dates import civil_passes, instant_passes
from socle.segments.sql.quote import listed, literal, one_of
from socle.segments.values import MICRO, is_list

Typed = Callable[[str, str], str]
"""(path, kind) → expression of the typed column."""

_SPACES = "".join(char for char in map(chr, range(0x3001)) if char.isspace())
"""What Python strips."""
_TEXT_TESTS = {"contains": "contains", "starts_with": "starts_with", "ends_with": "ends_with", "matches": "regexp_matches"}
_NUMERIC = "'-?[0-9]{1,12}(\\.[0-9]{1,20})?'"


def passes(test: Test, path: str, typed: Typed, now: int) -> str:
    """Whether one of the values at a path passes a test."""
    if isinstance(test, Exists):
        return typed(path, "x")
    if is_list(path):
        return _list_passes(test, path, typed)
    if isinstance(test, OneOf):
        return one_of(typed(path, test.kind), test.values)
    if isinstance(test, Range):
        return in_range(typed(path, "n"), test)
    if isinstance(test, TextTest):
        return matches(typed(path, "s"), test)
    return (f"({instant_passes(typed(path, 'di'), test, now)} "
            f"OR {civil_passes(typed(path, 'dc'), test, now)})")


def _list_passes(test: Test, path: str, typed: Typed) -> str:
    if isinstance(test, OneOf) and test.kind != "b":
        return f"list_has_any({typed(path, 'l' + test.kind)}, [{listed(test.values)}])"
    if isinstance(test, Range):
        return f"list_bool_or([{in_range('v', test)} FOR v IN {typed(path, 'ln')}])"
    if isinstance(test, TextTest):
        return f"list_bool_or([{matches('v', test)} FOR v IN {typed(path, 'ls')}])"
    return "false"  # no definition asks lists for dates and booleans: parts.fits


def matches(sql: str, test: TextTest) -> str:
    """Whether a text passes."""
    return f"{_TEXT_TESTS[test.op]}({sql}, {literal(test.value)})"


def in_range(sql: str, test: Range) -> str:
    """Whether a number in millionths is in a range."""
    edges = [f"{sql} {sign} {literal(edge)}" for sign, edge in ((">=", test.lo), ("<=", test.hi)) if edge is not None]
    return " AND ".join(edges) or f"{sql} IS NOT NULL"


def number_passes(sql: str, test: Test) -> str:
    """Whether a number that was computed, in millionths, passes (evaluate.holds)."""
    if isinstance(test, Range):
        return in_range(sql, test)
    if isinstance(test, OneOf):
        return one_of(sql, test.values) if test.kind == "n" else "false"
    return f"{sql} IS NOT NULL"


def text_passes(sql: str, test: Test) -> str:
    """Whether a text that was computed passes; its number is not asked for."""
    if isinstance(test, OneOf):
        return one_of(sql, test.values) if test.kind == "s" else "false"
    if isinstance(test, TextTest):
        return matches(sql, test)
    return f"{sql} IS NOT NULL" if isinstance(test, Exists) else "false"


def taken(value: Value, typed: Typed) -> str:
    """What is taken of an event (facts.take), NULL for nothing; labels of a list are a list."""
    path, kind, currency = value
    if path == AMOUNT:
        return f"CASE WHEN currency = {literal(currency)} THEN amount END"
    if kind == "m":
        said = f"coalesce(nullif(upper(trim({typed('currency', 's')}, {literal(_SPACES)})), ''), {literal(DEFAULT_CURRENCY)})"
        return f"CASE WHEN {said} = {literal(currency)} THEN {_minor(typed(path, 'n'), unit(currency))} END"
    if kind == "mark":
        truth = f"CASE {typed(path, 'b')} WHEN true THEN 'btrue' WHEN false THEN 'bfalse' END"
        return f"coalesce('s' || {typed(path, 's')}, {truth}, 'n' || {typed(path, 'n')})"
    if kind in ("label", "labels") and not is_list(path):
        return f"coalesce({typed(path, 's')}, {_digits(typed(path, 'n'))})"
    return _labels(typed(path, "ls"), typed(path, "ln")) if kind == "labels" else typed(path, kind)


def unit(currency: str) -> int:
    """Millionths of the major unit in one minor unit."""
    found: int = MICRO // 10 ** exponent(currency)
    return found


def half_up(total: str, number: str) -> str:
    """total / number, rounded half up, of whole numbers; NULL without any."""
    doubled, divisor = f"(2 * {total} + {number})", f"nullif(2 * {number}, 0)"
    # // rounds towards zero.
    return f"({doubled} // {divisor} - ({doubled} % {divisor} < 0)::BIGINT)"


def _minor(millionths: str, one: int) -> str:
    return f"(sign({millionths}) * ((abs({millionths}) * 2 + {one}) // {2 * one}))"


def _digits(millionths: str) -> str:
    return f"CASE WHEN {millionths} % {MICRO} = 0 THEN ({millionths} // {MICRO})::VARCHAR END"


def _labels(texts: str, numbers: str) -> str:
    """The texts of a list, and the digits of its whole numbers, but for those that are the number of one of the texts."""
    read = (f"list_transform(list_filter({texts}, lambda t: regexp_full_match(t, {_NUMERIC})), "
            "lambda t: (t::DOUBLE * 1e6)::BIGINT)")
    more = (f"flatten(list_transform(list_distinct({numbers}), lambda m: CASE WHEN m % {MICRO} = 0 THEN "
            f"list_transform(range(len(list_filter({numbers}, lambda o: o = m)) - len(list_filter({read}, lambda o: o = m))), "
            f"lambda i: (m // {MICRO})::VARCHAR) ELSE [] END))")
    return f"CASE WHEN coalesce(len({numbers}), 0) = 0 THEN {texts} ELSE list_concat(coalesce({texts}, []), {more}) END"
