"""Workflows by the one clock: a Wait state, the pause before a retry and the time-out of a task token end when the clock says so.

moto sleeps by the clock of the computer. Here a pause ends with real time or when the clock is moved past it, whichever is first.
Who waits for a token waits until it comes or its time is over. Thousands may wait: each is one thread that sleeps.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections import Counter
from contextlib import ExitStack
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackConsumerTimeout,
    CallbackOutcomeSuccess,
    CallbackPoolManager,
)
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

from infra.local.executions import has_branches, prepared
from infra.local.patching import replace
from infra.local.pauses import Pause, TaskTimedOut
from socle import clock

logger = logging.getLogger("infra.local")

LULL = 0.05
"""Seconds without a task after which a workflow of which a branch waits is believed to do nothing else."""
PATIENCE = 60.0
"""Seconds for which workflows may do nothing before the clock goes on without them."""


class Waits:
    """Which workflows are under way, and until when those wait that do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rest = threading.Condition(self._lock)
        self._places = itertools.count()
        self._running: Counter[str] = Counter()
        self._branched: set[str] = set()
        """Those under way that may do several things at a time: that one of them waits says nothing of the others."""
        self._busy = 0
        """How many of the others do something."""
        self._waiting: set[Pause] = set()
        self._by_time: list[Pause] = []
        self._by_token: dict[str, Pause] = {}
        self._tasks = self._done = self._news = 0
        self._quiet_after = (-1, -1)
        self._retrying = threading.local()

    def install(self, stack: ExitStack) -> None:
        """Patch moto until `stack` closes. After the runtime's own patch, so that its invocations are counted."""
        worker_of: Any = ExecutionWorker  # moto says little of its types
        start, stop, logic, invoke = worker_of.start, worker_of.stop, worker_of._execution_logic, LambdaFunction._invoke_lambda
        retry, answer = retrier_decl.RetrierDecl._eval_body, models.StepFunctionsParserBackend.send_task_success

        def started(worker: Any) -> None:
            prepared(worker)
            name = _execution(worker)
            with self._lock:
                self._running[name] += 1
                self._news += 1
                if has_branches(worker._evaluation_details.state_machine_details.definition):
                    self._branched.add(name)
                else:
                    self._busy += 1
            start(worker)

        def stopped(worker: Any, **why: Any) -> None:
            """Whoever waits in it does something again: they end."""
            stop(worker, **why)
            name = _execution(worker)
            with self._lock:
                for pause in [one for one in self._waiting if one.execution == name and not one.env.is_running()]:
                    self._wake(pause)

        def executed(worker: Any) -> None:
            name = _execution(worker)
            try:
                logic(worker)
            finally:
                with self._lock:
                    self._running -= Counter({name: 1})  # keeps what is positive
                    if name not in self._branched:
                        self._one_less()
                    elif name not in self._running:
                        self._branched.discard(name)

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

        def notified(pool: Any, callback_id: str, outcome: Any) -> bool:
            endpoint = pool.get(callback_id)
            if endpoint is None:
                return False
            with self._lock:
                if endpoint.consumer_error is not None:
                    raise TaskTimedOut
                endpoint.notify(outcome)
                pause = self._by_token.get(callback_id)
                if pause is not None:
                    self._wake(pause)
            return True

        def answered(backend: Any, task_token: str, outcome: str) -> Any:
            """moto asks each execution whether the token is its own."""
            pause = self._by_token.get(task_token)
            if pause is None:
                return answer(backend, task_token, outcome)
            pause.env.callback_pool_manager.notify(task_token, CallbackOutcomeSuccess(task_token, outcome))
            return None

        def awaited(_: Any, env: Any, timeout_seconds: int, callback_endpoint: Any, heartbeat_endpoint: Any) -> Any:
            return self._wait_for_token(env, timeout_seconds, callback_endpoint)

        replace(stack, ExecutionWorker, "start", started)
        replace(stack, ExecutionWorker, "stop", stopped)
        replace(stack, ExecutionWorker, "_execution_logic", executed)
        replace(stack, LambdaFunction, "_invoke_lambda", invoked)
        replace(stack, WaitFunction, "_wait_interval", lambda _, env, wait_seconds: self._wait(env, wait_seconds))
        replace(stack, Timestamp, "_get_wait_seconds", _seconds_until)
        replace(stack, retrier_decl.RetrierDecl, "_eval_body", retried)
        replace(stack, retrier_decl, "time", SimpleNamespace(
            sleep=lambda seconds: self._wait(self._retrying.env, seconds), time=time.time))
        replace(stack, CallbackPoolManager, "notify", notified)
        replace(stack, models.StepFunctionsParserBackend, "send_task_success", answered)
        replace(stack, models, "InvalidToken", TaskTimedOut)  # of executions that have ended
        replace(stack, StateTaskServiceCallback, "_eval_wait_for_task_token", awaited)

    def first(self) -> int | None:
        """When the next pause ends, epoch ms, up to the next full second: so those of one second end together. None while nobody
        waits."""
        with self._lock:
            while self._by_time and (self._by_time[0] not in self._waiting or self._by_time[0].woken):
                heapq.heappop(self._by_time)
            return -(-self._by_time[0].until // clock.SECOND) * clock.SECOND if self._by_time else None

    def wake(self) -> None:
        """Wake those whose time has come: the clock was moved."""
        now = clock.now()
        with self._lock:
            while self._by_time and self._by_time[0].until <= now:
                pause = heapq.heappop(self._by_time)
                if pause in self._waiting:
                    self._wake(pause)

    def settle(self) -> bool:
        """Until every workflow under way waits for a later time or has ended; True if there was anything to wait for."""
        waited, since, seen = False, time.monotonic(), -1
        while not self.is_quiet():
            waited = True
            with self._rest:
                if self._busy:
                    self._rest.wait(LULL)
            if seen != (seen := self._tasks + self._done):
                since = time.monotonic()
            elif self._tasks == self._done and time.monotonic() - since > PATIENCE:
                logger.error("a workflow has done nothing for a minute, the clock goes on: %s", ", ".join(self._at_work()))
                break
        return waited

    def are_gone(self) -> bool:
        """Whether no workflow is under way."""
        return not self._running

    def is_quiet(self) -> bool:
        """Whether no workflow is under way but those that wait; of those with branches, also that none was a moment ago."""
        with self._lock:
            if self._busy:
                return False
            if not self._branched:
                return True
        before = (self._tasks, self._news)
        if self._at_work() or self._tasks != self._done:
            time.sleep(LULL)
            return False
        if before != self._quiet_after:
            time.sleep(LULL)
            if before != (self._tasks, self._news) or self._at_work():
                return False
            self._quiet_after = before
        return True

    def _at_work(self) -> list[str]:
        with self._lock:
            waiting = {pause.execution for pause in self._waiting if not pause.woken}
            woken = {pause.execution for pause in self._waiting if pause.woken}
            return [execution for execution in self._running if execution not in waiting or execution in woken]

    def _wait(self, env: Any, seconds: float) -> None:
        pause = self._begin(env, seconds)
        try:
            self._sleep(pause)
        finally:
            self._end(pause)

    def _wait_for_token(self, env: Any, seconds: int, endpoint: Any) -> Any:
        """What came with the token. Raises moto's time-out."""
        pause = self._begin(env, seconds, endpoint.callback_id)
        try:
            while endpoint.get_outcome() is None and self._sleep(pause, once=True):
                pass
            with self._lock:  # either it is in time, or whoever comes with it is told
                if (outcome := endpoint.get_outcome()) is None:
                    endpoint.report(CallbackConsumerTimeout())
        finally:
            self._end(pause)
        if outcome is None:
            raise TimeoutError
        return outcome

    def _begin(self, env: Any, seconds: float, token: str = "") -> Pause:
        pause = Pause(env.states.context_object.context_object_data["Execution"]["Id"], clock.now() + int(seconds * 1_000), env,
                       next(self._places), token)
        env.program_state_event = pause.flag  # moto sets it when the workflow is stopped
        with self._lock:
            self._waiting.add(pause)
            heapq.heappush(self._by_time, pause)
            if token:
                self._by_token[token] = pause
            if pause.execution not in self._branched:
                self._one_less()
        return pause

    def _sleep(self, pause: Pause, once: bool = False) -> bool:
        """Until its time has come or its workflow was stopped (then False), or with `once` until there is news."""
        while pause.env.is_running() and (left := pause.until - clock.now()) > 0:
            if pause.flag.wait(left / 1_000):
                pause.flag.heard()
                if once:
                    return True
        return False

    def _end(self, pause: Pause) -> None:
        with self._lock:
            self._waiting.remove(pause)
            self._by_token.pop(pause.token, None)
            if not pause.woken:
                self._wake(pause)

    def _wake(self, pause: Pause) -> None:
        """It does something again. Under the lock, and once."""
        if not pause.woken:
            pause.woken = True
            self._news += 1
            if pause.execution not in self._branched:
                self._busy += 1
            pause.flag.set()

    def _one_less(self) -> None:
        self._busy -= 1
        if not self._busy:
            self._rest.notify_all()


def _seconds_until(wait: Any, env: Any) -> float:
    """Of a Wait with a timestamp. moto cuts both times to whole seconds, and so comes too early."""
    wait.string.eval(env=env)
    text: str = env.stack.pop()
    if wait._from_timestamp_string(timestamp=text) is None:
        raise FailureEventException(wait._create_failure_event(env, text))
    return datetime.fromisoformat(text).timestamp() - clock.now() / 1_000


def _execution(worker: Any) -> str:
    return str(worker._evaluation_details.execution_details.arn)
