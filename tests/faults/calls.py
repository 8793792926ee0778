"""AWS calls that go wrong, each in the ways in which AWS and networks do.

    crash before, crash after   the function is stopped; what it had asked for was not done, or was
    crash, done later           the same, but the request was under way and takes effect while the batch is delivered again
    crash, half done            the function is stopped, and a call of several parts was done by half
    time-out before, after      botocore hears nothing and sends the same request again: what was done finds itself. A
                                transaction that was done answers as before (botocore gives it a token)
    time-out after, no token    a transaction that was done, asked for again too late for its token, or in another process
    outage before, after        every attempt fails (refused, throttled, timed out), the last one perhaps done: Unavailable
    half                        AWS does half of the parts and hands back the others: UnprocessedKeys, Failed, ThrottlingError
    stale                       an eventually consistent read that sees what was there some writes ago

A throttled call that a later attempt of botocore's gets through is a time-out before its effect.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

from socle.errors import Conflict, SocleError, Unavailable
from tests.memory import Calls

ATTEMPTS = 3
"""How often botocore sends a request (socle.aws.CONFIG)."""
LATER = 3
"""Calls after which a request that outlived its sender takes effect."""

ANY = ("crash before", "crash after", "crash, done later", "time-out before", "time-out after", "outage before", "outage after")
OF_PARTS = ("half", "crash, half done")
TRANSACTION = ("time-out after, no token",)
STALE = ("stale",)

DIVISIBLE = {"BatchGetItem", "BatchExecuteStatement", "BatchWriteItem", "SendMessageBatch"}
"""Calls that are no unit: every part of them is done, or not, by itself."""


class Crash(BaseException):
    """The function was stopped."""


def kinds(name: str, parts: int, fresh: bool) -> tuple[str, ...]:
    """What can go wrong with a call of that name and number of parts."""
    found = ANY
    if name in DIVISIBLE and parts > 1:
        found += OF_PARTS
    if name == "TransactWriteItems":
        found += TRANSACTION
    if not fresh:
        found += STALE
    return found


class FaultyCalls(Calls):
    """Counts and logs every request, and breaks those whose number is in `faults`."""

    def __init__(self, faults: Mapping[int, str] | None = None) -> None:
        self.faults = dict(faults or {})
        self.log: list[tuple[str, int, bool]] = []
        self.fired: list[str] = []
        self._under_way: list[tuple[int, Callable[[], Any]]] = []

    def make(self, name: str, parts: Collection[Any], effect: Callable[..., Any],
             fresh: bool = True) -> tuple[Any, Collection[Any]]:
        parts = list(parts)
        known: list[Any] = []
        is_down = False
        for _ in range(ATTEMPTS):
            number = len(self.log)
            self.log.append((name, len(parts), fresh))
            self.arrive(number)
            if known:
                return known[0], ()
            if is_down:
                continue
            kind = self.fault(number, name, len(parts), fresh)
            if kind is None:
                return self.do(name, effect, parts), ()
            self.fired.append(kind)
            if kind == "crash, done later":
                self._under_way.append((number + LATER, lambda: effect(parts)))
            elif kind in ("half", "crash, half done"):
                chosen, others = halves(parts)
                answer = self.do(name, effect, chosen)
                if kind == "half":
                    return answer, others
            elif kind == "stale":
                return self.lagging(effect, parts, number), ()
            elif "after" in kind:
                try:
                    answer = self.do(name, effect, parts)
                    if kind == "time-out after" and name == "TransactWriteItems":
                        known.append(answer)
                except SocleError:
                    pass  # the answer is lost whatever it is
            if kind.startswith("crash"):
                raise Crash
            is_down = kind.startswith("outage")
        raise Unavailable("unavailable", f"{name} can't be reached")

    def fault(self, number: int, name: str, parts: int, fresh: bool) -> str | None:
        """What goes wrong with this request: None = nothing. A fault that does not suit the call is a crash."""
        kind = self.faults.get(number)
        return kind if kind is None or kind in kinds(name, parts, fresh) else "crash after"

    def do(self, name: str, effect: Callable[..., Any], parts: list[Any]) -> Any:
        return effect(parts)

    def lagging(self, effect: Callable[..., Any], parts: list[Any], number: int) -> Any:
        """A replica that lags: half of the items (or all) as they were one write ago, or two."""
        chosen, others = halves(parts) if number % 2 else (parts, [])
        return effect(chosen, lag=1 + number % 3 % 2) | effect(others)

    def arrive(self, number: int | None = None) -> None:
        """Requests that outlived their sender take effect; all of them when no number is given."""
        due = [effect for at, effect in self._under_way if number is None or at <= number]
        self._under_way = [one for one in self._under_way if number is not None and one[0] > number]
        for effect in due:
            with suppress(Conflict):  # nobody is there to hear it
                effect()


def halves(parts: list[Any]) -> tuple[list[Any], list[Any]]:
    """Two halves that do not depend on the order of a set."""
    ordered = sorted(parts, key=repr)
    return ordered[:len(parts) // 2], ordered[len(parts) // 2:]
