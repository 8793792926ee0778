"""One thread of a workflow that waits, and what wakes it."""

from __future__ import annotations

import threading
from typing import Any

from moto.core.exceptions import AWSError


class TaskTimedOut(AWSError):
    """What AWS answers whoever comes too late with a token."""

    TYPE = "TaskTimedOut"
    STATUS = 400

    def __init__(self) -> None:
        super().__init__("Task Timed Out: 'Provided task does not exist anymore'")


class _Flag(threading.Event):
    """Says to one who waits that there is news. moto clears it as soon as it has set it; here that is for the one who waits."""

    def clear(self) -> None:
        """Not moto's to do."""

    def heard(self) -> None:
        super().clear()


class Pause:
    """One thread that waits until `until` (epoch ms), unless `flag` says that there is news before."""

    __slots__ = ("env", "execution", "flag", "place", "token", "until", "woken")

    def __init__(self, execution: str, until: int, env: Any, place: int, token: str = "") -> None:
        self.execution, self.until, self.env, self.place, self.token = execution, until, env, place, token
        self.flag, self.woken = _Flag(), False

    def __lt__(self, other: Pause) -> bool:
        return (self.until, self.place) < (other.until, other.place)
