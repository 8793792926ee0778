"""Segments that most companies want, ready to be saved under a name of one's own: documents, and what to fill in first.

Events and properties are named as Segment's specifications have them (ecommerce v2, video). Where a document cannot know
something (a product, a currency, a topic), it holds an example, and `fill` says where it stands and what belongs there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class ReadyMade(NamedTuple):
    """One segment, ready to be saved.

    title     for people
    document  as `PUT /api/segments/<name>` takes it; its description says who is in and when they leave
    fill      place in the document (a JSON Pointer) → what to write there instead of the example; empty: usable as it is
    """

    title: str
    document: Mapping[str, Any]
    fill: Mapping[str, str]


def _event(name: str | list[str], within: str | None = None, count: int = 1, **more: Any) -> dict[str, Any]:
    window = {"window": {"within": within}} if within else {}
    return {"type": "event", "event": name, "count": {"op": "gte", "value": count}, **window, **more}


def _not(condition: dict[str, Any]) -> dict[str, Any]:
    return {"type": "not", "of": condition}


def _all(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"type": "all", "of": list(conditions)}


def _any(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"type": "any", "of": list(conditions)}


def _stage(name: str) -> dict[str, Any]:
    return {"type": "lifecycle", "stages": [name]}


def _read(action: str, within: str | None = None) -> dict[str, Any]:
    window = {"window": {"within": within}} if within else {}
    return {"type": "engagement", "channel": "email", "action": action, **window}


def _birthday(trait: str) -> dict[str, Any]:
    return {"type": "trait", "trait": trait, "test": {"op": "anniversary", "period": "week"}}


ORDER, REFUND, ADDED, WATCHED = "Order Completed", "Order Refunded", "Product Added", "Video Content Completed"


def _made(title: str, description: str, when: dict[str, Any], fill: Mapping[str, str] | None = None, **more: Any) -> ReadyMade:
    return ReadyMade(title, {"description": description, **more, "when": when}, fill or {})


READY: Mapping[str, ReadyMade] = {
    "new": _made(
        "New customers",
        "Who ordered for the first time within the last 30 days. Left 30 days after the first order.", _stage("new")),
    "active": _made(
        "Active customers",
        "Who ordered within the last 90 days, and not for the first time within the last 30. Left 90 days after the last order.",
        _stage("active")),
    "lapsed": _made(
        "Lapsed customers",
        "Customers without an order for 180 days. Entered 180 days after the last order, left with the next one.",
        _stage("lapsed")),
    "vip": _made(
        "VIP",
        "Champions of the RFM analysis who ordered within the last year. Entered and left after each analysis, and left a year "
        "after the last order.",
        _all({"type": "rfm", "groups": ["Champions"]}, _event(ORDER, "365d"))),
    "cart-abandoned": _made(
        "Cart abandoned in the last hour",
        "Who put something into the cart, and then neither ordered nor put anything else in for an hour. Entered one hour after "
        "the last product, left two hours after it, or with an order.",
        _all({"type": "sequence", "steps": [{"event": ADDED}], "without": {"event": ORDER, "within": "1h"},
              "window": {"within": "2h"}}, _not(_event([ADDED, ORDER], "1h")))),
    "newsletter-quiet": _made(
        "Newsletter readers gone quiet",
        "Subscribers of the newsletter who have opened or clicked an e-mail, but none for 60 days. Entered 60 days after the "
        "last time, left with the next one.",
        _all({"type": "consent", "channel": "email", "topic": "newsletter", "state": "subscribed"},
             _any(_read("opened"), _read("clicked")), _not(_any(_read("opened", "60d"), _read("clicked", "60d")))),
        {"/when/of/0/topic": "the topic of your newsletter, or \"\" for the whole channel"}),
    "bought-product": _made(
        "Bought X in the last three months",
        "Who ordered the product within the last 13 weeks. Left 13 weeks after the last order with it.",
        _event(ORDER, "13w", where=[{"property": "products[].product_id", "test": {"op": "eq", "value": "PRODUCT_ID"}}]),
        {"/when/where/0/test/value": "the product_id of the product"}),
    "birthday-this-week": _made(
        "Birthday this week",
        "Whose birthday is in this week, Monday to Sunday. Entered on Monday at midnight, left a week later.",
        _any(*map(_birthday, ("birthday", "date_of_birth", "dateOfBirth"))),
        {"/timezone": "the time zone in which weeks begin"}, timezone="UTC"),
    "high-refund": _made(
        "High refund",
        "Who got back at least 30 % of what they paid, and at least two refunds within the last year. Left a year after the last "
        "but one, or when new orders make it less.",
        _all({"type": "orders", "measure": "refund_share", "currency": "EUR", "test": {"op": "gte", "value": 0.3}},
             _event(REFUND, "365d", count=2)),
        {"/when/of/0/currency": "the currency of your orders"}),
    "binge-viewers": _made(
        "Binge viewers",
        "Who in the last week watched three things to the end, one after the other, with at most three hours between two ends. "
        "Left a week after they began.",
        {"type": "sequence", "steps": [{"event": WATCHED}, *[{"event": WATCHED, "within": "3h"}] * 2],
         "window": {"within": "7d"}}),
}
"""Name → segment."""
