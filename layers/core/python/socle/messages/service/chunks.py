"""Send a chunk of a run, batch by batch, as far as the time of one call goes. Calling it again completes it, and sends nothing
twice: who has been dealt with is in the ledger, and shows with what became of them."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from socle.campaigns.guard import FAILED as FAILURES
from socle.campaigns.guard import SENT as SENDINGS
from socle.campaigns.model.run import PLAN, chunk_key, key_of, outcome_key
from socle.channels.model import NotSent
from socle.clock import SECOND
from socle.errors import NotFound
from socle.messages.gate import THROTTLED
from socle.messages.model import MARKETING, message_key
from socle.messages.outcome import AGAIN, WAS_FAILED, WAS_SENT, Outcome
from socle.messages.rules import Ask, SendingRules
from socle.messages.service.claims import Job
from socle.messages.service.sending import Content, Sending

BATCH = 20
"""People that are looked at, claimed and marked together: their claims fill one or two transactions."""
RESERVE = 60_000
"""Milliseconds that a batch may take with all its waits; with less time left, the next call goes on."""
TRIES = 5
"""Of somebody whom the channel did not take at that moment."""


class Files(Protocol):
    """The objects of runs."""

    def read(self, key: str) -> bytes | None: ...
    def write(self, key: str, data: bytes, kind: str = ...) -> None: ...


class Runs(Protocol):
    """The records of runs."""

    def is_sending(self, campaign: str, id_: str, attempt: int) -> bool: ...
    def pause(self, campaign: str, id_: str, reason: str, at: int) -> bool: ...


class Counters(Protocol):
    """What a run comes to while it is under way."""

    def add(self, campaign: str, run: str, counts: Mapping[tuple[str, str], int]) -> dict[str, int]: ...


class Pace(Protocol):
    """How fast a channel takes messages."""

    def take(self, count: int) -> int:
        """Ask for so many; milliseconds to wait before they may go."""

    def slow_down(self) -> None:
        """The channel refused some: ask for fewer."""


class Plan(NamedTuple):
    """What of a run's plan a worker obeys.

    contents  variant → template, compiled
    rules     answers those that hold now: who narrows them while a run is under way is heard
    is_dry    a forecast
    pace      of the run's channel
    """

    ask: Ask
    contents: Mapping[str, Content]
    rules: Callable[[], SendingRules]
    is_dry: bool
    sending: Sending
    pace: Pace


def ask_of(plan: Mapping[str, Any], channel: str) -> Ask:
    """What a run (the content of its plan) asks of the gate."""
    document = plan["document"]
    return Ask(
        message_key(f"campaign/{plan['campaign']}", plan["occurrence"]), channel, document.get("purpose", MARKETING),
        document.get("topic") or "", plan["campaign"], plan["run"], document.get("holdout") or 0,
        document.get("quiet_hours") or "", plan["mode"] == "resend")


class ChunkWorker:
    """Works through chunks. `open_plan` makes a Plan of a plan's content; `clock` answers epoch ms, `wait` lets ms pass."""

    def __init__(self, files: Files, runs: Runs, counters: Counters, open_plan: Callable[[Mapping[str, Any]], Plan],
                 clock: Callable[[], int], wait: Callable[[int], None]) -> None:
        self._files = files
        self._runs = runs
        self._counters = counters
        self._open_plan = open_plan
        self._clock = clock
        self._wait = wait

    def work(self, campaign: str, run: str, attempt: int, chunk: int, position: int,
             remaining: Callable[[], int]) -> tuple[int, bool, bool]:
        """(where to go on, whether the chunk is done, whether the run has been stopped).

        attempt    which execution of the run's workflow asks
        remaining  answers how many ms this call may still take
        Raises Unavailable in an outage, NotFound for a chunk that is not there.
        """
        plan = self._open_plan(json.loads(self._read(key_of(campaign, run, PLAN))))
        lines = gzip.decompress(self._read(chunk_key(campaign, run, chunk))).decode().splitlines()
        jobs = [Job(*json.loads(line)) for line in lines]
        began, at, is_stopped = self._clock(), position, False
        outcomes: list[Outcome] = []

        def goes_on() -> bool:
            return plan.is_dry or self._runs.is_sending(campaign, run, attempt)

        while at < len(jobs):
            if not goes_on():
                is_stopped = True
                break
            if remaining() < RESERVE:
                break
            batch = jobs[at:at + BATCH]
            try:
                found = self._send(plan, batch, remaining, goes_on)
            except NotSent as error:
                self._runs.pause(campaign, run, f"{error.code}: {error.message}", self._clock())
                is_stopped = True
                break
            if found is None:
                break
            outcomes += found
            at += len(batch)
        if outcomes:
            self._keep(campaign, run, chunk, position, outcomes, began if not plan.is_dry else None)
        return at, at == len(jobs), is_stopped

    def _send(self, plan: Plan, batch: Sequence[Job], remaining: Callable[[], int],
              goes_on: Callable[[], bool]) -> list[Outcome] | None:
        """What became of a batch; None when the channel's turn comes after this call's time, or the run is stopped before it."""
        outcomes: dict[Job, Outcome] = {}
        left = list(batch)
        for _ in range(TRIES):
            if not plan.is_dry:
                delay = plan.pace.take(len(left))
                if delay > remaining() - RESERVE:
                    return None if not outcomes else self._give_up(batch, outcomes)
                if delay:
                    self._wait(delay)
                if delay >= SECOND and not goes_on():
                    return None  # whoever was sent to before is in the ledger: the next call finds them there
            found = plan.sending.send(plan.ask, left, plan.contents, plan.rules(), dry=plan.is_dry)
            outcomes.update(zip(left, found, strict=True))
            left = [job for job in left if outcomes[job].outcome == AGAIN]
            if not left:
                break
            plan.pace.slow_down()
        return self._give_up(batch, outcomes)

    def _give_up(self, batch: Sequence[Job], outcomes: Mapping[Job, Outcome]) -> list[Outcome]:
        """Those whom the channel has not taken by now have failed: a resend tries them again."""
        return [one if one.outcome != AGAIN else one._replace(outcome=WAS_FAILED, reason=THROTTLED)
                for one in (outcomes[job] for job in batch)]

    def _keep(self, campaign: str, run: str, chunk: int, position: int, outcomes: Sequence[Outcome], since: int | None) -> None:
        text = "".join(json.dumps(one.to_row(), ensure_ascii=False, separators=(",", ":")) + "\n" for one in outcomes)
        self._files.write(outcome_key(campaign, run, chunk, position), gzip.compress(text.encode(), 6, mtime=0),
                          "application/gzip")
        if since is not None:
            # Of an earlier call's people that call has told.
            counts = Counter((one.variant, SENDINGS if one.outcome == WAS_SENT else FAILURES) for one in outcomes
                             if one.at >= since and one.outcome in (WAS_SENT, WAS_FAILED))
            if counts:
                self._counters.add(campaign, run, counts)

    def _read(self, key: str) -> bytes:
        data = self._files.read(key)
        if data is None:
            raise NotFound("no_such_chunk", f"{key} is not there: cancel the run and launch the campaign again")
        return data
