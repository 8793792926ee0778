"""Journeys in a day of the local machine: entered by events, segments and the clock, held, answered, moved, paused, left."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from infra.local.cloud import REGION
from infra.local.machine import LocalMachine
from socle import clock
from socle.iso import to_iso
from socle.journeys.service import publish
from socle.journeys.service.calls import Calls

Api = Callable[..., Any]
Send = Callable[..., None]
MAIL = {"channel": "email", "subject": "Your cart", "html": "<p>{{ event.cart_id }}</p><a href=\"{{ links.unsubscribe }}\">x</a>",
        "sender": {"address": "news@shop.example.com", "name": "Shop"}}
TEXT = {"channel": "sms", "text": "Your cart is full. STOP to end"}
WRITE = {"name": "Remind", "type": "send", "template": "cart-mail"}
HOLD = {"name": "Buys?", "type": "hold", "timeout": "1h", "until": [
    {"event": "Cart Bought", "match": "cart_id", "next": "end"}]}
CART = {"trigger": {"type": "event", "event": "Cart Filled"}, "topic": "carts",
        "entry": {"again": "per_key", "key": "cart_id", "per_day": 50},
        "steps": [HOLD, WRITE, {"name": "A while", "type": "wait", "for": "3h"}, {**WRITE, "name": "Again"}],
        "exits": [{"name": "gone", "event": "Cart Emptied", "match": "cart_id"}],
        "goal": {"event": "Cart Bought"}, "in_flight": "move"}


def run_journeys(machine: LocalMachine, api: Api, send: Send) -> None:
    """Everything that functions do for journeys, once."""
    api(machine, "PUT", "/topics/carts", {"title": "Carts", "channels": ["email", "sms"]})
    api(machine, "PUT", "/templates/cart-mail", MAIL)
    api(machine, "PUT", "/templates/cart-text", TEXT)
    api(machine, "PUT", "/segments/of-carts", {"when": {"type": "trait", "trait": "carts", "test": {"op": "eq", "value": True}}})
    api(machine, "PUT", "/journeys/cart", CART)
    often = {"trigger": {"type": "schedule", "every": "rate(2 hours)", "segment": "of-carts"}, "topic": "carts",
             "steps": [WRITE | {"template": "cart-text", "quiet_hours": "ignore"},
                       {"name": "Points", "type": "update", "points": 1}]}
    api(machine, "PUT", "/journeys/carts-often", often)
    for name in ("cart", "carts-often"):
        api(machine, "POST", f"/journeys/{name}/publish")
    machine.advance("1m")
    send(machine, {"type": "identify", "userId": "j1", "traits": {
        "email": "j1@shop.example.com", "phone": "+33611223344", "carts": True}}, *[
        {"type": "track", "userId": "j1", "event": "Consent Updated", "properties": {
            "channel": channel, "topic": "carts", "state": "subscribed", "source": "test"}} for channel in ("email", "sms")])
    for key in ("bought", "emptied", "kept", "paused"):
        _did(machine, send, "Cart Filled", key)
    _did(machine, send, "Cart Filled", "both", "Cart Bought")  # known before anybody waits for it
    _did(machine, send, "Cart Emptied", "emptied")
    _did(machine, send, "Cart Bought", "bought")
    _did(machine, send, "Cart Filled", "later")
    machine.advance("70m")
    api(machine, "POST", "/journeys/cart/pause", {"hold": True})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Calls, "update", _fails)
        machine.advance("4h")
    for command in ("cart/resume", "carts-often/redrive"):
        woken = api(machine, "POST", f"/journeys/{command}")
        assert woken["woken"] > 0, woken
    machine.advance("1m")
    for key in ("moved", "broken"):
        _did(machine, send, "Cart Filled", key)
    machine.advance("70m")
    _break(machine)
    assert api(machine, "GET", "/journeys/cart/state")["ended"]["failed"] == 1
    api(machine, "PUT", "/journeys/cart", {**CART, "description": "the second"})
    api(machine, "POST", "/journeys/cart/publish")
    api(machine, "POST", "/journeys/cart/publish")
    machine.advance("8h")
    api(machine, "POST", "/journeys/carts-often/stop")
    api(machine, "PUT", "/journeys/cart", {**CART, "description": "the third"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "KEPT", clock.HOUR)
        api(machine, "POST", "/journeys/cart/publish")  # nobody is in the first one any more
    api(machine, "POST", "/journeys/cart/redrive")
    period = {"from": to_iso(clock.now() - 12 * clock.HOUR), "until": to_iso(clock.now() - clock.HOUR)}
    assert api(machine, "POST", "/journeys/cart/backtest", period)
    person = api(machine, "GET", "/profiles?by=user_id:j1")["id"]
    for path in (f"people/{person}", "people", "state", "parked", "report", "diagram.svg"):
        _get(machine, f"/journeys/cart/{path}")
    api(machine, "POST", "/journeys/cart/stop")
    api(machine, "DELETE", "/journeys/cart")


def _break(machine: LocalMachine) -> None:
    """What somebody is in fails for good: an execution of its name and with its input, of a machine that can only fail."""
    states = boto3.client("stepfunctions", region_name=REGION)
    own = next(one for one in states.list_state_machines()["stateMachines"] if "-journey-cart-" in one["name"])
    one = states.list_executions(stateMachineArn=own["stateMachineArn"], statusFilter="RUNNING")["executions"][0]
    given = states.describe_execution(executionArn=one["executionArn"])["input"]
    failing = states.create_state_machine(
        name=f"{own['name']}-broken", roleArn=states.describe_state_machine(stateMachineArn=own["stateMachineArn"])["roleArn"],
        definition=json.dumps({"StartAt": "Broken", "States": {"Broken": {"Type": "Fail"}}}))
    states.start_execution(stateMachineArn=failing["stateMachineArn"], name=one["name"], input=given)
    machine.advance("1m")


def _fails(*_: Any) -> None:
    raise KeyError("a fault of ours")


def _get(machine: LocalMachine, path: str) -> None:
    status, _, body = machine.request("GET", f"/api{path}", {"authorization": "Bearer local-admin-token"}, b"")
    assert status < 300, (path, status, body)


def _did(machine: LocalMachine, send: Send, event: str, key: str, *more: str) -> None:
    send(machine, *[{"type": "track", "userId": "j1", "event": one, "properties": {"cart_id": key}} for one in (event, *more)])
