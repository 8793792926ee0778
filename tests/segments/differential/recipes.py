"""Recipes: for each condition type, function, quantifier and form of window a way to make a random condition of it.

A load cooks every recipe; so coverage does not hang on luck, only truth and edges do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from tests.segments.differential.histories import GROUPS
from tests.segments.differential.predicates import DATES, MOVING, STEADY, Document, moment, where
from tests.segments.differential.words import CATEGORIES, CURRENCIES, DURATIONS, MAILS, NAMES, PLAIN, Moments, some

Recipe = Callable[[Random, Moments], Document]
SHORT = tuple(DURATIONS)[:-1]


def _event(chance: Random) -> str | list[str]:
    return chance.choice(NAMES) if chance.random() < 0.6 else some(chance, NAMES, 4)


def _wheres(chance: Random, moments: Moments, often: float = 0.35) -> list[Document]:
    return [where(chance, moments)[1] for _ in range(chance.choice((1, 1, 2)))] if chance.random() < often else []


def window(form: str, chance: Random, moments: Moments) -> Document:
    """A window of one form: ever, within, since, until, between."""
    if form == "within":
        return {"within": chance.choice(SHORT)}
    made: Document = {}
    for _ in range(20):
        made = {name: moment(chance, moments) for name in ("since", "until") if name == form or form == "between"}
        if form != "between" or made["since"] < made["until"]:
            break
    return made


WINDOWS = ("ever", "within", "since", "until", "between")


def _count(op: str, form: str) -> Recipe:
    def make(chance: Random, moments: Moments) -> Document:
        one: Document = {"type": "event", "count": {"op": op, "value": chance.choice((0, 1, 1, 2, 3, 5))},
                         "window": window(form, chance, moments), "where": _wheres(chance, moments)}
        return one | ({"event": _event(chance)} if chance.random() < 0.9 else {})
    return make


def _asking(name: str) -> Recipe:
    def make(chance: Random, moments: Moments) -> Document:
        path, test = STEADY[name](chance, moments)
        return {"type": "event", "event": ["$identify", *NAMES], "where": [{"property": path, "test": test}],
                "count": {"value": chance.choice((1, 1, 2))}}
    return make


def _products(chance: Random, moments: Moments) -> Document:
    found: Document = {}
    while not found.get("property", "").startswith("products"):
        found = where(chance, moments)[1]
    return {"type": "event", "where": [found], "window": window(chance.choice(WINDOWS), chance, moments)}


def _trait(name: str) -> Recipe:
    def make(chance: Random, moments: Moments) -> Document:
        path, test = {**STEADY, **MOVING}[name](chance, moments)
        return {"type": "trait", "trait": path, "test": test}
    return make


def _changed(said: tuple[str, ...]) -> Recipe:
    def make(chance: Random, _: Moments) -> Document:
        path, pool = chance.choice((("plan", ("gold", "Gold", "silver")), ("score", (0, 1, 2.5)), ("flag", (True, False))))
        return {"type": "changed", "trait": path, "within": chance.choice(("90d", "180d", "7305d", *SHORT)),
                **{name: chance.choice(pool) for name in said}}
    return make


def _time(which: str, name: str) -> Recipe:
    def make(chance: Random, moments: Moments) -> Document:
        return {"type": "event_time", "which": which, "event": _event(chance), "where": _wheres(chance, moments, 0.2),
                "test": DATES[name](chance, moments)[1]}
    return make


def measure(function: str, chance: Random, moments: Moments, form: str = "", money: bool = False) -> Document:
    """An aggregate without its test."""
    one: Document = {"function": function, "event": _event(chance) if chance.random() < 0.4 else None,
                     "where": _wheres(chance, moments, 0.2), "window": window(form or chance.choice(WINDOWS), chance, moments)}
    if money:
        return one | {"of": chance.choice(("$amount", "$amount", "score")), "currency": chance.choice(CURRENCIES),
                      "event": chance.choice(("Order Completed", ["Order Completed", "Order Refunded", "Cart Updated"]))}
    if function in ("distinct", "most_frequent"):
        return one | {"of": chance.choice(("plan", "cart_id", "tags[]", "products[].category", "products[].product_id"))}
    paths = ("score", "plan", "flag") if function == "first" else ("score", "score", "plan", "cart_id")
    return one | {"of": chance.choice(paths)}


def tested(function: str, money: bool, chance: Random) -> Document:
    """A test that fits an aggregate."""
    if function == "most_frequent":
        return chance.choice(({"op": "eq", "value": chance.choice(("gold", "c1", "7", "red", "p1"))}, {"op": "exists"},
                              {"op": "in", "values": [*map(str, CATEGORIES), "gold", "p2"]},
                              {"op": "matches", "pattern": "^[a-p]"}))
    if function in ("first", "last") and chance.random() < 0.5:
        return chance.choice(({"op": "eq", "value": "gold"}, {"op": "exists"}, {"op": "contains", "value": "o"},
                              {"op": "in", "values": ["gold", "c1", "silver"]}))
    bound = chance.choice((10, 19.99, 30, 0.01, 0.02, 29.99, 1)) if money else chance.choice((0, 1, 2, 2.5, 3, 5, 1.25, 0.1))
    return chance.choice(({"op": chance.choice(("gt", "gte", "lt", "lte", "eq")), "value": bound},
                          {"op": "between", "min": 0, "max": bound}, {"op": "exists"}))


def _aggregate(function: str, money: bool, form: str) -> Recipe:
    def make(chance: Random, moments: Moments) -> Document:
        one = measure(function, chance, moments, form, money)
        return {"type": "aggregate", **one, "test": tested(function, money, chance)}
    return make


def _sequence(steps: int, parts: tuple[str, ...]) -> Recipe:
    def make(chance: Random, moments: Moments) -> Document:
        def step(within: bool) -> Document:
            return {"event": some(chance, NAMES, 5), "where": _wheres(chance, moments, 0.15),
                    **({"within": chance.choice(SHORT)} if within else {})}

        one: Document = {"type": "sequence", "steps": [step(number > 0 and "within" in parts) for number in range(steps)]}
        if "without" in parts:
            one["without"] = {**step(False), "event": some(chance, PLAIN, 2), "within": chance.choice(SHORT)}
        if "same" in parts:
            one["same"] = chance.choice(("cart_id", "plan", "address.city"))
        form = chance.choice(WINDOWS[1:]) if "window" in parts else "ever"
        return one | {"window": window(form, chance, moments)}
    return make


def _engagement(number: int, op: str, form: str) -> Recipe:
    def make(chance: Random, moments: Moments) -> Document:
        channel, action, _ = MAILS[number]
        return {"type": "engagement", "channel": channel, "action": action, "window": window(form, chance, moments),
                "count": {"op": op, "value": chance.choice((0, 1, 1, 2))},
                **({"campaign": "spring"} if chance.random() < 0.4 else {})}
    return make


def _orders(name: str) -> Recipe:
    def make(chance: Random, _: Moments) -> Document:
        money = (0, 10, 19.99, 20, 0.02, 2.5, 29.99)
        bound = chance.choice({"count": (1, 2, 3), "refunds": (1, 2), "refund_share": (0, 0.5, 1)}.get(name, money))
        test = chance.choice(({"op": chance.choice(("gt", "gte", "lt", "lte", "eq")), "value": bound},
                              {"op": "between", "min": 0, "max": bound}))
        return {"type": "orders", "measure": name, "currency": chance.choice(CURRENCIES), "test": test}
    return make


def _account(quantifier: str) -> Recipe:
    def make(chance: Random, moments: Moments) -> Document:
        path, test = STEADY[chance.choice(tuple(STEADY))](chance, moments)
        return {"type": "account", "quantifier": quantifier, "trait": path, "test": test}
    return make


def _field(name: str, op: str) -> Recipe:
    def make(chance: Random, moments: Moments) -> Document:
        if op in DATES:
            test = DATES[op](chance, moments)[1]
        elif op == "number":
            test = {"op": chance.choice(("gt", "gte", "lt", "lte", "eq")), "value": chance.choice((1, 2, 4, 7))}
        else:
            test = chance.choice(({"op": "exists"}, {"op": "eq", "value": "fr-FR"}, {"op": "starts_with", "value": "Europe/"},
                                  {"op": "matches", "pattern": "(?i)^EN|tokyo"}))
        return {"type": "profile", "field": name, "test": test}
    return make


def _percentage(chance: Random, _: Moments) -> Document:
    start = chance.choice((0, 0, 20, 33.33, 50))
    end = start + chance.choice((10, 50, 0.01, 33.33))
    return {"type": "percentage", "start": start, "end": end, "salt": chance.choice(("", "a", "é'"))}


RECIPES: Mapping[str, Recipe] = {
    "everyone": lambda *_: {"type": "everyone"},
    **{f"trait {name}": _trait(name) for name in (*STEADY, *MOVING)},
    **{f"changed {' '.join(said) or 'at all'}": _changed(said) for said in ((), ("was",), ("becomes",), ("was", "becomes"))},
    **{f"event {op} {form}": _count(op, form) for op in ("gte", "lte", "eq") for form in WINDOWS},
    **{f"event where {name}": _asking(name) for name in STEADY},
    "event where products[]": _products,
    **{f"event_time {which} {name}": _time(which, name) for which in ("first", "last") for name in DATES},
    **{f"aggregate {function} {form}": _aggregate(function, False, form) for form in WINDOWS
       for function in ("sum", "average", "min", "max", "distinct", "most_frequent", "first", "last")},
    **{f"aggregate {function} of money": _aggregate(function, True, "") for function in ("sum", "average", "min", "max")},
    "sequence 2": _sequence(2, ()), "sequence 3": _sequence(3, ()), "sequence 4": _sequence(4, ("window",)),
    "sequence within": _sequence(2, ("within",)), "sequence 3 within": _sequence(3, ("within", "window")),
    "sequence without": _sequence(1, ("without",)), "sequence 2 without same": _sequence(2, ("without", "same")),
    "sequence same": _sequence(2, ("same", "window")), "sequence without window": _sequence(1, ("without", "window")),
    **{f"engagement {channel} {action}": _engagement(number, *how) for number, ((channel, action, _), how) in enumerate(zip(
        MAILS, (("gte", "ever"), ("gte", "within"), ("eq", "within"), ("lte", "ever"), ("gte", "since"), ("lte", "within")),
        strict=True))},
    **{f"consent {state}": lambda chance, _, state=state: {  # type: ignore[misc]
        "type": "consent", "channel": chance.choice(("email", "sms")), "topic": chance.choice(("", "news")), "state": state}
       for state in ("subscribed", "unsubscribed", "pending", "none")},
    "rfm": lambda chance, _: {"type": "rfm", "groups": some(chance, GROUPS, 3)},
    **{f"lifecycle {stage}": lambda chance, _, stage=stage: {  # type: ignore[misc]
        "type": "lifecycle", "stages": list({stage, chance.choice((stage, "new", "lapsed"))})}
       for stage in ("visitor", "new", "active", "lapsing", "lapsed")},
    **{f"orders {name}": _orders(name) for name in ("count", "revenue", "refunds", "refunded", "net", "average", "refund_share")},
    **{f"account {quantifier}": _account(quantifier) for quantifier in ("any", "all", "none")},
    **{f"account_members {quantifier}": lambda chance, _, quantifier=quantifier: {  # type: ignore[misc]
        "type": "account_members", "quantifier": quantifier, "segment": chance.choice(("fans", "others"))}
       for quantifier in ("any", "all", "none")},
    "percentage": _percentage,
    **{f"profile {name} {op}": _field(name, op) for name in ("first_seen", "last_seen") for op in DATES},
    "profile event_count": _field("event_count", "number"),
    "profile locale": _field("locale", "text"), "profile timezone": _field("timezone", "text"),
    "identifier": lambda chance, _: {"type": "identifier", "identifier": chance.choice(("email", "anonymous_id"))},
}
