"""One visit on one device, written as the messages that analytics.js or a mobile SDK would send."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from infra.local.sample.catalog import MINOR_UNITS, SHOP, Channel, Device, Product
from infra.local.sample.people import Person

Message = dict[str, Any]
"""One call of the Segment specification, as JSON."""

DIRECT = Channel(1, "", {})


class Handset:
    """A browser or an app in somebody's hands: it has an anonymous id, and whether it was used and they signed in."""

    def __init__(self, rng: random.Random, device: Device) -> None:
        self.device = device
        self.anonymous_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        self.advertising_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        self.ip = f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randint(1, 254)}"
        self.signed_in = False
        self.used = False


class Visit:
    """Writes the messages of one visit, each some seconds after the one before. `at` is the time in epoch ms."""

    def __init__(
        self,
        rng: random.Random,
        person: Person,
        handset: Handset,
        start: int,
        numbers: Iterator[int],
        channel: Channel = DIRECT,
    ) -> None:
        self.rng = rng
        self.person = person
        self.handset = handset
        self.at = start
        self.messages: list[Message] = []
        self._numbers = numbers
        self._channel = channel
        self._click_id = f"{rng.getrandbits(96):024x}" if channel.click_id else ""
        self._search = self._landing_search()
        self._path = "/"
        self._title = "Kestrel & Pine"
        self._referrer = channel.referrer

    def page(self, name: str, path: str) -> None:
        """A page of the shop, or the same place in its app."""
        if self.handset.device.model:
            self._write("screen", name=name, properties={"path": path})
            return
        if self.messages:
            self._referrer, self._search = SHOP + self._path, ""
        self._path, self._title = path, f"{name} · Kestrel & Pine"
        self._write(
            "page",
            name=name,
            properties={
                "title": self._title,
                "path": path,
                "url": SHOP + path + self._search,
                "referrer": self._referrer,
                "search": self._search,
            },
        )

    def track(self, event: str, **properties: Any) -> None:
        """Something that the visitor did."""
        self._write("track", event=event, properties=properties)

    def identify(self, **traits: Any) -> None:
        """What the visitor told about themselves."""
        self._write("identify", traits=traits)

    def product(self, name: str, product: Product, quantity: int = 1) -> None:
        """A track call about one product."""
        self.track(name, currency=self.currency, **line_item(product, quantity, self.currency))

    @property
    def currency(self) -> str:
        """What the visitor pays in."""
        return self.person.country.currency

    def _write(self, type_: str, **fields: Any) -> None:
        message: Message = {
            "type": type_,
            "messageId": f"shop-{self.person.number:05}-{next(self._numbers):04}",
            "timestamp": iso(self.at),
            "anonymousId": self.handset.anonymous_id,
        }
        if self.handset.signed_in:
            message["userId"] = self.person.user_id
        self.messages.append({**message, **fields, "context": self._context()})
        self.at += self.rng.randint(4_000, 95_000)

    def _context(self) -> dict[str, Any]:
        device, country = self.handset.device, self.person.country
        context: dict[str, Any] = {"ip": self.handset.ip, "locale": country.locale, "timezone": country.timezone}
        if device.model:
            system, _, version = device.system.partition(" ")
            context["library"] = {
                "name": "analytics-swift" if system == "iOS" else "analytics-kotlin",
                "version": "1.9.1",
            }
            context["app"] = {"name": "Kestrel & Pine", "version": "4.12.0", "namespace": "com.example.shop"}
            context["device"] = {
                "id": self.handset.advertising_id,
                "type": system.lower(),
                "manufacturer": device.maker,
                "model": device.model,
            }
            context["os"] = {"name": system, "version": version}
            return context
        context["library"] = {"name": "analytics.js", "version": "next-1.84.3"}
        context["userAgent"] = device.user_agent
        context["page"] = {
            "path": self._path,
            "referrer": self._referrer,
            "search": self._search,
            "title": self._title,
            "url": SHOP + self._path + self._search,
        }
        if self._search and self._channel.campaign:
            context["campaign"] = self._channel.campaign
        return context

    def _landing_search(self) -> str:
        pairs = [
            ("utm_" + ("campaign" if key == "name" else key), value.replace(" ", "+"))
            for key, value in self._channel.campaign.items()
        ]
        if self._click_id:
            pairs.append((self._channel.click_id, self._click_id))
        return "?" + "&".join(f"{key}={value}" for key, value in pairs) if pairs else ""


def from_server(person: Person, at: int, number: int, event: str, **properties: Any) -> Message:
    """What the shop's own systems report about a customer: no device, only the customer number."""
    return {
        "type": "track",
        "messageId": f"shop-{person.number:05}-{number:04}",
        "timestamp": iso(at),
        "userId": person.user_id,
        "event": event,
        "properties": properties,
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
    }


def line_item(product: Product, quantity: int, currency: str) -> dict[str, Any]:
    """A product as the ecommerce specification (v2) describes it."""
    return {
        "product_id": product.sku.lower(),
        "sku": product.sku,
        "name": product.name,
        "category": product.category,
        "brand": product.brand,
        "price": money(product.price_in(currency), currency),
        "quantity": quantity,
        "url": SHOP + product.path,
    }


def money(minor: int, currency: str) -> float | int:
    """Minor units as the number that a shop would send: 6990 EUR → 69.9, 4500 JPY → 4500."""
    return minor / MINOR_UNITS[currency] if MINOR_UNITS[currency] > 1 else minor


def iso(at: int) -> str:
    """Epoch ms as ISO 8601 with milliseconds and Z."""
    return datetime.fromtimestamp(at / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
