"""Least privilege, both ways: what the functions really call on AWS is what the template grants them, no more and no less.

A day in the life of the local machine is lived with every AWS call recorded under the function that made it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import Any

import botocore.client
import pytest

from infra.constructs.observability import WATCHED
from infra.grants import granted_actions
from infra.local import template
from infra.local.machine import LocalMachine, local_machine
from infra.local.runtime import Function
from tests.day import a_day_in_the_life

# What IAM calls the actions of an API call, where it is not simply service:Operation.
ACTIONS = {
    ("dynamodb", "TransactWriteItems"): lambda asked: {
        f"dynamodb:{verb}Item" for item in asked["TransactItems"] for verb in item},
    ("dynamodb", "BatchExecuteStatement"): lambda asked: {
        f"dynamodb:PartiQL{one['Statement'].partition(' ')[0].capitalize()}" for one in asked["Statements"]},
    ("lambda", "Invoke"): lambda asked: {"lambda:InvokeFunction"},
    ("states", "CreateStateMachine"): lambda asked: {"states:CreateStateMachine", "iam:PassRole"},
    ("states", "UpdateStateMachine"): lambda asked: {"states:UpdateStateMachine", "iam:PassRole"},
    ("s3", "DeleteObjects"): lambda asked: {"s3:DeleteObject"},
    ("s3", "HeadObject"): lambda asked: {"s3:GetObject"},
    ("s3", "ListObjectsV2"): lambda asked: {"s3:ListBucket"},
    ("ses", "SendEmail"): lambda asked: {"ses:SendEmail", "ses:SendRawEmail"},  # SES asks for the second when it is MIME
    ("sqs", "SendMessageBatch"): lambda asked: {"sqs:SendMessage"},
}
SERVICES = {"stepfunctions": "states", "sesv2": "ses"}
MAYBE_IN_A_DAY = {"export_segments_due": {"states:DescribeExecution"},
                  "start_campaigns_due": {"dynamodb:DeleteItem", "states:StopExecution"},
                  "serve_admin": {"states:UpdateStateMachine"}}
"""Granted, and called only when things meet: an export is due while its last run is under way, a run's turn outlived it, an
execution that another one takes the place of still goes on, Socle compiles a journey otherwise than when it was published."""

current: ContextVar[str | None] = ContextVar("current", default=None)


class Recorder:
    """actions: function → IAM actions."""

    def __init__(self) -> None:
        self.actions: dict[str, set[str]] = defaultdict(set)


@pytest.fixture(scope="module")
def recorded() -> Iterator[tuple[Recorder, LocalMachine]]:
    patch, recorder = pytest.MonkeyPatch(), Recorder()
    submit = ThreadPoolExecutor.submit
    invoke, call = Function.invoke, botocore.client.BaseClient._make_api_call

    def named_invoke(self: Function, event: Any, request_id: str | None = None) -> Any:
        token = current.set(self.environment["POWERTOOLS_SERVICE_NAME"])
        try:
            return invoke(self, event, request_id)
        finally:
            current.reset(token)

    def recording_call(self: Any, operation: str, asked: dict[str, Any]) -> Any:
        function = current.get()
        if function is not None:
            service = SERVICES.get(name := self.meta.service_model.service_name, name)
            known = ACTIONS.get((service, operation))
            recorder.actions[function] |= known(asked) if known else {f"{service}:{operation}"}
        return call(self, operation, asked)

    def submit_by_name(self: Any, function: Any, /, *given: Any, **named: Any) -> Any:
        """What a function does in threads of its own is its doing."""
        return submit(self, copy_context().run, function, *given, **named)

    patch.setattr(ThreadPoolExecutor, "submit", submit_by_name)
    patch.setattr(Function, "invoke", named_invoke)
    patch.setattr(botocore.client.BaseClient, "_make_api_call", recording_call)
    with local_machine() as machine:
        a_day_in_the_life(machine, patch)
        yield recorder, machine
    patch.undo()


def test_functions_call_what_they_are_granted_and_are_granted_what_they_call(recorded):
    recorder, _ = recorded
    granted = granted_actions(template.load())
    assert recorder.actions.keys() == granted.keys()
    assert {name: sorted(actions - granted[name]) for name, actions in recorder.actions.items() if actions - granted[name]} == {}
    unused = {name: actions - recorder.actions[name] - MAYBE_IN_A_DAY.get(name, set()) for name, actions in granted.items()}
    assert {name: sorted(actions) for name, actions in unused.items() if actions} == {}


def test_every_alarmed_metric_is_emitted(recorded):
    _, machine = recorded
    emitted = {(name, service) for name, service in machine.runtime.metrics.by_service()}
    assert {(watched.metric, watched.service) for watched in WATCHED} <= emitted
