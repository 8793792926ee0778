"""Random histories: what a few hundred people do around the moment of a load, with everything that goes wrong on the way."""

from __future__ import annotations

from random import Random
from typing import Any

from socle.clock import DAY, HOUR
from socle.events.model import Event, Identifier
from tests.segments.differential.words import (
    BOOLEANS,
    CATEGORIES,
    CITIES,
    CURRENCIES,
    MAILS,
    NO_NUMBERS,
    NUMBERS,
    ORDERS,
    PLAIN,
    PRODUCTS,
    TAGS,
    TEXTS,
    Moments,
)

ACCOUNTS = ("acme", "globex", "initech")
STATES = ("subscribed", "unsubscribed", "pending")
GROUPS = ("Champions", "Loyal", "Lost", "At Risk")


def values(chance: Random, moments: Moments) -> dict[str, Any]:
    """What an event or an identify call says: every name that definitions ask for may be there, of the wrong kind too."""
    said: dict[str, Any] = {}
    if chance.random() < 0.6:
        said["plan"] = chance.choice(TEXTS[:4] if chance.random() < 0.7 else (*TEXTS, *NO_NUMBERS))
    if chance.random() < 0.6:
        said["score"] = chance.choice(NUMBERS if chance.random() < 0.8 else NO_NUMBERS)
    if chance.random() < 0.4:
        said["flag"] = chance.choice(BOOLEANS)
    if chance.random() < 0.5:
        said["when"] = moments.date(chance)
    if chance.random() < 0.4:
        said["tags"] = [chance.choice(TAGS) for _ in range(chance.randrange(4))] if chance.random() < 0.9 else chance.choice(TAGS)
    if chance.random() < 0.4:
        said["cart_id"] = chance.choice(("c1", "c2", 7, 7.0, "7", None, 7.5))
    if chance.random() < 0.3:
        said["address"] = {"city": chance.choice(CITIES), "l'été": chance.choice(TEXTS)} if chance.random() < 0.9 else "Paris"
    return said


def products(chance: Random) -> list[Any]:
    found: list[Any] = []
    for _ in range(chance.randrange(4)):
        one: dict[str, Any] = {"product_id": chance.choice(PRODUCTS), "category": chance.choice(CATEGORIES)}
        if chance.random() < 0.8:
            one["price"] = chance.choice((1, 2.5, "19.99", 0.005, 3))
        if chance.random() < 0.5:
            one["quantity"] = chance.choice((1, 2, 0, "3"))
        found.append(one if chance.random() < 0.95 else "p1")
    return found


def order(chance: Random, moments: Moments, name: str) -> dict[str, Any]:
    """The properties of an order: few ids, so that they meet again; parts; some taken back."""
    said = values(chance, moments)
    if chance.random() < 0.7:
        said["order_id"] = chance.choice(("o1", "o2", "o3", 4, 4.0, " o1 ", ""))
    if chance.random() < 0.8:
        said["currency"] = chance.choice((*CURRENCIES, "EUR", "EUR", "eur ", "", None))
    if chance.random() < 0.7:
        said[chance.choice(("revenue", "revenue", "total", "value"))] = chance.choice(
            (10, 20, "19.99", 0.005, 0.015, 2.5, 1.0005, -3, "x", None, 2_500_000, 1e11, "1e2"))
    if chance.random() < 0.6:
        said["products"] = products(chance)
    if chance.random() < 0.25:
        said |= {"part": chance.choice((1, 2, 2, 3)), "parts": chance.choice((2, 3))}
    if chance.random() < 0.1:
        said["voided"] = chance.choice((True, True, False, "true"))
    return said


def event(chance: Random, moments: Moments, number: int, ids: tuple[Identifier, ...]) -> Event:
    """One event of a person."""
    kind = chance.random()
    at = moments.past(chance)
    body: dict[str, Any] = {}
    type_, name = "track", chance.choice(PLAIN[:2])
    if kind < 0.3:
        type_, name, body["traits"] = "identify", "$identify", values(chance, moments)
        if chance.random() < 0.15:
            body["traits"]["plan"] = None
    elif kind < 0.5:
        name = chance.choice((*ORDERS, ORDERS[0], ORDERS[0]))
        body["properties"] = order(chance, moments, name)
    elif kind < 0.63:
        name = chance.choice(MAILS)[2]
        body["properties"] = {**values(chance, moments), "campaign": chance.choice(("spring", "autumn"))}
    elif kind < 0.7:
        name = "Consent Updated"
        body["properties"] = {"channel": chance.choice(("email", "sms")), "topic": chance.choice(("", "news", None)),
                              "state": chance.choice(STATES)}
    elif kind < 0.75:
        type_, name, body["groupId"], body["traits"] = "group", "$group", chance.choice(ACCOUNTS), values(chance, moments)
    elif kind < 0.8:
        type_, name, body["properties"] = "page", "$page", values(chance, moments)
    else:
        body["properties"] = {**values(chance, moments), "currency": chance.choice((*CURRENCIES, "EUR"))}
        if chance.random() < 0.4:
            body["properties"]["products"] = products(chance)
    if chance.random() < 0.3:
        body["context"] = {"locale": chance.choice(("fr-FR", "en-GB")), "timezone": chance.choice(("Europe/Paris", "Asia/Tokyo"))}
    if chance.random() < 0.1:
        body.setdefault("context", {})["groupId"] = chance.choice(ACCOUNTS)
    received = at + chance.choice((0, 1, 500, 3 * HOUR, 5 * DAY))
    return Event(at + chance.choice((0, 0, 0, 7)), f"m{number}", 0, at, received, "shop", type_, name, ids, body)


def revised(chance: Random, moments: Moments, one: Event) -> Event:
    """The same event said anew, perhaps at another time."""
    other = event(chance, moments, 0, one.ids)
    said = other.body if other.type == one.type else one.body
    properties = dict(one.body.get("properties") or {}) | {"voided": True}
    if one.name in ORDERS and chance.random() < 0.4:
        said = {**one.body, "properties": properties}
    at = chance.choice((one.at, other.at))
    return one._replace(revision=one.revision + chance.choice((1, 2)), body=said, at=at, received=max(at, one.received))


def history(chance: Random, moments: Moments, person: int) -> list[Event]:
    """The events of one person in the order in which they were made; some twice, some corrected, some at one ms."""
    user, device = ("user_id", f"u{person}"), ("anonymous_id", f"a{person}")
    merges = chance.random() < 0.2
    found: list[Event] = []
    for number in range(chance.choice((1, 2, 4, 7, 12, 20))):
        ids: tuple[Identifier, ...] = (chance.choice((user, device)),) if merges else (user,)
        if chance.random() < 0.1:
            ids = (*ids, ("email", f"{person}@socle.test"))
        one = event(chance, moments, number, ids)
        if found and chance.random() < 0.15:
            one = one._replace(at=(at := chance.choice(found).at), received=max(one.received, at))
        found.append(one)
        if chance.random() < 0.08:
            found.append(revised(chance, moments, chance.choice(found)))
        if chance.random() < 0.05:
            found.append(chance.choice(found))
    if merges:
        found.append(event(chance, moments, 99, (user, device)))
    return found


def given(chance: Random, moments: Moments, segments: tuple[str, ...]) -> dict[str, Any]:
    """Values that were computed elsewhere: the RFM group, and the accounts that somebody may belong to."""
    found: dict[str, Any] = {}
    if chance.random() < 0.8:
        found["rfm"] = {"group": chance.choice(GROUPS), "recency": 1, "frequency": 2, "monetary": 3}
    for account in ACCOUNTS:
        if chance.random() < 0.8:
            members = chance.randint(1, 3)
            found[f"account:{account}"] = {
                "traits": values(chance, moments),
                "segments": {name: [chance.randint(0, members), members] for name in segments if chance.random() < 0.8}}
    return found
