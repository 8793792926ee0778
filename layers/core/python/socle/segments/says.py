"""What a condition asks, as one sentence for people. Pure.

It reads documents as they are stored. The words are those of README.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]
_UNITS = {"m": "minute", "h": "hour", "d": "day", "w": "week"}
_SHOWN = 5


def sentence(condition: Document) -> str:
    """The sentence of a condition, without what its own conditions ask."""
    return _SENTENCES[condition["type"]](condition)


def duration(text: str) -> str:
    """`30d` in words."""
    number, unit = text[:-1], _UNITS[text[-1]]
    return f"{number} {unit}" if number == "1" else f"{number} {unit}s"


def predicate(test: Document) -> str:
    """A predicate, as it follows the name of what it tests."""
    return _TESTS[test["op"]](test)


def quoted(value: Any) -> str:
    """A value of a definition."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else f"{value:,}" if isinstance(value, int) else f"{value:g}"


def listed(values: Sequence[Any], last: str = "or") -> str:
    """Some values, not all of very many."""
    shown = [quoted(value) for value in values[:_SHOWN]]
    more = len(values) - len(shown)
    if more:
        return f"{', '.join(shown)} {last} {more} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def _anniversary(test: Document) -> str:
    if test.get("period"):
        return {"day": "has its anniversary today", "week": "has its anniversary this week",
                "month": "has its anniversary this month"}[test["period"]]
    return "has its anniversary today" + (f" or in the {test['days'] - 1} days after it" if test["days"] > 1 else "")


_TESTS: Mapping[str, Callable[[Document], str]] = {
    "exists": lambda test: "is there",
    "eq": lambda test: f"is {quoted(test['value'])}",
    "in": lambda test: f"is {listed(test['values'])}",
    "contains": lambda test: f"contains {quoted(test['value'])}",
    "starts_with": lambda test: f"starts with {quoted(test['value'])}",
    "ends_with": lambda test: f"ends with {quoted(test['value'])}",
    "matches": lambda test: f"matches /{test['pattern']}/",
    "gt": lambda test: f"is greater than {quoted(test['value'])}",
    "gte": lambda test: f"is at least {quoted(test['value'])}",
    "lt": lambda test: f"is less than {quoted(test['value'])}",
    "lte": lambda test: f"is at most {quoted(test['value'])}",
    "between": lambda test: f"is between {quoted(test['min'])} and {quoted(test['max'])}",
    "array_contains": lambda test: f"holds {quoted(test['value'])}",
    "before": lambda test: f"is before {test['value']}",
    "after": lambda test: f"is {test['value']} or later",
    "within_last": lambda test: f"lies within the last {duration(test['duration'])}",
    "more_than_ago": lambda test: f"lies more than {duration(test['duration'])} ago",
    "within_next": lambda test: f"lies within the next {duration(test['duration'])}",
    "anniversary": _anniversary,
}


def _events(one: Document) -> str:
    names = one.get("event")
    what = "any event" if not names else quoted(names) if isinstance(names, str) else listed(names)
    where = " and ".join(f"{part['property']} {predicate(part['test'])}" for part in one.get("where") or ())
    return f"{what} whose {where}" if where else what


def _window(one: Document) -> str:
    window = one.get("window") or {}
    if window.get("within"):
        return f" within the last {duration(window['within'])}"
    since, until = window.get("since"), window.get("until")
    return (f" from {since}" if since else "") + (f" until before {until}" if until else "")


def _count(one: Document) -> tuple[str, str]:
    count = one.get("count") or {}
    op, value = count.get("op", "gte"), count.get("value", 1)
    if op != "gte" and value == 0:
        return "Has not", ""
    times = "once" if value == 1 else f"{value:,} times"
    return "Has", {"gte": f" at least {times}", "lte": f" at most {times}", "eq": f" exactly {times}"}[op]


def _event(one: Document) -> str:
    has, times = _count(one)
    return f"{has} performed {_events(one)}{times}{_window(one)}"


def _engagement(one: Document) -> str:
    has, times = _count(one)
    of = f" of the campaign {quoted(one['campaign'])}" if one.get("campaign") else ""
    return f"{has} {one['action']} messages by {one['channel']}{of}{times}{_window(one)}"


_FUNCTIONS = {"distinct": "number of different values", "most_frequent": "most frequent value"}


def _aggregate(one: Document) -> str:
    return f"The {aggregate(one)} {predicate(one['test'])}"


def aggregate(one: Document) -> str:
    """What an aggregate takes together."""
    function = _FUNCTIONS.get(one["function"], one["function"])
    money = f" in {one['currency']}" if one.get("currency") else ""
    return f"{function} of {one['of']}{money} over {_events(one)}{_window(one)}"


def _sequence(one: Document) -> str:
    words = f"Has performed {_events(one['steps'][0])}"
    for step in one["steps"][1:]:
        words += f", then {_events(step)}" + (f" at most {duration(step['within'])} later" if step.get("within") else "")
    if one.get("without"):
        words += f", and no {_events(one['without'])} in the {duration(one['without']['within'])} after it"
    return words + (f", all with the same {one['same']}" if one.get("same") else "") + _window(one)


def _changed(one: Document) -> str:
    values = [f" {word} {quoted(one[name])}" for word, name in (("from", "was"), ("to", "becomes")) if one.get(name) is not None]
    return f"The trait {one['trait']} changed{''.join(values)} within the last {duration(one['within'])}"


def _consent(one: Document) -> str:
    topic = f" about {one['topic']}" if one.get("topic") else ""
    return (f"Nothing was said of consent to {one['channel']}{topic}" if one["state"] == "none"
            else f"Consent to {one['channel']}{topic} is {one['state']}")


_OF_ACCOUNTS = {"any": "One of the person's accounts has", "all": "All of the person's accounts have",
                "none": "None of the person's accounts has"}
_OF_MEMBERS = {"any": "at least one of the members is", "all": "all of the members are", "none": "none of the members is"}
_SENTENCES: Mapping[str, Callable[[Document], str]] = {
    "all": lambda one: f"All of these {len(one['of'])} hold" if len(one["of"]) > 1 else "This holds",
    "any": lambda one: f"At least one of these {len(one['of'])} holds" if len(one["of"]) > 1 else "This holds",
    "at_least": lambda one: f"At least {one['count']} of these {len(one['of'])} hold",
    "not": lambda one: "This does not hold",
    "everyone": lambda one: "Everybody",
    "trait": lambda one: f"The trait {one['trait']} {predicate(one['test'])}",
    "changed": _changed,
    "event": _event,
    "event_time": lambda one: f"The {one['which']} time of {_events(one)} {predicate(one['test'])}",
    "aggregate": _aggregate,
    "sequence": _sequence,
    "engagement": _engagement,
    "consent": _consent,
    "rfm": lambda one: f"The RFM group is {listed(one['groups'])}",
    "computed": lambda one: f"The computed trait {one['trait']} {predicate(one['test'])}",
    "lifecycle": lambda one: f"The stage of the customer's life is {listed(one['stages'])}",
    "orders": lambda one: f"The {one['measure'].replace('_', ' ')} of all orders in {one['currency']} {predicate(one['test'])}",
    "account": lambda one: f"{_OF_ACCOUNTS[one['quantifier']]} a trait {one['trait']} that {predicate(one['test'])}",
    "account_members": lambda one: f"Of one of the person's accounts {_OF_MEMBERS[one['quantifier']]} in {one['segment']}",
    "segment": lambda one: f"Is in the segment {one['segment']}",
    "percentage": lambda one: f"Lies in the random part from {one['start']:g} to {one['end']:g} per cent",
    "profile": lambda one: f"{one['field'].replace('_', ' ').capitalize()} {predicate(one['test'])}",
    "identifier": lambda one: f"Has an identifier of type {one['identifier']}",
}
