"""Reverse ETL: rows to a webhook in signed batches; what the receiver does not take is sent again, then kept aside.

A batch is `{"type": "export", "export", "run", "batch", "rows": [{"id", "change"?, …}]}`. The receiver answers 2xx, with
`{"rejected": [{"index" | "id", "reason"}]}` if it did not take all of it: only these rows are sent again. A time-out, 408, 425,
429 or 5xx sends the same batch again, later and later. Any other answer says that the same would be refused again.

`webhook-id` is a function of run, part, batch and of which of its rows are sent, so a repetition can be told from news.
Nothing here opens a connection or knows the time: `post` and `wait` are given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from socle.errors import Unavailable

TRIES = 5
"""How often a batch is sent that nobody takes, and how often rows that are rejected."""
FIRST_WAIT = 1_000
"""Milliseconds before the second try; twice as long before each further one."""
_LATER = {408, 425, 429}
_REASON_LENGTH = 500


class Answer(Protocol):
    """What a receiver answered."""

    @property
    def status(self) -> int: ...
    @property
    def body(self) -> bytes: ...


class Sender(NamedTuple):
    """`post(message id, body)` signs and sends, and raises Unavailable when there is no answer; `wait(ms)` lets time pass."""

    post: Callable[[str, bytes], Answer]
    wait: Callable[[int], None]


class Sent(NamedTuple):
    """refused: place in the batch -> reason; reached: the receiver works, whatever it thinks of these rows."""

    refused: dict[int, str]
    reached: bool


def send_batch(sender: Sender, head: dict[str, Any], message_id: str, rows: Sequence[dict[str, Any]]) -> Sent:
    """Send rows until each is taken, or TRIES are over. `head` is what the batch says beside its rows."""
    open_places, reason, pause = list(range(len(rows))), "", FIRST_WAIT
    refused: dict[int, str] = {}
    reached = False
    for attempt in range(TRIES):
        if attempt:
            sender.wait(pause)
            pause *= 2
        body = json.dumps({"type": "export", **head, "rows": [rows[place] for place in open_places]},
                          ensure_ascii=False, separators=(",", ":")).encode()
        try:
            answer = sender.post(_named(message_id, open_places, len(rows)), body)
        except Unavailable as error:
            reason, refused = error.code, {}
            continue
        if 200 <= answer.status < 300:
            reached = True
            refused = _rejected(answer.body, [rows[place] for place in open_places], open_places)
            open_places = sorted(refused)
            if not open_places:
                return Sent({}, True)
            continue
        reason, refused = f"answered {answer.status}", {}
        if answer.status < 500 and answer.status not in _LATER:
            return Sent(dict.fromkeys(open_places, reason), reached)
    return Sent({place: refused.get(place) or reason or "rejected" for place in open_places}, reached)


def _named(message_id: str, places: Sequence[int], whole: int) -> str:
    """The id of the batch, and of each choice of its rows another one."""
    if len(places) == whole:
        return message_id
    chosen = hashlib.sha256(",".join(map(str, places)).encode()).hexdigest()[:12]
    return f"{message_id}-{chosen}"


def _rejected(body: bytes, rows: Sequence[dict[str, Any]], places: Sequence[int]) -> dict[int, str]:
    """Places of the rows that an answer names, by their index in what was sent or by their id; an answer that is not read as
    such names none."""
    try:
        listed = json.loads(body).get("rejected", [])
    except (ValueError, AttributeError, RecursionError):
        return {}
    by_id = {row["id"]: place for row, place in zip(rows, places, strict=True)}
    found: dict[int, str] = {}
    for entry in listed if isinstance(listed, list) else []:
        if not isinstance(entry, dict):
            continue
        index, named = entry.get("index"), entry.get("id")
        place = by_id.get(named) if isinstance(named, str) else None
        if place is None and isinstance(index, int) and not isinstance(index, bool) and 0 <= index < len(places):
            place = places[index]
        if place is not None:
            found[place] = str(entry.get("reason") or "rejected")[:_REASON_LENGTH]
    return found
