"""Executions of Step Functions made light and punctual: thousands wait in one process, and all of their times are the clock's.

moto parses the definition anew for each execution, and keeps three threads for each one that waits. Here a definition is parsed
once, and an execution is one thread (a branch of a Parallel or a Map one more each).
"""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timezone
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program import program
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.exec import execute_state
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event import event_manager
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend import execution, execution_worker

from infra.local.cloud import ACCOUNT
from infra.local.patching import replace
from socle import clock

logger = logging.getLogger("infra.local")

PATHS = 1_000
DEFINITIONS = 200
"""JSON paths and definitions that stay parsed."""


class _Here:
    """Stands in for a thread: does it at once, in this one. So time-outs are not kept of what computes; those of a wait are, by
    the clock (infra.local.waits)."""

    def __init__(self, target: Callable[..., None], args: tuple[Any, ...] = (), daemon: bool = True) -> None:
        self._target, self._args = target, args

    def start(self) -> None:
        self._target(*self._args)

    def join(self, timeout: float | None = None) -> None:
        """It has ended."""

    def is_alive(self) -> bool:
        """No more."""
        return False


class _Moment(datetime):
    """A time as Step Functions writes it in the context: 2026-01-31T12:00:00.000Z."""

    def isoformat(self, sep: str = "T", timespec: str = "milliseconds") -> str:
        return super().isoformat(sep, timespec).replace("+00:00", "Z")

    @classmethod
    def now(cls, tz: Any = UTC) -> _Moment:
        return cls.fromtimestamp(clock.now() / 1_000, tz)


class _Plain(datetime):
    @classmethod
    def now(cls, tz: Any = UTC) -> datetime:  # type: ignore[override]
        return datetime.fromtimestamp(clock.now() / 1_000, tz)


_Named: Any = SimpleNamespace  # all that moto looks at


def install(stack: ExitStack) -> None:
    """Patch moto until `stack` closes."""
    parse, parsing = lru_cache(DEFINITIONS)(AmazonStateLanguageParser.parse), threading.Lock()
    worker: Any = execution_worker.ExecutionWorker
    environment, fail = worker._get_evaluation_environment, Environment.set_error

    def parsed(definition: str) -> Any:
        """A Map keeps what it counts in what was parsed, so that each of its executions needs its own."""
        if has_branches(definition):
            return AmazonStateLanguageParser.parse(definition)
        with parsing:  # of five hundred that start at a time, one parses
            return parse(definition)

    def failed(env: Any, error: Any) -> None:
        """What was stopped stays so: a task that it interrupted has not failed."""
        if not isinstance(env._program_state, ProgramStopped):
            if not env.is_frame():
                logger.error("the workflow %s failed: %s: %s", env.states.context_object.context_object_data["Execution"]["Id"],
                             error.get("error"), error.get("cause"))
            fail(env, error)

    def evaluated(self: Any, env: Any) -> None:
        """A stop may have come first, upon which moto would neither begin nor end."""
        if isinstance(env._program_state, ProgramStopped):
            self._eval_body(env)
        else:
            begin(self, env)

    def called(parameters: dict[str, Any], region: str, state_credentials: Any) -> Any:
        """A task calls its function at once: through botocore it would take twenty times as long."""
        try:
            function = lambda_backends[ACCOUNT][region].get_function(parameters["FunctionName"])
        except UnknownFunctionException:
            return invoke(parameters, region, state_credentials)  # which says so as AWS does
        payload, error, _ = function._invoke_lambda(parameters.get("Payload", b"{}").decode())
        return {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": json.loads(payload),
                **({"FunctionError": "Unhandled"} if error else {})}

    def known(machine: Any, name: str, given: str) -> Any:
        """moto compares the name with those of all executions."""
        executions, names = indexes.get(machine.arn, ([], {}))
        if executions is not machine.executions:
            executions, names = indexes[machine.arn] = (machine.executions, {})
        for one in executions[len(names):]:
            names[one.name] = one
        return look(_Named(executions=[names[name]] if name in names else []), name, given)

    indexes: dict[str, tuple[list[Any], dict[str, Any]]] = {}
    look = StateMachine._handle_name_input_idempotency
    replace(stack, StateMachine, "_handle_name_input_idempotency", known)
    invoke = lambda_eval_utils._invoke_lambda_function
    begin = program.Program.eval
    replace(stack, lambda_eval_utils, "_invoke_lambda_function", called)
    for module in (json_path, result_path):
        replace(stack, module, "parse", lru_cache(PATHS)(vars(module)["parse"]))  # 5 ms each
    replace(stack, program.Program, "eval", evaluated)
    replace(stack, program, "threading", SimpleNamespace(Thread=_Here))
    replace(stack, execute_state, "Thread", _Here)
    for module in (program, execute_state, execution_worker):
        replace(stack, module, "TMP_THREADS", deque(maxlen=0))  # nobody looks at them
    replace(stack, execution_worker, "AmazonStateLanguageParser", SimpleNamespace(parse=parsed))
    replace(stack, worker, "_get_evaluation_environment", lambda self: self.env or environment(self))
    replace(stack, Environment, "set_error", failed)
    # moto logs what a Catch takes as an error, with the whole definition; what ends an execution is logged above.
    replace(stack, EvalComponent, "_log_failure_event_exception", lambda *_, **__: None)
    replace(stack, state, "datetime", SimpleNamespace(datetime=_Moment, timezone=timezone))
    for module in (models, execution, event_manager):
        replace(stack, module, "datetime", SimpleNamespace(datetime=_Plain, timezone=timezone))


def prepared(worker: Any) -> None:
    """Give an execution that starts its environment at once: who stops it, or has a token for another, looks into it."""
    worker.env = worker._get_evaluation_environment()
    worker.env.next_state_name = ""  # it is under way: only so can it be stopped


@lru_cache(DEFINITIONS)
def has_branches(definition: str) -> bool:
    """Whether an execution of it may do several things at a time."""
    return any(f'"Type"{colon}"{name}"' in definition for colon in (":", ": ") for name in ("Map", "Parallel"))
