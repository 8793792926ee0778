"""Moves the one clock: what falls due on the way happens, in its order, before the clock goes on."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from infra.local.schedule import Due, Schedules
from infra.local.waits import Waits
from socle import clock
from socle.errors import Rejected

LONGEST = 400 * clock.DAY
UNITS = {"s": clock.SECOND, "m": clock.MINUTE, "h": clock.HOUR, "d": clock.DAY, "w": 7 * clock.DAY}
_SHORT = re.compile(r"(\d{1,9})([smhdw])")
_ISO = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def parse_duration(value: Any) -> int:
    """`3d`, `90s`, `PT36H` as milliseconds. Raises Rejected(`bad_duration`)."""
    problem = Rejected("bad_duration", "advance takes a whole number and a unit (s, m, h, d or w), such as \"3d\", "
                       "or an ISO 8601 duration such as \"PT36H\"", "advance")
    if not isinstance(value, str):
        raise problem
    if short := _SHORT.fullmatch(value):
        length = int(short[1]) * UNITS[short[2]]
    elif (iso := _ISO.fullmatch(value)) and any(iso.groups()):
        length = sum(int(number or 0) * UNITS[unit] for number, unit in zip(iso.groups(), "wdhms", strict=True))
    else:
        raise problem
    if length > LONGEST:
        raise Rejected("bad_duration", "advance by 400 days at most at a time", "advance")
    return length


def parse_request(body: bytes) -> int:
    """The milliseconds that `{"advance": "3d"}` asks for. Raises Rejected."""
    try:
        document = json.loads(body)
    except ValueError as error:
        raise Rejected("bad_json", "send a JSON object such as {\"advance\": \"3d\"}") from error
    if not isinstance(document, dict) or set(document) != {"advance"}:
        raise Rejected("bad_request", "send a JSON object with one field, such as {\"advance\": \"3d\"}", "advance")
    return parse_duration(document["advance"])


def iso_now() -> str:
    """The clock's time in ISO 8601 with Z."""
    return datetime.fromtimestamp(clock.now() / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Timeline:
    """The clock with what hangs on it: schedules, workflows that wait, and the streams and queues that both fill."""

    def __init__(self, schedules: Schedules, drain: Callable[[], None], waits: Waits,
                 matters: Callable[[str, int], bool] = lambda _arn, _at: True) -> None:
        """`matters(arn, at)` is False for a call of a target, at that time, that could not do anything."""
        self._schedules = schedules
        self._drain_sources = drain
        self._waits = waits
        self._matters = matters
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def advance(self, milliseconds: int) -> None:
        """Go forward. The clock stops at each schedule on the way, which fires, and at each wait that ends; the work of both is
        done to its end, or to its next wait."""
        with self._lock:
            self._finish()  # who has just begun to wait for an hour does not wait longer than an hour's advance
            target = clock.now() + milliseconds
            while not self._stopping.is_set():
                due, wait = self._schedules.first(), self._waits.first()
                if wait is not None and wait <= target and (due is None or wait < due.at):
                    self._move(wait)
                elif due is not None and due.at <= target:
                    self._fire(due)
                else:
                    break
            self._move(max(target, clock.now()))

    def _fire(self, due: Due) -> None:
        if not self._matters(self._schedules.target(due), due.at):
            self._schedules.skip(due)
            return
        clock.advance(max(0, due.at - clock.now()))
        self._schedules.fire(due)
        self._finish()

    def _move(self, moment: int) -> None:
        clock.advance(max(0, moment - clock.now()))
        self._waits.wake()
        self._finish()

    def _finish(self) -> None:
        """What workflows do fills queues, and what is read from queues may start workflows."""
        self._drain_sources()
        while self._waits.settle():
            self._drain_sources()

    def run(self) -> None:
        """Fire schedules as real time passes, until `stop`."""
        while not self._stopping.is_set():
            with self._lock:
                due = self._schedules.first()
                if due is not None and due.at <= clock.now():
                    self._schedules.fire(due)
                    continue
            self._stopping.wait(0.5 if due is None else min(0.5, max(0.01, (due.at - clock.now()) / 1000)))

    def stop(self) -> None:
        """End `run`, and `advance` at its next schedule."""
        self._stopping.set()
