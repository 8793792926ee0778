"""Step Functions as moto runs them, with one client for each service instead of a new one (30 ms) for each task."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from typing import Any

import boto3
from moto.stepfunctions.parser.asl.utils import boto_client

from infra.local.cloud import REGION
from infra.local.patching import replace
from socle import clock

logger = logging.getLogger("infra.local")

LAST_WORDS = 5
"""Seconds that workflows under way get when the machine ends."""
PATIENCE = 60
"""Seconds for which the clock waits for a workflow that a schedule started."""


def settle(is_quiet: Callable[[], bool], are_gone: Callable[[], bool]) -> None:
    """Let workflows under way come to their end, or stop them: without the machine their calls would go to the real AWS.

    is_quiet  whether all that are left only wait
    are_gone  whether none is left
    """
    states = boto3.client("stepfunctions", region_name=REGION)
    until = time.monotonic() + LAST_WORDS
    while not are_gone() and not is_quiet() and time.monotonic() < until:
        time.sleep(0.02)
    for machine in states.list_state_machines()["stateMachines"]:
        pages = states.get_paginator("list_executions").paginate(
            stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING")
        for one in [one for page in pages for one in page["executions"]]:
            states.stop_execution(executionArn=one["executionArn"])
    until = time.monotonic() + LAST_WORDS
    while not are_gone() and time.monotonic() < until:
        time.sleep(0.02)


def is_one(arn: str) -> bool:
    """Whether an ARN is a workflow's."""
    return ":stateMachine:" in arn


def run(machine: str, event: Any) -> None:
    """Start a workflow, as a schedule does, and wait for its end, so that what falls due is done when the clock goes on."""
    states = boto3.client("stepfunctions", region_name=REGION)
    # moto gives all unnamed executions one name.
    execution = states.start_execution(stateMachineArn=machine, name=f"schedule-{clock.now()}", input=json.dumps(event))
    until = time.monotonic() + PATIENCE
    while (status := states.describe_execution(executionArn=execution["executionArn"])["status"]) == "RUNNING":
        if time.monotonic() > until:
            break
        time.sleep(0.02)
    if status != "SUCCEEDED":
        logger.error("the workflow %s: %s", execution["executionArn"], status)


def install(stack: ExitStack) -> None:
    """Patch moto until `stack` closes."""
    original = boto_client.boto_client_for

    @cache
    def of_service(region: str, service: str) -> Any:
        return original(region, service)

    def kept(region: str, service: str, state_credentials: Any = None) -> Any:
        """moto gives every task the same rights, whatever credentials it names."""
        return of_service(region, service)

    # A service integration is imported when a workflow first needs it; it takes its name from here. A list: other threads import
    # meanwhile, at which `make run` ended now and then.
    for module in [module for name, module in list(sys.modules.items()) if name.startswith("moto.stepfunctions.")]:
        if vars(module).get("boto_client_for") is original:
            replace(stack, module, "boto_client_for", kept)
