"""Workflows by the one clock: a Wait state and the pause before a retry end when the clock says so, however it got there.

moto sleeps by the clock of the computer. Here a pause ends with real time or when the clock is moved past it, whichever is first.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from contextlib import ExitStack
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

from infra.local.patching import replace
from socle import clock

logger = logging.getLogger("infra.local")

SLICE = 2.0
"""Seconds after which somebody who waits looks up, should the call that woke them have come a moment too early."""
LULL = 0.05
"""Seconds without a task after which a workflow of which a branch waits is believed to do nothing else."""
PATIENCE = 60.0
"""Seconds for which a workflow may do nothing before the clock goes on without it."""


class Waits:
    """Which workflows are under way, and until when those wait that do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._waiting: dict[int, tuple[str, int, Any]] = {}
        self._tasks = self._done = 0
        self._quiet_after = (-1, -1)
        self._woken = 0
        self._retrying = threading.local()

    def install(self, stack: ExitStack) -> None:
        """Patch moto until `stack` closes. After the runtime's own patch, so that its invocations are counted."""
        worker_of: Any = ExecutionWorker  # moto says little of its types
        start, logic, invoke = worker_of.start, worker_of._execution_logic, LambdaFunction._invoke_lambda
        retry, stop = retrier_decl.RetrierDecl._eval_body, ExecutionWorker.stop

        def started(worker: Any) -> None:
            with self._lock:
                self._running[_execution(worker)] += 1
                self._woken += 1
            start(worker)

        def executed(worker: Any) -> None:
            try:
                logic(worker)
            finally:
                with self._lock:
                    self._running -= Counter({_execution(worker): 1})  # keeps what is positive

        def stopped(worker: Any, **given: Any) -> None:
            for _ in range(1_000):
                if worker.env is not None:
                    break
                time.sleep(0.001)  # its thread has not come to begin yet, of which moto does not think
            stop(worker, **given)

        def invoked(function: Any, event: Any = None) -> Any:
            with self._lock:
                self._tasks += 1
            try:
                return invoke(function, event)
            finally:
                with self._lock:
                    self._done += 1

        def retried(decl: Any, env: Any) -> None:
            self._retrying.env = env
            retry(decl, env)

        replace(stack, ExecutionWorker, "start", started)
        replace(stack, ExecutionWorker, "_execution_logic", executed)
        replace(stack, ExecutionWorker, "stop", stopped)
        replace(stack, LambdaFunction, "_invoke_lambda", invoked)
        replace(stack, WaitFunction, "_wait_interval", lambda _, env, wait_seconds: self._wait(env, wait_seconds))
        replace(stack, Timestamp, "_get_wait_seconds", _seconds_until)
        replace(stack, retrier_decl.RetrierDecl, "_eval_body", retried)
        replace(stack, retrier_decl, "time", SimpleNamespace(
            sleep=lambda seconds: self._wait(self._retrying.env, seconds), time=time.time))

    def first(self) -> int | None:
        """When the next pause ends, epoch ms; None while nobody waits."""
        with self._lock:
            return min((until for _, until, _ in self._waiting.values()), default=None)

    def wake(self) -> None:
        """Wake those whose time has come: the clock was moved."""
        now = clock.now()
        with self._lock:
            due = [env for _, until, env in self._waiting.values() if until <= now]
            self._woken += len(due)
        for env in due:
            env.program_state_event.set()
            env.program_state_event.clear()

    def settle(self) -> bool:
        """Until every workflow under way waits for a later time or has ended; True if there was anything to wait for."""
        waited, since, seen = False, time.monotonic(), -1
        while not self.is_quiet():
            waited = True
            time.sleep(LULL)
            if seen != (seen := self._tasks + self._done):
                since = time.monotonic()
            elif self._tasks == self._done and time.monotonic() - since > PATIENCE:
                logger.error("a workflow has done nothing for a minute, the clock goes on: %s", ", ".join(self._busy()))
                break
        return waited

    def is_quiet(self) -> bool:
        """Whether no workflow is under way but those that wait, and none was a moment ago: a branch that waits says nothing of
        the others."""
        if not self._running:
            return True
        before = (self._tasks, self._woken)
        if self._busy() or self._tasks != self._done:
            return False
        if before != self._quiet_after:
            time.sleep(LULL)
            if before != (self._tasks, self._woken) or self._busy():
                return False
            self._quiet_after = before
        return True

    def _busy(self) -> list[str]:
        now = clock.now()
        with self._lock:
            waiting = {execution for execution, until, _ in self._waiting.values() if until > now}
            woken = {execution for execution, until, _ in self._waiting.values() if until <= now}
            return [execution for execution in self._running if execution not in waiting or execution in woken]

    def _wait(self, env: Any, seconds: float) -> None:
        until = clock.now() + int(seconds * 1_000)
        mark = id(threading.current_thread())
        with self._lock:
            self._waiting[mark] = (env.states.context_object.context_object_data["Execution"]["Id"], until, env)
        try:
            while env.is_running() and (left := until - clock.now()) > 0:
                env.program_state_event.wait(min(left / 1_000, SLICE))
        finally:
            with self._lock:
                del self._waiting[mark]


def _seconds_until(wait: Any, env: Any) -> float:
    """Of a Wait with a timestamp. moto cuts both times to whole seconds, and so comes too early."""
    wait.string.eval(env=env)
    text: str = env.stack.pop()
    if wait._from_timestamp_string(timestamp=text) is None:
        raise FailureEventException(wait._create_failure_event(env, text))
    return datetime.fromisoformat(text).timestamp() - clock.now() / 1_000


def _execution(worker: Any) -> str:
    return str(worker._evaluation_details.execution_details.arn)
