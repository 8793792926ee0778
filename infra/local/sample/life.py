"""Two months of one person with the sample shop: visits that end in nothing, an order, a refund, a complaint."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from infra.local.sample.catalog import APPS, BROWSERS, CATEGORIES, CHANNELS, PRODUCTS, Device, Product
from infra.local.sample.people import Person, invent
from infra.local.sample.visit import DIRECT, Handset, Message, Visit, from_server, line_item, money

HOUR = 3_600_000
DAY = 24 * HOUR
DAYS = 60
"""How far back the shop's memory goes."""

BUSY_HOURS = (1, 1, 1, 1, 1, 2, 4, 6, 7, 8, 8, 9, 10, 9, 8, 8, 9, 11, 13, 15, 14, 10, 6, 3)
"""Visits by hour of the day (UTC), in relation to each other."""

TEXT_VERSION = "2026-05"
"""Which wording of the question the sample people agreed to."""


def live(seed: int, number: int, now: int) -> list[Message]:
    """All messages of the person with this number, in no order; every timestamp is before `now` (epoch ms)."""
    rng = random.Random(f"{seed}/{number}")
    person = invent(rng, number)
    kind = rng.choices(("passer-by", "subscriber", "customer"), (42, 12, 46))[0]
    return _Life(rng, person, now).tell(kind)


class _Life:
    """What the person has done so far decides what they do next."""

    def __init__(self, rng: random.Random, person: Person, now: int) -> None:
        self.rng = rng
        self.person = person
        self.now = now
        self.numbers = itertools.count()
        self.messages: list[Message] = []
        self.handsets = [Handset(rng, _pick_device(rng))]
        self.registered = False
        self.subscribed = False
        self.orders = 0

    def tell(self, kind: str) -> list[Message]:
        visits = 1 + self._geometric(0.25 if kind == "passer-by" else 0.55)
        if kind == "customer" and self.rng.random() < 0.35:
            self.handsets.append(Handset(self.rng, _pick_device(self.rng)))
        for start in self._moments(visits):
            visit = self._arrive(start)
            match kind:
                case "subscriber" if not self.subscribed and self.rng.random() < 0.7:
                    self._subscribe(visit)
                case "customer" if self.rng.random() < (0.55 if self.orders == 0 else 0.3):
                    self._buy(visit)
                case _:
                    self._look(visit)
            self.messages += visit.messages
        return self.messages

    def _arrive(self, start: int) -> Visit:
        handset = self.rng.choice(self.handsets)
        channel = DIRECT if handset.device.model else self.rng.choices(CHANNELS, [way.share for way in CHANNELS])[0]
        visit = Visit(self.rng, self.person, handset, start, self.numbers, channel)
        if handset.device.model and not handset.used:
            visit.track("Application Installed", version="4.12.0", build="412")
        handset.used = True
        if self.registered and not handset.signed_in and self.rng.random() < 0.6:
            self._sign_in(visit)
        return visit

    def _look(self, visit: Visit) -> list[Product]:
        """Wander through the shop; returns the products looked at."""
        if self.rng.random() < 0.4:
            visit.page("Home", "/")
        category = self.rng.choice(CATEGORIES)
        if self.rng.random() < 0.25:
            visit.page("Search", "/search")
            visit.track("Products Searched", query=self.rng.choice(("rain", "gift", "light", "boots 43", category)))
        else:
            visit.page(category.capitalize(), f"/{category}")
            visit.track("Product List Viewed", list_id=category, category=category)
        seen = self.rng.sample(
            [product for product in PRODUCTS if product.category == category],
            k=self.rng.choices((0, 1, 2, 3), (30, 45, 18, 7))[0],
        )
        for product in seen:
            visit.page(product.name, product.path)
            visit.product("Product Viewed", product)
        if seen and self.rng.random() < 0.2:
            visit.product("Product Added", seen[-1])
        if self.registered and self.rng.random() < 0.05:
            self._change_settings(visit)
        return seen

    def _buy(self, visit: Visit) -> None:
        basket: dict[Product, int] = {}
        for product in self._look(visit) or [self.rng.choice(PRODUCTS)]:
            basket[product] = self.rng.choices((1, 2, 3), (85, 12, 3))[0]
            visit.product("Product Added", product, basket[product])
        visit.page("Cart", "/cart")
        lines = [line_item(product, quantity, visit.currency) for product, quantity in basket.items()]
        visit.track("Cart Viewed", products=lines)
        if self.rng.random() < 0.22:
            return
        if not self.registered:
            self._register(visit)
        elif not visit.handset.signed_in:
            self._sign_in(visit)
        self.orders += 1
        order_id = f"KP-{self.person.number:05}-{self.orders:02}"
        visit.page("Checkout", "/checkout")
        visit.track("Checkout Started", order_id=order_id, currency=visit.currency, products=lines)
        if self.rng.random() < 0.15:
            return
        goods = sum(product.price_in(visit.currency) * quantity for product, quantity in basket.items())
        coupon = "TRAIL10" if self.rng.random() < 0.15 else None
        discount = goods // 10 if coupon else 0
        shipping = 0 if goods > 8_000 else round(goods * 0.07)
        total = goods - discount + shipping
        amounts = {
            "subtotal": goods,
            "discount": discount,
            "shipping": shipping,
            "revenue": goods - discount,
            "total": total,
        }
        if coupon:
            visit.track(
                "Coupon Applied", order_id=order_id, coupon_name=coupon, discount=money(discount, visit.currency)
            )
        ordered_at = visit.at
        visit.track(
            "Order Completed",
            order_id=order_id,
            currency=visit.currency,
            products=lines,
            **{name: money(amount, visit.currency) for name, amount in amounts.items()},
            **({"coupon": coupon} if coupon else {}),
        )
        self._afterwards(ordered_at, order_id, total, visit.currency)

    def _afterwards(self, ordered_at: int, order_id: str, total: int, currency: str) -> None:
        """What the shop's systems and the help desk report in the days after an order."""
        if self.rng.random() < 0.09:
            back = total if self.rng.random() < 0.6 else total // 2
            self._report(
                ordered_at + self._days(3, 14),
                "Order Refunded",
                order_id=order_id,
                currency=currency,
                total=money(back, currency),
            )
        if self.rng.random() < 0.1:
            opened = ordered_at + self._days(1, 9)
            ticket = f"T-{order_id[3:]}"
            self._report(
                opened,
                "Ticket Opened",
                ticket_id=ticket,
                order_id=order_id,
                channel=self.rng.choice(("email", "chat")),
                subject=self.rng.choice(("Where is my parcel?", "Wrong size", "Invoice", "A seam came loose")),
            )
            self._report(
                opened + self._days(1, 4), "Ticket Solved", ticket_id=ticket, rating=self.rng.choice((2, 4, 5, 5))
            )
        if self.rng.random() < 0.2:
            score = self.rng.choices(range(11), (2, 1, 1, 2, 2, 4, 5, 12, 20, 25, 26))[0]
            self._report(
                ordered_at + self._days(4, 12),
                "Survey Answered",
                survey="nps",
                score=score,
                **({"comment": "Took two weeks to arrive."} if score < 5 else {}),
            )

    def _register(self, visit: Visit) -> None:
        person = self.person
        self.registered = visit.handset.signed_in = True
        visit.page("Register", "/account/new")
        traits = {
            "firstName": person.first,
            "lastName": person.last,
            "email": person.email,
            "birthday": person.birthday,
            "address": {"city": person.city, "country": person.country.code},
            "plan": "basic",
            "locale": person.country.locale,
        }
        if person.phone and self.rng.random() < 0.8:
            traits["phone"] = person.phone
        visit.identify(**traits)
        visit.track("Account Created", method="email")
        if not self.subscribed:
            self._consent(visit, "email", "newsletter", 0.55, "registration")
        if "phone" in traits:
            self._consent(visit, "sms", "delivery", 0.3, "registration")
        if visit.handset.device.model:
            self._consent(visit, "push", "offers", 0.5, "app")

    def _sign_in(self, visit: Visit) -> None:
        visit.handset.signed_in = True
        visit.identify(email=self.person.email)
        visit.track("Signed In", method=self.rng.choice(("password", "link")))

    def _subscribe(self, visit: Visit) -> None:
        """A visitor without an account leaves an address for the newsletter."""
        self._look(visit)
        visit.identify(email=self.person.email, firstName=self.person.first)
        self._consent(visit, "email", "newsletter", 1.0, "footer-form")
        self.subscribed = True

    def _change_settings(self, visit: Visit) -> None:
        visit.page("Settings", "/account/settings")
        if self.rng.random() < 0.5:
            visit.track(
                "Consent Updated",
                channel="email",
                topic="newsletter",
                state="unsubscribed",
                source="settings",
                text_version=TEXT_VERSION,
            )
        else:
            visit.identify(plan="plus")
            visit.track("Plan Changed", plan="plus", previous="basic")

    def _consent(self, visit: Visit, channel: str, topic: str, likely: float, source: str) -> None:
        if self.rng.random() < likely:
            visit.track(
                "Consent Updated",
                channel=channel,
                topic=topic,
                state="subscribed",
                source=source,
                text_version=TEXT_VERSION,
            )

    def _report(self, at: int, event: str, **properties: object) -> None:
        if at < self.now:
            self.messages.append(from_server(self.person, at, next(self.numbers), event, **properties))

    def _moments(self, count: int) -> Iterator[int]:
        """`count` different hours of the last DAYS days to visit in, oldest first, each with an hour until `now`."""
        midnight = self.now - self.now % DAY
        hours: set[int] = set()
        while len(hours) < count:
            day = self.rng.randrange(DAYS)
            start = midnight - day * DAY + self.rng.choices(range(24), BUSY_HOURS)[0] * HOUR
            if start + 2 * HOUR <= self.now:
                hours.add(start)
        return (start + self.rng.randrange(HOUR // 4) for start in sorted(hours))

    def _days(self, least: int, most: int) -> int:
        return self.rng.randint(least * 24 * 60, most * 24 * 60) * 60_000

    def _geometric(self, again: float) -> int:
        count = 0
        while self.rng.random() < again and count < 12:
            count += 1
        return count


def _pick_device(rng: random.Random) -> Device:
    kinds = BROWSERS if rng.random() < 0.82 else APPS
    return rng.choices(kinds, [device.share for device in kinds])[0]
