"""Random predicates: every op, each with values that somebody may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from tests.segments.differential.words import CATEGORIES, CITIES, DURATIONS, TEXTS, Moments, some, written

Document = dict[str, Any]
PATTERNS = ("old$", "^G", "(?i)GOLD", "g.ld", "[[:alpha:]]+ ", "(a+)+$", r"\d", r"^\w+$", "é|🌟", "^$", "^.$",
            "l.*d", r"\bstar", "(?i)STRASSE|straße", r"100%_\\", '"',
            r"(?s)i.*$", r"\pL{5}", "[^g]o", r"\x67old", "(?m)^say", r"hi\"$", "colou?r|^s")
NUMBERS = (0, 1, 2, 2.5, 42, -1, 0.1, 1.000001, 999_999_999_999.9, 0.3, -2.5, 1e-7)
TEXT_PATHS = ("plan", "plan", "plan", "address.city", "address.l'été", "tags[]", "cart_id", "score", "when", "nothing.there")
NUMBER_PATHS = ("score", "score", "score", "tags[]", "plan", "cart_id", "flag")
SINGLE = tuple(path for path in NUMBER_PATHS if path != "tags[]")

Maker = Callable[[Random, Moments], tuple[str, Document]]


def _text(chance: Random, path: str) -> str:
    if path == "address.city":
        return chance.choice(CITIES)
    if path == "tags[]":
        return chance.choice(("red", "blue", "42"))
    if path == "cart_id":
        return chance.choice(("c1", "7"))
    return chance.choice(TEXTS[:3] if chance.random() < 0.5 else TEXTS)


def _piece(chance: Random, path: str) -> str:
    text = _text(chance, path) or "gold"
    start = chance.randrange(len(text))
    return text[start:start + chance.randint(1, 4)]


def _texts(op: str) -> Maker:
    def make(chance: Random, _: Moments) -> tuple[str, Document]:
        path = chance.choice(TEXT_PATHS)
        text = _piece(chance, path) if op == "contains" else _text(chance, path) or "g"
        cut = chance.randint(1, 3)
        return path, {"op": op, "value": text[:cut] if op == "starts_with" else text[-cut:] if op == "ends_with" else text}
    return make


def _numbers(op: str) -> Maker:
    return lambda chance, _: (chance.choice(NUMBER_PATHS), {"op": op, "value": chance.choice(NUMBERS)})


def _between(chance: Random, _: Moments) -> tuple[str, Document]:
    low, high = sorted((chance.choice(NUMBERS), chance.choice(NUMBERS)))
    return chance.choice(NUMBER_PATHS), {"op": "between", "min": low, "max": high}


def _bound(op: str) -> Maker:
    def make(chance: Random, moments: Moments) -> tuple[str, Document]:
        return chance.choice(("when", "when", "when", "plan")), {"op": op, "value": moment(chance, moments)}
    return make


def moment(chance: Random, moments: Moments) -> str:
    """A moment of a definition: at the edge of something, with a zone or without."""
    away = chance.choice((-1, -1, -1, 1)) * chance.choice((0, *tuple(DURATIONS.values())[:-1]))
    return written(moments.now + away + chance.choice((-1, 0, 0, 1)), chance, chance.choice((moments.zone, "UTC")))


def _within(op: str) -> Maker:
    return lambda chance, _: ("when", {"op": op, "duration": chance.choice(tuple(DURATIONS))})


def _anniversary(period: str) -> Maker:
    def make(chance: Random, _: Moments) -> tuple[str, Document]:
        how: Document = {"days": chance.choice((1, 2, 8, 30, 60))} if period == "days" else {"period": period}
        return "when", {"op": "anniversary", **how}
    return make


def _in_numbers(chance: Random, _: Moments) -> tuple[str, Document]:
    return chance.choice(NUMBER_PATHS), {"op": "in", "values": some(chance, NUMBERS, 4)}


def _in_texts(chance: Random, _: Moments) -> tuple[str, Document]:
    path = chance.choice(TEXT_PATHS)
    return path, {"op": "in", "values": [_text(chance, path) for _ in range(chance.randint(1, 4))]}


STEADY: Mapping[str, Maker] = {
    "exists": lambda chance, _: (chance.choice((*TEXT_PATHS, "flag", "tags", "address")), {"op": "exists"}),
    "eq text": lambda chance, _: (path := chance.choice(TEXT_PATHS), {"op": "eq", "value": _text(chance, path)}),
    "eq number": _numbers("eq"),
    "eq boolean": lambda chance, _: (chance.choice(("flag", "flag", "plan")), {"op": "eq", "value": chance.random() < 0.5}),
    "in text": _in_texts,
    "in number": _in_numbers,
    **{op: _texts(op) for op in ("contains", "starts_with", "ends_with")},
    "matches": lambda chance, _: (chance.choice(TEXT_PATHS), {"op": "matches", "pattern": chance.choice(PATTERNS)}),
    **{op: _numbers(op) for op in ("gt", "gte", "lt", "lte")},
    "between": _between,
    "array_contains": lambda chance, _: ("tags", {"op": "array_contains",
                                                  "value": chance.choice(("red", "blue", 1, 2.5, 42, "42"))}),
    **{op: _bound(op) for op in ("before", "after")},
}
"""Those that `where` takes too: nothing in them moves with time."""

MOVING: Mapping[str, Maker] = {
    **{op: _within(op) for op in ("within_last", "more_than_ago", "within_next")},
    **{f"anniversary {period}": _anniversary(period) for period in ("day", "week", "month", "days")},
}
DATES = {name: make for name, make in {**STEADY, **MOVING}.items() if name in ("before", "after") or name in MOVING}
PRODUCT_TESTS: tuple[tuple[str, Document], ...] = (
    ("products[].product_id", {"op": "eq", "value": "p1"}), ("products[].product_id", {"op": "eq", "value": 7}),
    ("products[].category", {"op": "in", "values": [*(name for name in CATEGORIES if isinstance(name, str) and name), "x"]}),
    ("products[].price", {"op": "gte", "value": 2.5}), ("products[].price", {"op": "exists"}),
    ("products[].product_id", {"op": "matches", "pattern": "^p[12]$"}), ("products", {"op": "exists"}))


def where(chance: Random, moments: Moments) -> tuple[str, Document]:
    """(what op it has, an element of `where`)."""
    if chance.random() < 0.2:
        path, test = chance.choice(PRODUCT_TESTS)
        return "products[]", {"property": path, "test": test}
    name = chance.choice(tuple(STEADY))
    path, test = STEADY[name](chance, moments)
    return name, {"property": path, "test": test}
