"""How readers take a letter: some open it, some of these follow a link, a few of these order; and machines look at it too."""

from __future__ import annotations

import json
import random
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from typing import Any

from infra.local.sample.catalog import PRODUCTS
from infra.local.sample.visit import Message, line_item, money
from socle import clock
from socle.iso import to_iso

SEED = 11
SCANNER = "Mozilla/5.0 (compatible; Barracuda Sentinel)"
_PIXEL, _LINK = re.compile(r'src="(http[^"]+/o/[^"]+)"'), re.compile(r'href="(http[^"]+/c/[^"]+)"')


def outbox(base_url: str) -> list[dict[str, Any]]:
    """Everything sent so far."""
    request = urllib.request.Request(f"{base_url}/local/outbox", headers={"Accept": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 (the machine itself)
        found: list[dict[str, Any]] = json.loads(answer.read())["items"]
        return found


def read_letters(base_url: str, agents: Sequence[str]) -> Iterator[Message]:
    """Fetch what mail programs and readers of the mails in the outbox would; yields the orders that come of it."""
    chance = random.Random(SEED)
    for number, mail in enumerate(one for one in outbox(base_url) if one["channel"] == "email" and one["html"]):
        pixels, links = _PIXEL.findall(mail["html"]), _LINK.findall(mail["html"])
        agent = chance.choice(agents)
        if chance.random() < 0.08 and links:
            _fetch(links[0], SCANNER)
        if chance.random() < 0.38:
            for pixel in pixels[:1]:
                _fetch(pixel, agent)
            if chance.random() < 0.3 and links:
                _fetch(chance.choice(links), agent)
                if chance.random() < 0.3:
                    yield _order(chance, number, mail["to"], clock.now())


def _fetch(url: str, agent: str) -> None:
    request = urllib.request.Request(url.replace("&amp;", "&"), headers={"User-Agent": agent})  # noqa: S310
    try:
        with _OPENER.open(request, timeout=30):
            return
    except urllib.error.HTTPError as answer:  # a redirect that is not followed
        if answer.code != 302:
            raise


def _order(chance: random.Random, number: int, email: str, now: int) -> Message:
    product = chance.choice(PRODUCTS)
    return {"type": "track", "event": "Order Completed", "messageId": f"letter-order-{number}", "anonymousId": f"letter-{number}",
            "timestamp": to_iso(now), "context": {"externalIds": [{"id": email, "type": "email", "encoding": "none"}]},
            "properties": {"order_id": f"L-{number:05}", "currency": "EUR", "total": money(product.price, "EUR"),
                           "revenue": money(product.price, "EUR"), "products": [line_item(product, 1, "EUR")]}}


class _Stay(urllib.request.HTTPRedirectHandler):
    """Where links lead there is nothing: the shop is invented."""

    def redirect_request(self, *_args: Any, **_named: Any) -> None:
        """Follow none."""
        return


_OPENER = urllib.request.build_opener(_Stay)
