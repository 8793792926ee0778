"""The journeys of the sample run: who follows the printed commands finds the reminder in the outbox."""

from __future__ import annotations

import json
import re
from typing import Any

from infra.local.machine import LocalMachine, local_machine
from infra.local.sample import journeys, letters
from tests.campaigns.on_machine import ask, outbox
from tests.journeys.on_machine import KEY


class Here:
    """The client of the sample, without a socket."""

    def __init__(self, machine: LocalMachine) -> None:
        self._machine = machine

    def put(self, path: str, document: Any) -> None:
        status, answer = ask(self._machine, "PUT", path.removeprefix("/api"), document)
        assert status in (200, 201), answer

    def post(self, path: str) -> None:
        status, answer = ask(self._machine, "POST", path.removeprefix("/api"))
        assert status == 200, answer


def test_the_printed_commands_lead_to_a_reminder() -> None:
    with local_machine() as machine:
        here: Any = Here(machine)
        here.put("/api/brand/default", {name: value for name, value in letters._BRAND.items() if name != "logo"})
        here.put("/api/sending-rules/default", letters._RULES)
        journeys.publish(here)
        printed = journeys.walkthrough("http://127.0.0.1:8000")
        for route, body in re.findall(r"/v1/(identify|track) -d '(.*)'", printed):
            status, _, answer = machine.request("POST", f"/v1/{route}", KEY, json.dumps(json.loads(body)).encode())
            assert status == 200, answer
            machine.drain()
        machine.advance("1h")
        assert [(one["to"], one["subject"]) for one in outbox(machine)] == [("ada@example.com", "Your basket is still here")]
        assert ask(machine, "GET", "/journeys/abandoned-cart/state")[0] == 200
