"""What earlier runs of a mapping sent, and what is left to send now. Pure.

An event's key is (ts, messageId), and ts is that of the first version for ever: a corrected date is a correction, not a
second event. What moved to another person is taken back from the first one, then sent to the second with a higher revision, so
that the second version counts should the two ever be merged.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from socle.imports.model import Draft, Send, Sent
from socle.imports.people import DEVICE_TOKEN, canonical
from socle.iso import to_iso

State = dict[str, Sent]
"""Message id -> what was sent; one per mapping and bucket."""

_VOID = "-"
"""Hash of what was taken back."""


class Reconciled(NamedTuple):
    """`send` in order; `state` as it is once they are sent; counts of messages."""

    send: list[Send]
    state: State
    new: int
    corrected: int
    unchanged: int


def reconcile(state: State, drafts: Iterable[Draft]) -> Reconciled:
    """What is new or has changed since. `state` is not changed."""
    after = dict(state)
    send: list[Send] = []
    new = corrected = unchanged = 0
    for draft in drafts:
        before = after.get(draft.message_id)
        if draft.is_void:
            if before is not None and before.hash != _VOID:
                corrected += 1
                _take_back(after, send, draft, draft.message_id)
        else:
            found = _hash(draft.message)
            if before is None:
                new += 1
                _keep(after, send, draft, Sent(draft.ts, found, 0, _who(draft.message)))
            elif before.hash == found:
                unchanged += 1
            else:
                corrected += 1
                who = _who(draft.message)
                if before.hash != _VOID and before.who != who:
                    before = _take_back(after, send, draft, draft.message_id)
                _keep(after, send, draft, Sent(before.ts, found, before.revision + 1, who))
        part = draft.parts + 1
        while draft.parts and (surplus := f"{draft.message_id}:{part}") in after:
            if after[surplus].hash != _VOID:
                corrected += 1
                _take_back(after, send, draft, surplus)
            part += 1
    return Reconciled(send, after, new, corrected, unchanged)


def _keep(after: State, send: list[Send], draft: Draft, sent: Sent) -> None:
    after[draft.message_id] = sent
    message = {**draft.message, "messageId": draft.message_id}
    if sent.revision:
        message["revision"] = sent.revision
    send.append(Send(message, sent.ts, sent.revision, draft.rows))


def _take_back(after: State, send: list[Send], draft: Draft, message_id: str) -> Sent:
    """A revision that says nothing, to whom the message went."""
    before = after[message_id]
    sent = after[message_id] = before._replace(hash=_VOID, revision=before.revision + 1)
    properties = {"order_id": draft.message["properties"]["order_id"], "products": [], "voided": True}
    message = {"type": draft.message["type"], "event": draft.message["event"], **_addressed(before.who),
               "properties": properties, "messageId": message_id, "revision": sent.revision}
    if before.ts:
        message["timestamp"] = to_iso(before.ts)
    send.append(Send(message, before.ts, sent.revision, draft.rows))
    return sent


def _who(message: dict[str, Any]) -> list[str]:
    """The most trusted identifier of an order, [type, value]; nothing is kept of whom other messages are about."""
    if "order_id" not in message.get("properties", ()):
        return []
    context = message.get("context") or {}
    for kind, place, name in (("user_id", message, "userId"), ("email", context.get("traits") or {}, "email"),
                              ("phone", context.get("traits") or {}, "phone")):
        if name in place:
            return [kind, place[name]]
    for found in context.get("externalIds", ()):
        return [found["type"], found["id"]]
    if "device" in context:
        return [DEVICE_TOKEN, context["device"]["token"]]
    return ["anonymous_id", message["anonymousId"]] if "anonymousId" in message else []


def _addressed(who: Sequence[str]) -> dict[str, Any]:
    """The fields of a message to that person."""
    kind, value = who
    if kind in ("user_id", "anonymous_id"):
        return {"userId" if kind == "user_id" else "anonymousId": value}
    if kind in ("email", "phone"):
        return {"context": {"traits": {kind: value}}}
    if kind == DEVICE_TOKEN:
        return {"context": {"device": {"token": value}}}
    return {"context": {"externalIds": [{"id": value, "type": kind, "collection": "users", "encoding": "none"}]}}


def _hash(message: dict[str, Any]) -> str:
    digest = hashlib.blake2b(canonical(message).encode("utf-8", "surrogatepass"), digest_size=9).digest()
    return base64.b64encode(digest).decode()


def dump(state: State) -> bytes:
    """Compact; `load` reads it."""
    return zlib.compress(json.dumps([[key, *state[key]] for key in sorted(state)], separators=(",", ":")).encode(), 6)


def load(data: bytes) -> State:
    """Inverse of `dump`; of b"" the empty state."""
    return {key: Sent(*sent) for key, *sent in json.loads(zlib.decompress(data))} if data else {}
