"""A rehearsal asked for by the API of the local machine: from events over the lake to the answer, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.machine import LocalMachine, local_machine
from socle import clock
from socle.clock import DAY, HOUR
from socle.iso import to_iso
from tests.campaigns.on_machine import ask
from tests.day import api, send
from tests.journeys.scenarios import CART
from tests.journeys.story import TEMPLATES, TOPICS

PEOPLE = 6
BRAND = {"name": "Shop", "sender": {"address": "news@shop.example.com", "name": "Shop"}, "url": "https://shop.example.com/",
         "address": "1 Main Street, 44000 Nantes"}


def did(number: int, at: int, event: str, **properties: Any) -> dict[str, Any]:
    return {"type": "track", "event": event, "userId": f"b{number}", "timestamp": to_iso(at), "properties": properties}


@pytest.fixture(scope="module")
def machine() -> Iterator[LocalMachine]:
    """Six people put something into their carts three days ago; every third bought it half an hour later."""
    with local_machine() as running:
        api(running, "PUT", "/brand/default", BRAND)
        api(running, "PUT", "/topics/stories", TOPICS["stories"])
        for name in ("reminder", "offer"):
            api(running, "PUT", f"/templates/{name}", TEMPLATES[name])
        began = clock.now() - 3 * DAY
        for number in range(PEOPLE):
            send(running, {"type": "identify", "userId": f"b{number}", "timestamp": to_iso(began),
                           "traits": {"email": f"b{number}@shop.example.com"}},
                 did(number, began + 1, "Consent Updated", channel="email", topic="stories", state="subscribed", source="test"),
                 did(number, began + HOUR, "Product Added", cart_id=f"c{number}"),
                 *([did(number, began + HOUR + HOUR // 2, "Order Completed", order_id=f"b{number}", revenue=30, currency="EUR")]
                   if number % 3 == 0 else []))
        running.drain()
        yield running


def rehearse(machine: LocalMachine, **more: Any) -> tuple[int, Any]:
    now = clock.now()
    return ask(machine, "POST", "/journeys/carts/backtest", {
        "from": to_iso(now - 10 * DAY), "until": to_iso(now - DAY), "document": CART, **more})


def test_before_the_first_compaction_it_says_what_to_do_and_then_what_would_have_been(machine: LocalMachine) -> None:
    status, answer = rehearse(machine)
    assert (status, answer["error"]["code"]) == (409, "no_lake")
    run = api(machine, "POST", "/lake/compact", {})
    machine.advance("1m")
    assert run
    status, answer = rehearse(machine)
    assert status == 200, answer
    assert (answer["entries"], answer["sends"], answer["sampled"]) == (PEOPLE, {"email": 8}, 1.0)
    assert answer["holds"]["Has bought"] == {"timed out": 4, "Order Completed": 2}
    assert answer["paths"][0]["entries"] == 4
    asked = {"from": answer["period"]["from"], "until": answer["period"]["until"]}
    assert rehearse(machine, **asked) == rehearse(machine, **asked) == (200, answer)


@pytest.mark.parametrize(("more", "code", "field"), [
    ({"from": "yesterday"}, "bad_time", "from"), ({"until": "2099-01-01"}, "bad_period", "until"),
    ({"from": "2020-01-01"}, "bad_period", "until"), ({"document": None}, "unknown_journey", "name"),
    ({"document": {**CART, "steps": [{"type": "send", "name": "x", "template": "gone"}]}}, "unknown_template",
     "document.steps.0.template")])
def test_what_cannot_be_rehearsed_is_refused_with_its_field(machine: LocalMachine, more: dict[str, Any], code: str,
                                                            field: str) -> None:
    status, answer = rehearse(machine, **more)
    assert 400 <= status < 500
    assert answer["error"]["code"] == code
    assert answer["error"]["field"] == field
