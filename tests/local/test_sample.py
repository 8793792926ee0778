"""The sample is real enough to show what Socle does, and always the same."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

import pytest

from infra.local.http import ADMIN_TOKEN
from infra.local.machine import LocalMachine
from infra.local.sample import cdnow, loader, tour
from infra.local.sample.desk import WRITERS, desk
from infra.local.sample.people import MOST_PEOPLE
from infra.local.sample.shop import shop
from infra.local.sample.visit import iso
from infra.local.seed import WRITE_KEY

NOW = 1_795_000_000_000
DAY = 86_400_000


@pytest.fixture(scope="module")
def visitors() -> list[dict[str, Any]]:
    return list(shop(loader.SEED, NOW, loader.PEOPLE))


@pytest.fixture(scope="module")
def orders() -> list[dict[str, Any]]:
    return list(cdnow.orders())


def test_the_same_seed_and_time_tell_the_same_story() -> None:
    assert list(shop(3, NOW, 40)) == list(shop(3, NOW, 40))
    assert list(shop(3, NOW, 40)) != list(shop(4, NOW, 40))


def test_a_person_lives_the_same_life_in_a_smaller_town() -> None:
    few, many = list(shop(3, NOW, 10)), list(shop(3, NOW, 40))
    assert few == [message for message in many if int(message["messageId"].split("-")[1]) < 10]


def test_nothing_in_the_shop_happens_in_the_future_or_out_of_order(visitors: list[dict[str, Any]]) -> None:
    times = [message["timestamp"] for message in visitors]
    assert times == sorted(times)
    assert iso(NOW - 61 * DAY) < times[0]
    assert times[-1] < iso(NOW)


def test_every_message_has_its_own_id_and_somebody_it_is_about(
    visitors: list[dict[str, Any]], orders: list[dict[str, Any]]
) -> None:
    messages = visitors + orders
    assert len({message["messageId"] for message in messages}) == len(messages)
    assert all(message.get("userId") or message.get("anonymousId") for message in messages)
    assert max(len(json.dumps(message).encode()) for message in messages) < 32_000


def test_the_mix_is_that_of_a_shop(visitors: list[dict[str, Any]]) -> None:
    counts = Counter(message.get("event", message["type"]) for message in visitors)
    assert 15_000 <= len(visitors) <= 20_000
    assert counts["page"] > counts["Product Viewed"] > counts["Product Added"] > counts["Cart Viewed"]
    assert counts["Cart Viewed"] > counts["Checkout Started"] > counts["Order Completed"] > counts["Order Refunded"] > 0
    for rarer in ("screen", "Consent Updated", "Ticket Opened", "Survey Answered", "Plan Changed", "Signed In"):
        assert counts[rarer] > 0, rarer
    currencies = {m["properties"]["currency"] for m in visitors if m.get("event") == "Order Completed"}
    assert currencies == {"EUR", "GBP", "USD", "JPY"}


def test_people_are_strangers_before_they_are_customers(visitors: list[dict[str, Any]]) -> None:
    known: dict[str, set[bool]] = defaultdict(set)
    for message in visitors:
        if "anonymousId" in message:
            known[message["anonymousId"]].add("userId" in message)
    turned = sum(1 for states in known.values() if states == {False, True})
    assert turned > 200
    assert sum(1 for states in known.values() if states == {False}) > 500


def test_no_two_people_share_an_address_or_a_number(visitors: list[dict[str, Any]]) -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for message in visitors:
        for trait in ("email", "phone"):
            if value := message.get("traits", {}).get(trait):
                owners[value].add(message["messageId"].split("-")[1])
    assert len(owners) > 300
    assert all(len(people) == 1 for people in owners.values())


def test_everybody_lives_at_an_address_reserved_for_examples(visitors: list[dict[str, Any]]) -> None:
    addresses = {m["traits"]["email"] for m in visitors if "email" in m.get("traits", {})}
    assert {address.split("@")[1] for address in addresses} == {"example.com", "example.org", "example.net"}
    assert all(address.isascii() and " " not in address for address in addresses)


def test_an_order_adds_up_in_minor_units(visitors: list[dict[str, Any]]) -> None:
    checked = 0
    for message in visitors:
        if message.get("event") != "Order Completed":
            continue
        order = message["properties"]
        factor = 1 if order["currency"] == "JPY" else 100
        minor = {name: round(order[name] * factor) for name in ("subtotal", "discount", "shipping", "revenue", "total")}
        lines = sum(round(line["price"] * factor) * line["quantity"] for line in order["products"])
        assert lines == minor["subtotal"]
        assert minor["total"] == minor["revenue"] + minor["shipping"] == lines - minor["discount"] + minor["shipping"]
        checked += 1
    assert checked > 300


def test_no_order_is_refunded_beyond_its_total(visitors: list[dict[str, Any]]) -> None:
    orders = [m["properties"] for m in visitors if m.get("event") == "Order Completed"]
    totals = {order["order_id"]: order["total"] for order in orders}
    refunds = [m["properties"] for m in visitors if m.get("event") == "Order Refunded"]
    assert refunds
    assert all(0 < refund["total"] <= totals[refund["order_id"]] for refund in refunds)


def test_the_help_desk_knows_some_customers_a_second_time(visitors: list[dict[str, Any]]) -> None:
    customers = {one["traits"]["birthday"] for one in visitors if "birthday" in one.get("traits", {})}
    written = list(desk(loader.SEED, visitors))
    assert len({one["messageId"] for one in list(desk(loader.SEED, visitors)) + written}) == len(written) == WRITERS
    assert {one["traits"]["birthday"] for one in written} <= customers
    assert not any("userId" in one or "email" in one["traits"] for one in written)


def test_a_town_too_large_for_its_telephone_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="fictional telephone numbers"):
        next(shop(1, NOW, MOST_PEOPLE + 1))


def test_the_real_orders_are_all_there(orders: list[dict[str, Any]]) -> None:
    assert len(orders) == 6_919
    assert len({order["userId"] for order in orders}) == 2_357
    assert sum(round(order["properties"]["revenue"] * 100) for order in orders) == 24_409_194
    assert min(order["timestamp"] for order in orders) == "1997-01-01T00:00:00.000Z"


def test_two_orders_of_one_day_stay_two() -> None:
    lines = [" 00004 0001 19970101  2   29.33\r\n", " 00004 0001 19970101  1   11.00\r\n", "\r\n"]
    first, second = cdnow.read(lines)
    assert first["messageId"] != second["messageId"]
    assert first["properties"]["order_id"] != second["properties"]["order_id"]


@pytest.mark.parametrize("now", [NOW, NOW + 17 * DAY, NOW + 400 * DAY + 3_600_000])
def test_there_is_always_somebody_worth_seeing(now: int) -> None:
    messages = list(shop(loader.SEED, now, loader.PEOPLE))
    sight = tour.pick(messages)
    somebody = next(m["messageId"][:10] for m in messages if m.get("traits", {}).get("email") == sight.email)
    theirs = [m for m in messages if m["messageId"][:10] == somebody]
    orders = [m["timestamp"] for m in theirs if m.get("event") == "Order Completed"]
    assert min(orders) < sight.moment < max(orders)


def test_everybody_comes_out_as_they_went_in(machine: LocalMachine, visitors: list[dict[str, Any]]) -> None:
    """What profiles say equals what a count over the messages says."""
    people = {f"{number:05}" for number in range(0, loader.PEOPLE, 20)}
    messages = [message for message in visitors if message["messageId"].split("-")[1] in people]
    for start in range(0, len(messages), loader.BATCH):
        body = json.dumps({"batch": messages[start : start + loader.BATCH], "writeKey": WRITE_KEY}).encode()
        status, _, answer = machine.request("POST", "/v1/batch", {"content-type": "application/json"}, body)
        assert (status, json.loads(answer)) == (200, {"success": True})
    machine.drain()
    customers = {message["userId"] for message in messages if "userId" in message}
    assert len(customers) > 10
    for user_id in customers:
        theirs = of_customer(messages, user_id)
        profile = get(machine, f"/api/profiles?by=user_id:{user_id}")
        assert profile["event_count"] == len(theirs)
        assert profile["last_seen"] == max(message["timestamp"] for message in theirs)
        assert {code: orders["revenue"] for code, orders in profile["orders"].items() if orders["count"]} == revenue(theirs)


def of_customer(messages: list[dict[str, Any]], user_id: str) -> list[dict[str, Any]]:
    """Their messages: signed in, from before on the same devices, and of the devices that gave the same address."""
    number = f"{int(user_id) - 100_000:05}"
    life = [message for message in messages if message["messageId"].split("-")[1] == number]
    linked = {m["anonymousId"] for m in life if "anonymousId" in m and ("userId" in m or m["type"] == "identify")}
    return [message for message in life if message.get("anonymousId", next(iter(linked))) in linked]


def revenue(messages: list[dict[str, Any]]) -> dict[str, int]:
    """Revenue in minor units by currency."""
    sums: Counter[str] = Counter()
    for order in (m["properties"] for m in messages if m.get("event") == "Order Completed"):
        sums[order["currency"]] += round(order["revenue"] * (1 if order["currency"] == "JPY" else 100))
    return dict(sums)


def get(machine: LocalMachine, target: str) -> dict[str, Any]:
    status, _, body = machine.request("GET", target, {"authorization": f"Bearer {ADMIN_TOKEN}"})
    assert status == 200, body
    answer: dict[str, Any] = json.loads(body)
    return answer
