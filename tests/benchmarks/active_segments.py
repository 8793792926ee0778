"""Twenty segments as a shop has them: what the consumer follows in the benchmark "with 20 active segments"."""

from __future__ import annotations

from typing import Any

from socle.definitions.model import Definition
from socle.segments.document import Segment
from socle.segments.rules import LiveRules


def _event(name: str, within: str = "", count: int = 1, **where: str) -> dict[str, Any]:
    asked = [{"property": path, "test": {"op": "eq", "value": value}} for path, value in where.items()]
    window = {"within": within} if within else {}
    return {"type": "event", "event": name, "where": asked, "count": {"value": count}, "window": window}


def _trait(name: str, value: str) -> dict[str, Any]:
    return {"type": "trait", "trait": name, "test": {"op": "eq", "value": value}}


SEGMENTS: dict[str, dict[str, Any]] = {
    "active-day": {"type": "profile", "field": "last_seen", "test": {"op": "within_last", "duration": "1d"}},
    "active-month": {"type": "profile", "field": "last_seen", "test": {"op": "within_last", "duration": "30d"}},
    "new": {"type": "profile", "field": "first_seen", "test": {"op": "within_last", "duration": "7d"}},
    "looked-thrice": _event("Product Viewed", "7d", 3),
    "looked-often": _event("Product Viewed", "30d", 10),
    "cart": _event("Product Added", "7d"),
    "cart-left": {"type": "sequence", "steps": [{"event": "Product Added"}], "window": {"within": "3d"},
                  "without": {"event": "Order Completed", "within": "1h"}},
    "footwear": _event("Product Viewed", "30d", 3, category="footwear"),
    "jackets": _event("Product Viewed", "30d", 3, category="jackets"),
    "camping": _event("Product Viewed", "30d", 3, category="camping"),
    "expensive-taste": {"type": "aggregate", "function": "average", "of": "price", "event": "Product Viewed",
                        "test": {"op": "gt", "value": 120}},
    "buyer": _event("Order Completed"),
    "vip": {"type": "orders", "currency": "EUR", "measure": "revenue", "test": {"op": "gte", "value": 1000}},
    "lapsed": {"type": "lifecycle", "stages": ["lapsed"]},
    "pro": _trait("plan", "pro"),
    "french": _trait("country", "FR"),
    "newsletter": {"type": "consent", "channel": "email", "topic": "news", "state": "subscribed"},
    "reachable": {"type": "all", "of": [{"type": "identifier", "identifier": "email"},
                                        {"type": "consent", "channel": "email", "topic": "news", "state": "subscribed"}]},
    "champions": {"type": "rfm", "groups": ["Champions"]},
    "tenth": {"type": "percentage", "end": 10},
}


def rules() -> LiveRules:
    """All of them, in force."""
    return LiveRules.of([Definition("segments", name, 1, Segment.model_validate({"when": when}).model_dump(mode="json"), 0, 0)
                         for name, when in SEGMENTS.items()])
