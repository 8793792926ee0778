"""The Lambda runtime: runs the stack's functions in this process, imported from functions/."""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import aws_lambda_powertools as powertools
from aws_lambda_powertools.metrics.provider.cloudwatch_emf import cloudwatch
from moto.awslambda.models import LambdaFunction, lambda_backends

from infra.local import dynamodb
from infra.local.cloud import ACCOUNT, REGION
from infra.local.patching import replace
from socle import clock
from socle.cached import Cached
from socle.journeys.model.ways import Way

logger = logging.getLogger("infra.local")

OWN_SETTINGS = ("POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "LOG_LEVEL")
"""Variables that a function reads while it is imported, so that they may differ between functions."""
PUBLIC_URL = "SOCLE_PUBLIC_URL"

_IMPORTING = threading.Lock()
_HERE = threading.local()
"""`read`: what the invocation under way in this thread has read, by Cached."""


class Context:
    """What a handler is told about its invocation: the attributes of Lambda's context object."""

    def __init__(self, function: Function, request_id: str) -> None:
        self.function_name = function.name
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = function.memory
        self.invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function.name}"
        self.aws_request_id = request_id
        self.log_group_name = f"/aws/lambda/{function.name}"
        self.log_stream_name = "local"
        self._deadline = time.monotonic() + function.timeout

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda would stop the invocation; a handler that goes on is not stopped here."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class Outcome(NamedTuple):
    """What an invocation gave: its answer, or the error that it raised."""

    answer: Any = None
    error: BaseException | None = None


class Function:
    """One function of the stack. `handler` is imported at the first use, like a cold start.

    Lambda never runs two invocations in one process at the same time, and handlers rely on it; so each waits its turn here.
    """

    def __init__(self, name: str, handler: str, environment: dict[str, str], timeout: int, memory: int) -> None:
        self.name = name
        self.handler = handler
        self.environment = environment
        self.timeout = timeout
        self.memory = memory
        self._call: Any = None
        self._busy = threading.Lock()

    def warm(self) -> None:
        """Import the handler under its own environment variables, with its log going to stderr."""
        with _IMPORTING:
            if self._call is not None:
                return
            module, attribute = self.handler.rsplit(".", 1)
            os.environ.update(self.environment)
            for shared in ("_metrics", "_dimensions", "_metadata", "_default_dimensions"):
                # powertools keeps these per process, so that those of all functions would be mixed.
                setattr(powertools.Metrics, shared, {})
            with contextlib.redirect_stdout(sys.stderr):
                self._call = getattr(importlib.import_module(f"functions.{module}"), attribute)

    def invoke(self, event: Any, request_id: str | None = None) -> Outcome:
        """Run the handler with a copy of `event`; what it raises is part of the outcome, as in Lambda."""
        payload = json.loads(json.dumps(event))
        try:
            self.warm()
            with self._busy, _reading_once():
                answer = self._call(payload, Context(self, request_id or str(uuid.uuid4())))
            return Outcome(answer=json.loads(json.dumps(answer)))
        except Way as way:  # the workflow goes on elsewhere
            return Outcome(error=way)
        except Exception as error:  # whatever a handler raises is a failed invocation, not the end of the machine
            logger.exception("%s failed", self.name)
            return Outcome(error=error)


@contextlib.contextmanager
def _reading_once() -> Iterator[None]:
    before, _HERE.read = getattr(_HERE, "read", None), {}
    try:
        yield
    finally:
        _HERE.read = before


def _read(cached: Cached[Any]) -> Any:
    """A warm function keeps what it read for some seconds; here, where a person changes a definition and looks at once, for an
    invocation, and on until a definition is written."""
    read: dict[Cached[Any], Any] | None = getattr(_HERE, "read", None)
    if read is None:
        return cached._load()
    if cached not in read:
        kept = cached.__dict__.get("kept")
        if kept is None or kept[0] != dynamodb.written.value or clock.now() >= kept[1]:
            before = dynamodb.written.value
            kept = cached.__dict__["kept"] = (before, clock.now() + cached._lifetime, cached._load())
        read[cached] = kept[2]
    return read[cached]


class Metrics:
    """Sums what the functions emit in the embedded metric format instead of printing it."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def take(self, line: str, **_: Any) -> None:
        """Stands in for `print` in powertools' EMF provider."""
        document = json.loads(line)
        with self._lock:
            for directive in document["_aws"]["CloudWatchMetrics"]:
                for metric in directive["Metrics"]:
                    value = document[metric["Name"]]
                    total = sum(value) if isinstance(value, list) else value
                    key = (metric["Name"], document["service"])
                    self._sums[key] = self._sums.get(key, 0) + total

    def sums(self) -> dict[str, float]:
        """Metric name -> sum since the start, over all functions."""
        sums: dict[str, float] = {}
        for (metric, _), value in sorted(self.by_service().items()):
            sums[metric] = sums.get(metric, 0) + value
        return sums

    def by_service(self) -> dict[tuple[str, str], float]:
        """(metric name, function) -> sum since the start."""
        with self._lock:
            return dict(self._sums)


class Runtime:
    """The functions of the stack by their physical names."""

    def __init__(self) -> None:
        self.functions: dict[str, Function] = {}
        self.metrics = Metrics()

    def install(self, stack: ExitStack) -> None:
        """Until `stack` closes, moto's invocations come here, metrics are summed, modules of functions are fresh."""
        def invoke(function: Any, event: Any = None) -> tuple[str, bool, str]:
            # moto's own callers give text, the API gives what it has parsed.
            payload = json.loads(event or "{}") if isinstance(event, str | None) else event
            outcome = self.named(function.function_name).invoke(payload)
            if outcome.error is None:
                return json.dumps(outcome.answer), False, ""
            error = {"errorMessage": str(outcome.error), "errorType": type(outcome.error).__name__}
            return json.dumps(error), True, ""

        replace(stack, LambdaFunction, "_invoke_lambda", invoke)
        replace(stack, cloudwatch, "print", self.metrics.take)
        replace(stack, Cached, "__call__", _read)
        _forget_functions()
        stack.callback(_forget_functions)
        before = dict(os.environ)
        stack.callback(_restore_environment, before)
        os.environ.update(AWS_REGION=REGION, AWS_DEFAULT_REGION=REGION)

    def load(self, url: str) -> None:
        """Read the functions that the stack made. Two that need another value of one SOCLE_ variable are an error.

        `url` is where the API is reached: links in messages begin with it.
        """
        seen: dict[str, str] = {}
        for made in lambda_backends[ACCOUNT][REGION].list_functions():
            environment = {key: str(value) for key, value in (made.environment_vars or {}).items()}
            environment["LOG_LEVEL"] = "WARNING"
            if PUBLIC_URL in environment:
                environment[PUBLIC_URL] = url
            for key, value in environment.items():
                if key not in OWN_SETTINGS and seen.setdefault(key, value) != value:
                    raise ValueError(f"{made.function_name} needs another {key} than a function before it: "
                                     "functions that share a process cannot differ there")
            self.functions[made.function_name] = Function(
                made.function_name, str(made.handler), environment, int(made.timeout), int(made.memory_size))

    def named(self, name_or_arn: str) -> Function:
        """The function of a name, an ARN or the ARN of an alias."""
        name = name_or_arn.split(":")[6] if name_or_arn.startswith("arn:") else name_or_arn
        return self.functions[name]


def _forget_functions() -> None:
    """A function keeps its settings; the next machine has others."""
    for module in [name for name in list(sys.modules) if name == "functions" or name.startswith("functions.")]:
        del sys.modules[module]


def _restore_environment(before: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(before)
