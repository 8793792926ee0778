"""What the sample shop writes to its people: brand, topics, templates, campaigns; and how its readers take the first letter."""

from __future__ import annotations

import base64
import csv
import io
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.local.bring import bring
from infra.local.http import ADMIN_TOKEN
from infra.local.sample.catalog import BROWSERS, PRODUCTS, SHOP
from infra.local.sample.client import Client
from infra.local.sample.mailbox import outbox, read_letters
from infra.local.sample.visit import Message
from infra.local.ses_events import SIMULATOR
from socle.iso import to_iso

FIRST, SECOND = "autumn-letter", "winter-preview"
MAIL = Path(__file__).parent / "mail"
READ_AFTER = 2.5
"""Seconds after which a letter is opened: what is opened sooner is taken for a machine's."""

_BRAND = {
    "name": "Kestrel & Pine", "sender": {"address": "letter@shop.example.com", "name": "Kestrel & Pine"},
    "reply_to": "hello@shop.example.com", "url": SHOP, "logo": "logo.png", "address": "12 quai de la Fosse, 44000 Nantes",
    "colors": {"primary": "#1f4d3a", "text": "#24302b", "background": "#f6f1e7"},
    "locale": "en", "timezone": "Europe/Paris", "currency": "EUR"}
_TOPICS: Mapping[str, Mapping[str, Any]] = {
    "newsletter": {
        "title": "Our letter", "description": "New things and old paths, about twice a month.", "channels": ["email"],
        "text": "I would like to get the letter of Kestrel & Pine by e-mail. I can end it at any time.",
        "text_version": "2026-09",
        "translations": {"fr": {
            "title": "Notre lettre", "description": "Nouveautés et vieux sentiers, deux fois par mois environ.",
            "text": "Je souhaite recevoir la lettre de Kestrel & Pine par e-mail. Je peux me désabonner à tout moment."}}},
    "offers": {
        "title": "Offers", "description": "When something costs less for a while.", "channels": ["email", "push"],
        "double_opt_in": True, "text": "I would like to hear of offers.", "text_version": "2026-09",
        "translations": {"fr": {"title": "Bons plans", "description": "Quand quelque chose coûte moins cher, pour un temps.",
                                "text": "Je souhaite être informé·e des bons plans."}}},
    "delivery": {
        "title": "Deliveries by SMS", "description": "When a parcel is on its way.", "channels": ["sms"],
        "translations": {"fr": {"title": "Livraisons par SMS", "description": "Quand un colis est en route."}}}}
_RULES = {"timezone": "Europe/Paris", "caps": [{"count": 3, "per": "day", "channel": "email"},
                                               {"count": 1, "per": "day", "channel": "sms"}]}
_NAME = "{% if traits.firstName %}{{ traits.firstName }}, {% endif %}"


def _either(french: str, english: str) -> str:
    """Liquid that comes to one of the two, by the person's language."""
    return f"{{% assign l = locale | slice: 0, 2 %}}{{% if l == 'fr' %}}{french}{{% else %}}{english}{{% endif %}}"


_TEMPLATES: Mapping[str, Mapping[str, Any]] = {
    "autumn-paths": {"subject": _NAME + _either("les sentiers sont à vous", "the paths are yours")},
    "autumn-packs": {"subject": _NAME + _either("que mettre dans un sac ?", "what goes into a pack?")},
    SECOND: {"subject": _either("Au chaud avant la neige", "Warm before the snow")}}
_CAMPAIGNS: Mapping[str, Mapping[str, Any]] = {
    FIRST: {
        "description": "Two subjects, one letter; one reader of twenty gets none, to see what it is worth.",
        "variants": [{"name": "paths", "template": "autumn-paths", "share": 50},
                     {"name": "packs", "template": "autumn-packs", "share": 50}],
        "topic": "newsletter", "segment": "newsletter-readers", "holdout": 5, "utm": {"source": "letter", "medium": "email"},
        "conversion": {"event": "Order Completed", "days": 7}, "cost": {"fixed": 15_000, "currency": "EUR"}},
    SECOND: {
        "description": "To everybody with an address: who may not get it is skipped, and the run says why.",
        "template": SECOND, "topic": "newsletter", "segment": "with-address", "conversion": {"event": "Order Completed"}}}
_PRODUCTS = {"kind": "catalog", "item": {"type": "products", "id": "sku"}, "properties": {
    **{name: name for name in ("name", "category", "brand", "path", "image")}, "price": {"column": "price", "type": "number"}}}


def readers(now: int) -> Iterator[Message]:
    """Subscribers whose mailboxes are SES's simulator: two that bounce, one who complains."""
    for number, box in enumerate(("bounce+1", "bounce+2", "complaint+1")):
        for step, call in enumerate((
            {"type": "identify", "traits": {"email": f"{box}{SIMULATOR}", "firstName": "Nobody"}},
            {"type": "track", "event": "Consent Updated", "properties": {
                "channel": "email", "topic": "newsletter", "state": "subscribed", "source": "fair"}},
        )):
            yield {**call, "userId": f"simulator-{number}", "messageId": f"simulator-{number}-{step}",
                   "timestamp": to_iso(now - 60_000 + step)}


def define(client: Client, base_url: str) -> None:
    """Write what letters are made of, and the campaigns."""
    for image in sorted(MAIL.glob("*.png")):
        client.put(f"/api/assets/{image.name}", {"data": base64.b64encode(image.read_bytes()).decode()})
    client.put("/api/brand/default", _BRAND)
    client.put("/api/sending-rules/default", _RULES)
    for name, topic in _TOPICS.items():
        client.put(f"/api/topics/{name}", topic)
    client.put("/api/mappings/products", _PRODUCTS)
    bring_products(base_url)
    client.put("/api/layouts/letter", {"mjml": _source("layout")})
    client.put("/api/blocks/product", {"content": _source("product")})
    for name, document in _TEMPLATES.items():
        client.put(f"/api/templates/{name}", {
            "channel": "email", "layout": "letter", "mjml": _source(name.partition("-")[0]),
            "preheader": _either("Ce que nous emportons en ce moment", "What we take along at the moment"),
            "sample": {"traits": {"firstName": "Chloé"}, "locale": "fr-FR"}, **document})
    client.put("/api/templates/on-its-way", {
        "channel": "sms", "event": "Order Completed",
        "text": "{{ brand.name }}: {% if traits.firstName %}{{ traits.firstName }}, {% endif %}your order is on its way."})
    for name, document in _CAMPAIGNS.items():
        client.put(f"/api/campaigns/{name}", document)


def bring_products(base_url: str) -> None:
    """The shop's catalogue, by an import: products of letters come from it."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("sku", "name", "category", "brand", "price", "path", "image"))
    rows.writerows((one.sku, one.name, one.category, one.brand, f"{one.price / 100:.2f}", one.path, f"{one.category}.png")
                   for one in PRODUCTS)
    bring(base_url, "products.csv", text.getvalue().encode(), "products", quiet=True)


def write_first(client: Client, base_url: str) -> str:
    """Ask what the first letter would come to, send it, and let its readers read it; answers what to say and to try."""
    client.catch_up()
    asked = client.await_end(f"/api/campaigns/{FIRST}/forecast", f"/api/campaigns/{FIRST}/runs")
    expected = client.get(f"/api/campaigns/{FIRST}/forecasts/{asked['id']}")
    run = client.await_end(f"/api/campaigns/{FIRST}/launch", f"/api/campaigns/{FIRST}/runs")
    time.sleep(READ_AFTER)
    orders = list(read_letters(base_url, [browser.user_agent for browser in BROWSERS]))
    client.send(orders)
    client.catch_up()
    sent = run["outcomes"].get("sent", 0)
    forecast = f"{expected['would_send']} were forecast, at {expected['cost']['usd']:.2f} US dollars on AWS"
    mail = outbox(base_url)[-1]
    reader = client.profile("email", mail["to"]) or {"id": "…"}
    curl, api = f"curl -s -H 'Authorization: Bearer {ADMIN_TOKEN}'", f"{base_url}/api/campaigns"
    return "\n".join((
        f"The letter {FIRST} went to {sent} of {run['audience']} readers; {forecast}. In a browser:",
        f"  {base_url}/local/outbox",
        "What came of it: opened, clicked, ordered, by variant, link, domain and device:",
        f"  {curl} '{api}/{FIRST}/report' | python3 -m json.tool",
        "One reader ends it with one click; the next campaign passes them over, and others too, and says why:",
        f"  curl -s -X POST '{mail['headers']['List-Unsubscribe'].strip('<>')}' -d 'List-Unsubscribe=One-Click'",
        f"  {curl} -X POST '{api}/{SECOND}/launch' | python3 -m json.tool",
        f"  {curl} '{api}/{SECOND}/runs' | python3 -m json.tool",
        f"  {curl} '{api}/{SECOND}/people/{reader['id']}' | python3 -m json.tool"))


def _source(name: str) -> str:
    return (MAIL / f"{name}.mjml").read_text()

