"""The journeys of the sample shop: recipes, published when its people are there; and what to try with them."""

from __future__ import annotations

import json

from infra.local.http import ADMIN_TOKEN
from infra.local.sample.client import Client
from socle.journeys.ready import recipe

RECIPES = ("abandoned-cart", "post-purchase", "back-in-stock", "welcome")
WRITE_KEY = "local-write-key:"
DONE = (
    ("Consent Updated", {"channel": "email", "topic": "reminders", "state": "subscribed", "source": "shop"}),
    ("Product Added", {"cart_id": "c-1", "name": "Hill pack 22", "price": 89.9, "currency": "EUR"}))


def publish(client: Client) -> None:
    """Write the recipes, and let people enter from now on."""
    for name in RECIPES:
        documents = recipe(name).documents
        for kind, those in documents.items():
            for one, document in those.items():
                client.put(f"/api/{kind}/{one}", document)
        for journey in documents["journeys"]:
            client.post(f"/api/journeys/{journey}/publish")


def walkthrough(base_url: str) -> str:
    """Commands to paste: a cart is left, an hour passes, a reminder is in the outbox."""
    track = f"curl -s -u {WRITE_KEY} {base_url}/v1/track -d"
    curl, api = f"curl -s -H 'Authorization: Bearer {ADMIN_TOKEN}'", f"{base_url}/api/journeys"
    return "\n".join((
        f"Journeys run: {', '.join(RECIPES)}. Somebody who wants reminders fills a cart, and an hour passes:",
        f"""  curl -s -u {WRITE_KEY} {base_url}/v1/identify -d '{{"userId": "ada", "traits": {{"email": "ada@example.com"}}}}'""",
        *(f"  {track} '{json.dumps({'userId': 'ada', 'event': event, 'properties': properties})}'" for event, properties in DONE),
        f"""  sleep 2; curl -s -X POST {base_url}/local/clock -d '{{"advance": "1h"}}'""",
        f"  {base_url}/local/outbox",
        "Where everybody is, step by step; and the same as a picture, for a file that a browser opens:",
        f"  {curl} '{api}/abandoned-cart/state' | python3 -m json.tool",
        f"  {curl} '{api}/abandoned-cart/diagram.svg' > abandoned-cart.svg"))
