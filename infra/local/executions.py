"""Executions of Step Functions made light and punctual: thousands of them wait in one process, and all of their times are the clock's.

moto parses the definition anew for each execution, and keeps three threads for each one that waits. Here a definition is parsed
once, and an execution is one thread (a branch of a Parallel or a Map one more each).
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timezone
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program import program
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.exec import execute_state
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event import event_manager
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend import execution, execution_worker

from infra.local.patching import replace
from socle import clock

logger = logging.getLogger("infra.local")

DEFINITIONS = 200
"""Definitions that stay parsed."""


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
    def now(cls, tz: Any = timezone.utc) -> _Moment:
        return cls.fromtimestamp(clock.now() / 1_000, tz)


class _Plain(datetime):
    @classmethod
    def now(cls, tz: Any = timezone.utc) -> datetime:  # type: ignore[override]
        return datetime.fromtimestamp(clock.now() / 1_000, tz)


def install(stack: ExitStack) -> None:
    """Patch moto until `stack` closes."""
    parse: Any = lru_cache(DEFINITIONS)(AmazonStateLanguageParser.parse)
    worker: Any = execution_worker.ExecutionWorker
    environment, fail = worker._get_evaluation_environment, Environment.set_error

    def parsed(definition: str) -> Any:
        """A Map keeps what it counts in what was parsed, so that each of its executions needs its own."""
        return AmazonStateLanguageParser.parse(definition) if has_branches(definition) else parse(definition)

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

    begin = program.Program.eval
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
