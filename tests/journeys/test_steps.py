"""What steps do to people: messages, waits, holds, branches and splits, and what is written down of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from socle.clock import HOUR, SECOND
from socle.errors import Unavailable
from socle.iso import to_iso
from socle.journeys.model.entry import Entry
from socle.messages.model import Text
from socle.messages.rules import QuietHours, SendingRules
from tests.journeys.story import START, hold, journey, send, wait
from tests.journeys.world import World

BUY = {"event": "Order Completed", "next": "end"}
CART = journey("Product Added", hold("Bought?", "1h", BUY), send("Remind"))


def lived(document: dict[str, Any], event: str = "Product Added", properties: dict[str, Any] | None = None,
          **definitions: Any) -> World:
    """A world in which Ada, who agreed to letters, has just entered the journey `j`."""
    world = World(**definitions)
    world.publish("j", document)
    world.agree("ada")
    world.happen("ada", event, properties)
    return world


def path(world: World, who: str = "ada") -> dict[tuple[str, int], tuple[str, str]]:
    [entry] = world.entries(who)
    return {place: (what.outcome, what.detail) for place, what in world.row(entry).log.items()}


def only(world: World) -> Entry:
    [entry] = world.entries("ada")
    return entry


def test_who_does_not_buy_is_reminded() -> None:
    world = lived(CART)
    world.advance("59m")
    assert world.templates("ada") == []
    world.advance("1m")
    assert world.templates("ada") == ["reminder"]
    assert only(world).reason == "completed"
    assert path(world) == {("Bought?", 0): ("timed out", ""), ("Remind", 0): ("sent", ""), ("", 0): ("out", "completed")}


def test_who_buys_is_not_reminded() -> None:
    world = lived(CART)
    world.advance("30m")
    world.happen("ada", "Order Completed", {"order_id": "o1", "revenue": 10})
    world.advance("2h")
    assert world.templates("ada") == []
    assert path(world)["Bought?", 0] == ("way", "Order Completed")
    assert [one.status for one in world.workflows.executions.values()] == ["succeeded"]


def test_an_order_in_the_moment_before_its_hold_is_registered_is_not_missed() -> None:
    world = World()
    world.publish("j", journey("Product Added", send("Hello"), hold("Bought?", "1h", BUY), send("Remind", "offer")))
    world.agree("ada")
    world.happen("ada", "Product Added", settle=False)
    world.flow()
    world.effects()
    world.workflows.run()  # the letter is out, the hold comes next
    world.now += SECOND
    world.happen("ada", "Order Completed", {"order_id": "o1"}, settle=False)
    world.flow()
    world.effects()
    world.settle()
    world.advance("2h")
    assert world.templates("ada") == ["reminder"]
    assert path(world)["Bought?", 0] == ("way", "Order Completed")


def test_a_template_sees_the_event_and_the_journey() -> None:
    text = {"channel": "sms", "text": "{{ event.sku }} {{ journey.name }} {{ journey.key }} {{ campaign.name }} STOP"}
    document = journey("Product Added", send("Say", "text"), entry={"again": "per_key", "key": "cart_id"})
    world = World(templates={"text": text})
    world.publish("j", document)
    world.agree("ada", phone="+33612345678")
    world.happen("ada", "$identify", {"phone": "+33612345678"}, also=[("phone", "+33612345678")])
    world.happen("ada", "Product Added", {"sku": "shoe", "cart_id": "c7"})
    assert world.rendered == [Text("shoe j c7 j STOP")]
    [(_, _, message)] = world.sent
    assert (message.campaign, message.run, message.variant, message.topic) == ("j", only(world).id, "Say", "stories")


def test_a_message_that_may_not_go_is_skipped_and_the_journey_goes_on() -> None:
    world = World()
    world.publish("j", journey("Product Added", send("One"), send("Two", purpose="transactional")))
    world.happen("ada", "$identify", {"email": "ada@example.com"}, also=[("email", "ada@example.com")])
    world.happen("ada", "Product Added")
    assert path(world)["One", 0] == ("skipped", "no_consent")
    assert path(world)["Two", 0] == ("sent", "")


@pytest.mark.parametrize(("phone", "sent"), [(True, ["text"]), (False, ["reminder"])])
def test_the_first_channel_that_reaches_somebody_is_taken(phone: bool, sent: list[str]) -> None:
    world = World()
    world.publish("j", journey("Product Added", {"type": "send", "name": "Say", "best_of": ["text", "reminder"],
                                                 "quiet_hours": "ignore"}))
    world.agree("ada")
    if phone:
        world.happen("ada", "$identify", {"phone": "+33612345678"}, also=[("phone", "+33612345678")])
    world.happen("ada", "Product Added")
    assert world.templates("ada") == sent


def test_nobody_is_written_to_twice_because_the_second_channel_would_do_as_well() -> None:
    world = World()
    world.publish("j", journey("Product Added", {"type": "send", "name": "Say", "best_of": ["reminder", "text"]}))
    world.agree("ada")
    world.rules = SendingRules(caps=({"count": 1, "per": "day", "channel": "email"},))  # type: ignore[arg-type]
    world.happen("ada", "Product Added")
    world.advance("1m")
    world.happen("ada", "Product Added")
    assert world.templates("ada") == ["reminder"]
    assert path_of(world, 1)["Say", 0] == ("skipped", "frequency_cap")


def path_of(world: World, number: int) -> dict[tuple[str, int], tuple[str, str]]:
    return {place: what[1:] for place, what in world.row(world.entries("ada")[number]).log.items()}


def test_quiet_hours_are_waited_for_by_the_persons_own_clock() -> None:
    world = World()
    world.rules = SendingRules(quiet_hours={"email": QuietHours(begin="17:00", end="20:00")})
    world.publish("j", journey("Product Added", send("Say"), wait("A while", "1h"), send("More")))
    world.agree("ada", timezone="Asia/Tokyo")  # there it is 17:00
    world.happen("ada", "Product Added")
    assert path(world) == {("Say", 0): ("held", f"{to_iso(START + 3 * HOUR)} quiet_hours")}
    world.advance(3 * HOUR - 1)
    assert world.templates("ada") == []
    world.advance(1)
    assert world.templates("ada") == ["reminder"]
    assert path(world)["A while", 0] == ("waiting", to_iso(START + 4 * HOUR))
    world.advance("1h")
    assert world.templates("ada") == ["reminder", "reminder"]


def test_who_has_to_wait_long_for_their_turn_waits_in_the_workflow_and_then_it_is_theirs() -> None:
    world = World()
    world.pace.delay = 60 * SECOND
    world.publish("j", journey("Product Added", send("Say")))
    world.agree("ada")
    world.happen("ada", "Product Added")
    assert world.templates("ada") == []
    assert path(world)["Say", 0] == ("held", f"{to_iso(START + 60 * SECOND)} turn")
    world.advance("1m")
    assert world.templates("ada") == ["reminder"]


def test_plain_waits_are_written_down_by_who_leads_to_them() -> None:
    world = lived(journey("Product Added", wait("One", "1h"), wait("Two", "1d"), send("Say")))
    assert path(world) == {("One", 0): ("waiting", to_iso(START + HOUR)), ("Two", 0): ("waiting", to_iso(START + 25 * HOUR))}
    world.advance("25h")
    assert world.templates("ada") == ["reminder"]
    assert world.counts("j") == {("", "entered"): 1, ("One", "waiting"): 1, ("Two", "waiting"): 1, ("Say", "sent"): 1,
                                 ("", "ended:completed"): 1}


def test_a_wait_for_a_date_that_is_not_there_goes_its_other_way() -> None:
    document = journey("Product Added", {"type": "wait_until_date", "name": "Trial", "trait": "trial_ends", "otherwise": "Ask"},
                       send("Ends"), {"type": "exit", "name": "Done"}, send("Ask", "offer", next="end"))
    world = lived(document)
    assert world.templates("ada") == ["offer"]
    world.happen("ada", "$identify", {"trial_ends": "2026-12-02T09:00:00Z"})
    world.happen("ada", "Product Added")
    world.advance("3d")
    assert world.templates("ada") == ["offer", "reminder"]


def test_a_hold_whose_time_begins_anew_goes_on_holding() -> None:
    world = lived(journey("Product Added", hold("Quiet?", "1h", BUY, reset_on=[{"event": "Product Viewed"}]), send("Say")))
    world.advance("50m")
    world.happen("ada", "Product Viewed")
    world.advance("59m")
    assert world.templates("ada") == []
    world.happen("ada", "Product Viewed")
    world.advance("59m")
    assert world.templates("ada") == []
    world.advance("1m")
    assert world.templates("ada") == ["reminder"]


def test_a_hold_ends_at_once_for_who_is_in_the_segment_already() -> None:
    vip = {"when": {"type": "trait", "trait": "plan", "test": {"op": "eq", "value": "vip"}}}
    document = journey("Product Added", hold("Vip?", "1d", {"segment": "vip", "name": "is vip"}), send("Say"))
    world = World(segments={"vip": vip})
    world.publish("j", document)
    world.agree("ada", plan="vip")
    world.agree("bob")
    for who in ("ada", "bob"):
        world.happen(who, "Product Added")
    assert path(world)["Vip?", 0] == ("way", "is vip")
    assert world.templates("ada") == ["reminder"]
    world.advance("1h")
    assert world.templates("bob") == []
    world.happen("bob", "$identify", {"plan": "vip"})
    assert world.templates("bob") == ["reminder"]


def test_a_branch_asks_the_person_the_event_and_history() -> None:
    dear = {"name": "dear", "event": [{"property": "total", "test": {"op": "gte", "value": 100}}], "next": "Dear"}
    known = {"name": "known", "when": {"type": "event", "event": "Order Completed"}, "next": "Known"}
    document = journey("Product Added", {"type": "branch", "name": "Who", "cases": [dear, known], "next": "end"},
                       send("Dear", "offer", next="end"), send("Known", "thanks", next="end"))
    world = lived(document, properties={"total": 100})
    world.advance("1m")
    world.happen("ada", "Product Added", {"total": 1})
    world.happen("ada", "Order Completed", {"order_id": "o1"})
    world.advance("1m")
    world.happen("ada", "Product Added", {"total": 1})
    assert world.templates("ada") == ["offer", "thanks"]
    assert [path_of(world, number)["Who", 0][1] for number in range(3)] == ["dear", "otherwise", "known"]


def test_a_split_with_a_winner_sends_everybody_its_way() -> None:
    ways = [{"name": "a", "weight": 50, "next": "A"}, {"name": "b", "weight": 50, "next": "B"}]
    document = journey("Product Added", {"type": "split", "name": "Try", "ways": ways, "winner": {"least": 50}},
                       send("A", "offer", next="end"), send("B", "thanks", next="end"), goal={"event": "Order Completed"})
    world = lived(document)
    way = path(world)["Try", 0][1]
    world.happen("ada", "Order Completed", {"order_id": "o1", "revenue": 12.5, "currency": "EUR"})
    assert world.counts("j")["Try", f"goal:{way}"] == 1
    best = "b" if way == "a" else "a"
    world.ground.counters.add("j", 1, {("Try", f"way:{way}"): 200, ("Try", f"way:{best}"): 200, ("Try", f"goal:{best}"): 100})
    world.advance("1m")
    world.happen("ada", "Product Added")
    assert path_of(world, 1)["Try", 0] == ("way", best)


def test_who_goes_round_does_everything_again_and_is_out_after_so_many_rounds() -> None:
    world = lived(journey("Product Added", wait("A day", "1d"), send("Say", next="A day")))
    world.advance("3d")
    assert world.templates("ada") == ["reminder"] * 3
    assert {place for place in path(world) if place[0] == "Say"} == {("Say", 0), ("Say", 1), ("Say", 2)}
    [one] = world.workflows.executions.values()
    one.data["loop"]["n"] = 100_000
    world.advance("2d")
    assert only(world).reason == "over"
    assert json.dumps(one.data)


def test_a_branch_waits_for_what_an_update_said_just_before() -> None:
    branch = {"type": "branch", "name": "Gold?", "next": "end", "cases": [{"name": "gold", "next": "Remind", "when": {
        "type": "trait", "trait": "tier", "test": {"op": "eq", "value": "gold"}}}]}
    world = World()
    world.publish("j", journey("Joined", {"type": "update", "name": "Rise", "traits": {"tier": "gold"}}, branch, send("Remind")))
    world.agree("ada")
    world.now += HOUR
    world.happen("ada", "Joined", settle=False)
    world.flow()
    world.effects()
    while not world.steps_done:
        world.workflows.run()  # the update is on the stream, and not in the profile yet
    [task] = world.steps_done
    with pytest.raises(Unavailable):
        world.steps.do(task._replace(do="branch", step="Gold?"), world.now)
    world.settle()
    assert world.templates("ada") == ["reminder"]
