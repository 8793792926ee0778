"""Third step of a run to a webhook, for each part: its rows in batches, one after the other; what is not taken is kept.

A destination that takes DEAD batches in a row not at all is given up, for all parts of the run: the rest is kept as refused,
and the next delta brings it again.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from socle.effects.webhook import signed_headers, signing_secret
from socle.exports.model.run import key_of, state_key
from socle.exports.send import Answer, Sender, send_batch
from socle.exports.service.plan import ROWS, SENT, document_of, read_plan
from socle.exports.store import ExportFiles

DEAD = 3
RESERVE = 180_000
"""Milliseconds that one batch may take with all its tries; with less time left, the next call goes on."""
REFUSED = "refused-{:03}.ndjson"
GIVEN_UP = "_given-up"

Post = Callable[[str, bytes, dict[str, str]], Answer]
"""(url, body, headers) -> the answer; raises Unavailable."""


class Deliverer:
    """Sends parts. `clock` answers epoch ms, `wait` lets ms pass, `master` is the deployment's signing secret."""

    def __init__(self, files: ExportFiles, scratch: Path, master: Callable[[], bytes], post: Post, clock: Callable[[], int],
                 wait: Callable[[int], None]) -> None:
        self._files = files
        self._scratch = scratch
        self._master = master
        self._post = post
        self._clock = clock
        self._wait = wait

    def deliver(self, export: str, id_: str, part: int, remaining: Callable[[], int]) -> bool:
        """Send a part, or go on with it; True when it is done. `remaining` answers how many ms this call may still take."""
        plan = read_plan(self._files, export, id_)
        progress = self._files.read_json(key_of(export, id_, SENT.format(part)))
        if progress is None:
            progress = {"batch": 0, "sent": 0, "failures": 0, "refused": [], "unsent": 0, "done": False}
            self._save(plan, part, progress)  # before anything is sent: should this run break off, the next one must know
        if progress["done"]:
            return True
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            path = self._files.download(key_of(export, id_, ROWS.format(part)), Path(folder, "rows"))
            if not self._send(plan, part, path, progress, remaining):
                return False
            self._keep_refused(plan, part, path, progress)
        progress["done"] = True
        self._save(plan, part, progress)
        return True

    def _send(self, plan: dict[str, Any], part: int, path: Path, progress: dict[str, Any],
              remaining: Callable[[], int]) -> bool:
        destination, sender = document_of(plan).destination, self._sender(plan)
        marker = key_of(plan["export"], plan["run"], GIVEN_UP)
        given_up = self._files.read(marker) is not None
        for number, batch in _batches(path, destination.batch_size, progress["batch"]):
            if given_up:
                progress["unsent"] += len(batch)
                continue
            if remaining() < RESERVE:
                return False
            first = number * destination.batch_size
            head = {"export": plan["export"], "run": plan["run"], "part": part, "batch": number}
            sent = send_batch(sender, head, f"{plan['run']}-{part:03}-{number:06}", batch)
            progress["refused"] += [[first + place, reason] for place, reason in sorted(sent.refused.items())]
            progress["sent"] += len(batch) - len(sent.refused)
            progress["failures"] = 0 if sent.reached else progress["failures"] + 1
            progress["batch"] = number + 1
            given_up = progress["failures"] >= DEAD
            if given_up:
                self._files.write(marker, b"{}")
            else:
                self._save(plan, part, progress)
        return True

    def _sender(self, plan: dict[str, Any]) -> Sender:
        url, secret = str(document_of(plan).destination.url), signing_secret(self._master(), secret_name(plan["export"]))

        def post(message_id: str, body: bytes) -> Answer:
            return self._post(url, body, signed_headers(secret, message_id, self._clock(), body))

        return Sender(post, self._wait)

    def _save(self, plan: dict[str, Any], part: int, progress: dict[str, Any]) -> None:
        self._files.write(key_of(plan["export"], plan["run"], f"_sent-{part:03}.json"), json.dumps(progress).encode())

    def _keep_refused(self, plan: dict[str, Any], part: int, path: Path, progress: dict[str, Any]) -> None:
        """The rows that were not taken, with the reason: for people, and for the next delta to bring them again."""
        reasons = dict(progress["refused"])
        if not reasons and not progress["unsent"]:
            return
        unsent = progress["batch"] * document_of(plan).destination.batch_size if progress["unsent"] else sys.maxsize
        found = path.with_name("refused")
        # Line by line: of a dead destination it is all of them.
        with path.open(encoding="utf-8", newline="\n") as file, found.open("w", encoding="utf-8", newline="\n") as out:
            for place, line in enumerate(file):
                reason = "the destination was given up" if place >= unsent else reasons.get(place)
                if reason is not None:
                    row = json.loads(line)
                    out.write(json.dumps({"id": row["id"], "reason": reason, "row": row}, ensure_ascii=False) + "\n")
        keys = [key_of(plan["export"], plan["run"], REFUSED.format(part))]
        if document_of(plan).mode == "delta":
            keys.append(state_key(plan["export"], plan["run"], REFUSED.format(part)))
        for key in keys:
            self._files.upload(found, key, "application/x-ndjson")


def secret_name(export: str) -> str:
    """What the secret of an export is derived from; no webhook has a name with a slash."""
    return f"export/{export}"


def _batches(path: Path, size: int, begin: int) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """(number, rows) of each batch from the number `begin` on."""
    with path.open(encoding="utf-8", newline="\n") as file:
        lines = islice(file, begin * size, None)
        while batch := [json.loads(line) for line in islice(lines, size)]:
            yield begin, batch
            begin += 1
