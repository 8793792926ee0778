"""From a form to the last unsubscription, on the stack that is deployed."""

from __future__ import annotations

from infra.local.machine import local_machine
from tests.consent import on_machine


def test_somebody_joins_confirms_answers_chooses_and_leaves():
    with local_machine() as machine:
        on_machine.define(machine)
        assert on_machine.decide(machine) == {"club": "unsubscribed", "letters": "subscribed"}
