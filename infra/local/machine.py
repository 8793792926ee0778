"""The local machine: the stack in moto, its functions in this process, and everything that AWS would do between them.

    with local_machine() as machine:                  # no sockets, no threads: for tests
        status, headers, body = machine.request("POST", "/v1/batch", {...}, b"...")
        machine.drain()                               # until the stream and the queues are empty
        machine.advance("3d")                         # the one clock; what falls due on the way happens
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

from moto import mock_aws
from moto.apigatewayv2.models import apigatewayv2_backends
from moto.core.models import botocore_stubber

from infra.local import (
    cloud,
    cloudformation,
    dynamodb,
    executions,
    feedback,
    links,
    outbox,
    pump,
    rules,
    seed,
    ses,
    sources,
    template,
    workflows,
)
from infra.local.cloud import ACCOUNT, REGION
from infra.local.http import Front, Request, Response, read_routes
from infra.local.idle import Idle
from infra.local.patching import replace
from infra.local.routes import LocalRoutes
from infra.local.runtime import Runtime
from infra.local.schedule import Schedules
from infra.local.timeline import Timeline, parse_duration
from infra.local.waits import Waits
from socle import clock

STACK = "socle-local"

logger = logging.getLogger("infra.local")


class LocalMachine:
    """A running stack. `outputs` are those of the template."""

    def __init__(self, stack: ExitStack, document: dict[str, Any] | None = None, url: str = "http://127.0.0.1:8000") -> None:
        """Create the stack from `document`, or else from the project's own template; `stack` undoes everything.

        `url` is where the machine is reached: links to files begin with it.
        """
        if botocore_stubber.enabled:
            raise RuntimeError("moto is already running in this process: one machine at a time")
        stack.enter_context(mock_aws(config={"stepfunctions": {"execute_state_machine": True}}))
        replace(stack, clock, "_ahead", 0)
        self.pump = pump.Pump()
        self.runtime = Runtime()
        self.outbox = outbox.Outbox()
        self.links = links.Links(url)
        announcements = rules.Announcements(lambda arn, event: self.runtime.named(arn).invoke(event))
        cloud.install(stack, self.pump.arrived)
        dynamodb.install(stack)
        cloudformation.install(stack)
        workflows.install(stack)
        executions.install(stack)
        mappings = pump.install(stack)
        self.runtime.install(stack)
        waits = Waits()
        waits.install(stack)
        self.outbox.install(stack)
        feedback.install(stack)
        ses.install(stack)
        self.links.install(stack)
        announcements.install(stack, self.pump.arrived)
        self.pump.add([announcements])
        self.outputs = cloudformation.create_stack(STACK, document if document is not None else template.load())
        self.runtime.load(url)
        for mapping in mappings:
            self.pump.add(sources.of_mapping(mapping, self.runtime.named))
        self.timeline = Timeline(Schedules(self._invoke), self.pump.drain, waits, Idle(self.runtime, self.outputs).matters)
        api: Any = next(iter(apigatewayv2_backends[ACCOUNT][REGION].apis.values()), None)
        self.front = Front(read_routes(api, self.runtime.named), api.cors_configuration) if api else Front([], None)
        stack.callback(self.front.close)
        stack.callback(workflows.settle, waits.is_quiet, waits.are_gone)
        self.local = LocalRoutes(self)
        if "DefinitionsTable" in self.outputs:
            seed.source(self.outputs["DefinitionsTable"])

    def _invoke(self, arn: str, event: Any) -> None:
        """Call the target of a schedule. Its failure is logged; the next time is another try."""
        if workflows.is_one(arn):
            workflows.run(arn, event)
        else:
            self.runtime.named(arn).invoke(event)

    def handle(self, request: Request) -> Response:
        """Answer one HTTP request: the machine's own pages, or the stack's API."""
        return self.local.handle(request) or self.front.handle(request)

    def request(self, method: str, target: str, headers: Mapping[str, str] | None = None,
                body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
        """One request in process; `target` is a path with or without a query."""
        parts = urlsplit(target)
        given = {"host": "localhost", **{key.lower(): value for key, value in (headers or {}).items()}}
        response = self.handle(Request(method, parts.path, list(given.items()), parts.query, body))
        return response.status, dict(response.headers), response.body

    def drain(self) -> None:
        """Run until every stream is at its end and no queue has a visible message. Raises pump.Stuck."""
        self.pump.drain()

    def advance(self, duration: str) -> int:
        """Move the clock by `3d` and the like; answers the new time in epoch ms."""
        self.timeline.advance(parse_duration(duration))
        return clock.now()

    def warm(self) -> None:
        """Import every function now instead of at its first use."""
        for function in self.runtime.functions.values():
            function.warm()


@contextmanager
def local_machine(document: dict[str, Any] | None = None) -> Iterator[LocalMachine]:
    """A machine without sockets and threads, for tests; it leaves the process as it found it."""
    with ExitStack() as stack:
        yield LocalMachine(stack, document)
