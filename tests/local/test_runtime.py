"""Functions run as in Lambda, as far as a handler can tell."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from infra.local import dynamodb
from infra.local.machine import local_machine
from infra.local.runtime import Function, Metrics, Runtime
from socle.cached import Cached


def test_an_embedded_metric_may_hold_many_values() -> None:
    metrics = Metrics()
    line = {"_aws": {"CloudWatchMetrics": [{"Metrics": [{"Name": "A"}, {"Name": "B"}]}]}, "service": "f", "A": [1, 2], "B": 4}
    metrics.take(json.dumps(line))
    metrics.take(json.dumps(line))
    assert metrics.sums() == {"A": 6, "B": 8}


def _function(environment: dict[str, str]) -> dict[str, Any]:
    return {"Type": "AWS::Lambda::Function", "Properties": {
        "Handler": "f.handler.handler", "Runtime": "python3.13", "Role": {"Fn::GetAtt": ["R", "Arn"]},
        "Code": {"ZipFile": "x"}, "Timeout": 7, "Environment": {"Variables": environment}}}


ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}


def test_functions_that_differ_in_a_setting_cannot_share_the_process() -> None:
    template = {"Resources": {"R": ROLE, "F": _function({"SOCLE_X": "1"}), "G": _function({"SOCLE_X": "2"})}}
    with pytest.raises(ValueError, match="SOCLE_X"), local_machine(template):
        pass


def test_a_context_says_what_a_lambda_context_says() -> None:
    seen: list[Any] = []
    function = Function("f", "f.handler.handler", {}, 7, 256)
    function._call = lambda _event, context: seen.append(context)
    function.invoke({}, "request-1")
    (context,) = seen
    assert (context.function_name, context.memory_limit_in_mb, context.aws_request_id) == ("f", 256, "request-1")
    assert context.invoked_function_arn == "arn:aws:lambda:us-east-1:123456789012:function:f"
    assert 6_000 < context.get_remaining_time_in_millis() <= 7_000


def test_a_function_runs_once_at_a_time() -> None:
    function = Function("f", "f.handler.handler", {}, 3, 128)
    inside = [0, 0]

    def handler(_event: Any, _context: Any) -> None:
        inside[0] += 1
        inside[1] = max(inside)
        time.sleep(0.001)
        inside[0] -= 1

    function._call = handler
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(function.invoke, [{}] * 40))
    assert inside == [0, 1]


def test_a_function_cannot_change_the_event_of_its_caller_and_its_error_is_an_outcome() -> None:
    function = Function("f", "f.handler.handler", {}, 3, 128)
    event = {"a": {"b": 1}}

    def handler(given: Any, _context: Any) -> None:
        given["a"]["b"] = 2
        raise KeyError("x")

    function._call = handler
    assert isinstance(function.invoke(event).error, KeyError)
    assert event == {"a": {"b": 1}}


def test_what_is_kept_for_a_while_on_lambda_is_kept_until_a_definition_is_written() -> None:
    with ExitStack() as stack:
        Runtime().install(stack)
        read: list[int] = []

        def load() -> int:
            if len(read) == 1:
                dynamodb.written.up()  # meanwhile
            read.append(1)
            return len(read)

        kept = Cached(load, 30_000, lambda: 0)
        function = Function("f", "f.handler.handler", {}, 3, 128)
        function._call = lambda _event, _context: [kept(), kept()]
        assert [function.invoke({}).answer, function.invoke({}).answer] == [[1, 1], [1, 1]]
        dynamodb.written.up()
        assert [function.invoke({}).answer, function.invoke({}).answer, kept(), kept()] == [[2, 2], [3, 3], 4, 5]
