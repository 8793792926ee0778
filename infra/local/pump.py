"""Event source mappings: read streams and queues in batches and hand them to functions, with Lambda's own rules.

moto delivers one record at a time inside the put and knows no retries; `install` detaches that. A source is read by
`step`, either by its own thread (`start`) or by whoever waits for everything to be done (`drain`), never by both at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Protocol

from moto.awslambda.models import LambdaBackend
from moto.dynamodb.models import dynamodb_backends
from moto.kinesis.models import kinesis_backends
from moto.sqs.models import sqs_backends

from infra.local.cloud import ACCOUNT, REGION
from infra.local.patching import replace

logger = logging.getLogger("infra.local")

LONGEST_WINDOW = 0.1
"""Seconds that a batch is collected at most, whatever window the template asks for: people are waiting."""

STUCK_AFTER = 12
"""Fruitless steps in a row of one source after which `drain` gives up."""


class Stuck(Exception):
    """A source cannot be drained, because its function keeps failing the same batch."""


class Source(Protocol):
    """Something that is read in batches."""

    name: str

    def step(self) -> bool | None:
        """Handle one batch: True when it moved on, False when there was nothing, None when the batch failed."""

    def window(self) -> float:
        """Seconds to wait for company once something has arrived."""

    def holds(self) -> bool:
        """Whether there is something that has arrived already, be it out of sight for now."""


class Pump:
    """All sources of the stack."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self._locks: dict[int, threading.Lock] = {}
        self._woken = threading.Condition()
        self._arrivals = 0
        self._emptied = -1
        """Arrivals by the time at which all was read: there is nothing to read before there is another one."""
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def add(self, sources: Sequence[Source]) -> None:
        """Read these sources too, from now on."""
        self.sources.extend(sources)
        self._locks.update({id(source): threading.Lock() for source in sources})

    def arrived(self) -> None:
        """Something can be read somewhere."""
        with self._woken:
            self._arrivals += 1
            self._woken.notify_all()

    def start(self) -> None:
        """Read every source in a thread of its own until `stop`."""
        self._threads = [threading.Thread(target=self._run, args=(source,), name=source.name, daemon=True)
                         for source in self.sources]
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = 1.0) -> None:
        """Stop the threads after their current batch, waiting at most `seconds` for them together."""
        self._stopping = True
        self.arrived()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def drain(self) -> None:
        """Read until every stream is at its end and no queue has a visible message. Raises Stuck."""
        if self._emptied == self._arrivals and not any(source.holds() for source in self.sources):
            return
        busy, arrivals = True, -1
        while busy and not self._stopping:
            busy, arrivals = False, self._arrivals
            for source in list(self.sources):
                failed = 0
                while not self._stopping:
                    with self._locks[id(source)]:
                        moved = source.step()
                    if moved is False:
                        break
                    busy = True
                    failed = failed + 1 if moved is None else 0
                    if failed >= STUCK_AFTER:
                        raise Stuck(f"{source.name} does not get on: its function failed {failed} times in a row")
            # A source read by its own thread meanwhile may have filled one that was found empty before.
            busy = busy or arrivals != self._arrivals
        if not self._stopping:
            self._emptied = arrivals

    def _run(self, source: Source) -> None:
        seen, pause = -1, 0.0
        while not self._stopping:
            seen = self._wait(seen, pause)
            if self._stopping:
                return
            if not pause:
                time.sleep(source.window())
            try:
                pause = self._read(source, pause)
            except Exception:  # one source that breaks must not end the others, nor itself
                logger.exception("%s broke off", source.name)
                pause = 1.0

    def _wait(self, seen: int, pause: float) -> int:
        """Wait for arrivals after `seen`, or until `pause` is over; answers the arrivals so far."""
        with self._woken:
            if pause:
                self._woken.wait_for(lambda: self._stopping, pause)
            else:
                # Half a second covers what becomes readable by time alone: delays and visibility time-outs.
                self._woken.wait_for(lambda: self._stopping or self._arrivals != seen, 0.5)
            return self._arrivals

    def _read(self, source: Source, pause: float) -> float:
        """Read until there is nothing or a batch fails; answers the seconds to wait before trying again, 0 for none."""
        while not self._stopping:
            with self._locks[id(source)]:
                moved = source.step()
            if moved is False:
                return 0.0
            if moved is None:
                return min(5.0, pause * 2 or 0.1)
            pause = 0.0
        return 0.0


def install(stack: ExitStack) -> list[dict[str, Any]]:
    """Until `stack` closes, mappings are kept (as the template has them, resolved) in the answer and fire nothing."""
    kept: list[dict[str, Any]] = []
    create = LambdaBackend.create_event_source_mapping

    def keep(backend: Any, spec: dict[str, Any]) -> Any:
        made = create(backend, spec)
        kept.append({**spec, "UUID": made.uuid})
        for holders in (sqs_backends[ACCOUNT][REGION].queues, kinesis_backends[ACCOUNT][REGION].streams,
                        dynamodb_backends[ACCOUNT][REGION].tables):
            for holder in holders.values():
                holder.lambda_event_source_mappings.clear()
        return made

    replace(stack, LambdaBackend, "create_event_source_mapping", keep)
    return kept
