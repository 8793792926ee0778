"""How stories of recipes are told: with the recipe's own documents, by somebody who agreed to its topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from socle.journeys.ready import recipe
from tests.journeys.story import KNOWN, Did, Story, Went

ADDED, ORDERED, VIEWED, CONSENT = "Product Added", "Order Completed", "Product Viewed", "Consent Updated"
CART = {"cart_id": "c1", "name": "Hill pack 22", "price": 89.9, "currency": "EUR"}
ORDER = {"order_id": "o1", "total": 89.9, "revenue": 89.9, "currency": "EUR"}


def agreed(topic: str, *channels: str) -> tuple[Did, ...]:
    """Somebody who can be reached, and agreed to be on that topic."""
    return (*KNOWN, *(Did("1s", CONSENT, {"channel": channel, "topic": topic, "state": "subscribed", "source": "test"})
                      for channel in channels or ("email",)))


def story(of: str, name: str, did: Sequence[Did], went: Sequence[Went], sent: Sequence[str] = (), *, journey: str = "",
          until: str = "9d", way: str = "") -> Story:
    """A story of a recipe; of which of its journeys, if it has several; by which way of its split, if it has one."""
    documents = recipe(of).documents
    document = documents["journeys"][journey or of]
    return Story(f"{of} {name}", certain(document, way) if way else document, did, went, sent, until,
                 {kind: found for kind, found in documents.items() if kind != "journeys"})


def certain(document: Mapping[str, Any], way: str) -> dict[str, Any]:
    """The document, in which chance always decides for that way: ids differ from run to run, and with them who goes which way."""
    steps = [{**step, "ways": [{**one, "weight": 99.999 if one["name"] == way else 0.001} for one in step["ways"]]}
             if step["type"] == "split" else step for step in document["steps"]]
    return {**document, "steps": steps}


def order(at: str, **more: Any) -> Did:
    return Did(at, ORDERED, {**ORDER, **more})


REMINDED = agreed("reminders")
EXTRAS = agreed("extras", "email", "sms")
