"""botocore's sends that go wrong: the faults of calls.py on real requests to moto, with botocore's own retries between them.

The fault sits where botocore hands a request to HTTP, so what a store sees is what it would see of AWS: an answer, an
exception after three attempts, unprocessed parts, or nothing more because the function was stopped.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import botocore.endpoint
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.retries.quota import RetryQuota

from infra.local.patching import replace
from tests.faults.calls import ATTEMPTS, LATER, Crash, kinds

NOT_HERE = ("stale",)
"""moto has no replicas that lag."""


class Wire:
    """Counts and logs the sends, and breaks those whose number is in `faults`."""

    def __init__(self) -> None:
        self.reset({})
        self._send = botocore.endpoint.Endpoint._do_get_response

    def reset(self, faults: dict[int, str]) -> None:
        """From now on, sends are counted from 0 and these go wrong."""
        self.faults = faults
        self.log: list[tuple[str, int, bool]] = []
        self._under_way: list[tuple[int, Any]] = []
        self._outage = 0
        self._known: Any = None

    def answer(self, endpoint: Any, request: Any, model: Any, context: Any) -> Any:
        """One send: (answer, exception), as botocore wants it."""
        def send() -> Any:
            return self._send(endpoint, request, model, context)

        name, body = model.name, json.loads(request.body) if model.name in _PARTS else {}
        parts = _PARTS[name](body) if name in _PARTS else [None]
        fresh = all(wanted["ConsistentRead"] for wanted in body["RequestItems"].values()) if name == "BatchGetItem" else True
        number = len(self.log)
        self.log.append((name, len(parts), fresh))
        self.arrive(number)
        if self._known is not None:
            # The token of the transaction is known: AWS answers as it did. moto does not look at tokens.
            known, self._known = self._known, None
            return known
        if self._outage:
            self._outage -= 1
            return None, ConnectTimeoutError(endpoint_url=request.url)
        kind = self.faults.get(number)
        if kind is None or kind in NOT_HERE:
            return send()
        if kind not in kinds(name, len(parts), fresh):
            kind = "crash after"
        if kind == "crash, done later":
            self._under_way.append((number + LATER, send))
        elif kind in ("half", "crash, half done"):
            return self._half(name, body, parts, request, send, crashes=kind.startswith("crash"))
        elif "after" in kind:
            answer = send()
            done = answer[0] is not None and answer[0][0].status_code < 300
            if kind == "time-out after" and name == "TransactWriteItems" and done:
                self._known = answer
        if kind.startswith("crash"):
            raise Crash
        if kind.startswith("outage"):
            self._outage = ATTEMPTS - context["retries"]["attempt"]
        error = ReadTimeoutError if "after" in kind else ConnectTimeoutError
        return None, error(endpoint_url=request.url)

    def arrive(self, number: int | None = None) -> None:
        """Requests that outlived their sender take effect; all of them when no number is given."""
        due = [send for at, send in self._under_way if number is None or at <= number]
        self._under_way = [one for one in self._under_way if number is not None and one[0] > number]
        for send in due:
            send()

    def _half(self, name: str, body: Any, parts: list[Any], request: Any, send: Any, crashes: bool) -> Any:
        asked = list(parts)
        places = sorted(map(_place, asked))[:len(asked) // 2]
        parts[:] = [part for part in asked if _place(part) in places]
        others = [part for part in asked if part not in parts]
        request.body = json.dumps(body).encode()
        (response, parsed), error = send()
        if crashes:
            raise Crash
        if name == "BatchGetItem":
            [(table, wanted)] = body["RequestItems"].items()
            parsed["UnprocessedKeys"] = {table: {**wanted, "Keys": others}}
        elif name == "SendMessageBatch":
            parsed["Failed"] = [{"Id": one["Id"], "SenderFault": False, "Code": "InternalError"} for one in others]
        else:
            done = iter(parsed["Responses"])
            refused = {"Error": {"Code": "ThrottlingError", "Message": "slow down"}}
            parsed["Responses"] = [next(done) if part in parts else refused for part in asked]
        return (response, parsed), error


@contextmanager
def installed(wire: Wire) -> Iterator[None]:
    """Every send of this process goes over the wire; nobody waits, and no retry is saved for later."""
    with ExitStack() as stack:
        endpoint = botocore.endpoint.Endpoint
        replace(stack, endpoint, "_do_get_response", lambda *sent: wire.answer(*sent))
        replace(stack, botocore.endpoint, "time", types.SimpleNamespace(sleep=lambda seconds: None))
        replace(stack, RetryQuota, "acquire", lambda self, amount: True)
        yield


def _place(part: Any) -> str:
    """What orders the parts of a call as their keys do."""
    if "MessageBody" in part:
        return str(part["MessageBody"])
    values = part.values() if "PK" in part else part["Parameters"]
    return " ".join(value["S"] for value in values if value.get("S", "")[:2] in ("P#", "I#", "X#", "E#"))


_PARTS: dict[str, Any] = {
    "BatchGetItem": lambda body: next(iter(body["RequestItems"].values()))["Keys"],
    "BatchExecuteStatement": lambda body: body["Statements"],
    "SendMessageBatch": lambda body: body["Entries"],
    "TransactWriteItems": lambda body: body["TransactItems"],
}
"""Where the parts of a call are, for those that have several."""
