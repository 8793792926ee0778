"""Second step of a run: the rows of a bucket become events on the stream, each of which is sent once, whatever breaks.

What earlier runs of the mapping sent is in the bucket's *state*. It is written after the events are on the stream; what is
about to be sent is written before, to the bucket's *sending*. So whoever comes after a run that broke off for good knows
which events may be on the stream although the state does not say so: their hash is taken away, and they are sent again with
a higher revision. The same run, tried again, sends the same events with the same keys, which count once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from socle.accounts.fold import change_of
from socle.accounts.service import AccountWriter
from socle.clock import SECOND
from socle.errors import Rejected, Unavailable
from socle.events.check import MAX_EVENT_BYTES
from socle.events.group import MAX_RAW_BYTES, Record, records
from socle.events.model import Event, Quarantined
from socle.imports import convert
from socle.imports.accept import accept, accept_accounts, is_nobodys
from socle.imports.items import to_item
from socle.imports.model import Draft, Mapping, Prepared, Reject, Send
from socle.imports.people import Plan
from socle.imports.pieces import pack_rejects, rows_of
from socle.imports.runs import Count, Run, Split, own_key
from socle.imports.service.source import mapping_of
from socle.imports.service.split import read_split, running
from socle.imports.state import State, dump, load, reconcile
from socle.imports.store import ImportFiles, RunStore
from socle.items.store import ItemStore

SOURCE = "import"
"""The source of events whose mapping names none."""
_MANY_BYTES = 1 << 30
"""Makes `records` look at the sizes of the events themselves."""
_PATIENCE = 60 * SECOND
_AT_ONCE = 500
"""Records of one call, and of one more try of it."""


class Stream(Protocol):
    """Takes records for good; Unavailable when it cannot."""

    def put(self, records: Sequence[Record]) -> None: ...


class Kept(NamedTuple):
    """The state of a bucket: of which run it is, what that came to, what was sent so far; `etag` None for none."""

    run: str
    came_to: Count
    state: State
    etag: str | None


class Converter:
    """Converts buckets. `wait` lets that many ms pass while the stream is throttled."""

    def __init__(self, runs: RunStore, files: ImportFiles, stream: Stream, items: ItemStore,
                 accounts: AccountWriter, wait: Callable[[int], None]) -> None:
        self._runs = runs
        self._files = files
        self._stream = stream
        self._items = items
        self._accounts = accounts
        self._wait = wait

    def convert(self, id_: str, buckets: Sequence[int], now: int) -> None:
        """Convert buckets of a run; those that are done already stay as they are.

        Raises Rejected when the run was cancelled, Conflict when another run changed the state of the same mapping, Unavailable.
        """
        run = running(self._runs, id_)
        mapping, split = mapping_of(self._files, run), read_split(self._files, id_)
        if split is None:
            raise Rejected("not_split", "the file was not split: start the import again", status=409)
        plan = convert.plan(run.mapping or "", mapping, split.columns, split.is_open)
        done = self._runs.notes(id_)
        for bucket in buckets:
            if f"bucket#{bucket:02}" not in done:
                running(self._runs, id_)
                count = self._convert(run, mapping, plan, split, bucket, now)
                self._runs.note(id_, f"bucket#{bucket:02}", count, now)

    def _convert(self, run: Run, mapping: Mapping, plan: Plan, split: Split, bucket: int, now: int) -> Count:
        place = f"import-state/{run.mapping}/{bucket:02}"
        kept = self._kept(run, place)
        if kept.run == run.id:
            return kept.came_to  # everything was done but saying so
        rejects: list[Reject] = []
        found = reconcile(kept.state, self._drafts(run, plan, split, bucket, rejects))
        state = found.state
        if mapping.kind == "catalog":
            count = Count(items=len(found.send), unchanged=found.unchanged)
            self._deliver(run, place, kept, state, count, lambda: self._items.save(map(to_item, found.send)))
            return count
        source = mapping.source or SOURCE
        accepted = accept([send for send in found.send if not is_nobodys(send)], source, now)
        # By the time of the run's start: a bucket that is tried again writes the same, and what is written already is only read.
        said = accept_accounts(filter(is_nobodys, found.send), source, now if run.started is None else run.started)
        for send, _ in (refused := accepted.refused + said.refused):
            _take_back(state, kept.state, send.message["messageId"])
        rejects += _rejects(refused)
        if rejects:
            rejects.sort()
            self._files.write(own_key(run.id, f"rejects/bucket-{bucket:02}.gz"), pack_rejects(rejects))
        corrected = sum(event.revision > 0 for event in accepted.events + said.events)
        count = Count(rejected=Counter(reject.code for reject in rejects),
                      new=len(accepted.events) + len(said.events) - corrected, corrected=corrected, unchanged=found.unchanged)

        def send_all() -> None:
            self._put(records(accepted.events, (), _size(accepted.events)))
            self._put_accounts(said.events)

        self._deliver(run, place, kept, state, count, send_all)
        return count

    def _drafts(self, run: Run, plan: Plan, split: Split, bucket: int, rejects: list[Reject]) -> Iterator[Draft]:
        """What the rows of a bucket say; rows that share the fate of a rejected one join `rejects`."""
        groups: dict[str, list[Prepared]] = {}
        for name in split.buckets[bucket]:
            data = self._files.read(own_key(run.id, name))
            if data is None:
                raise Rejected("pieces_gone", "what the split left was deleted: import the file again", status=409)
            for row in rows_of(data):
                groups.setdefault(row.key, []).append(row)
        for key, rows in groups.items():
            spoilt = min((row.number for row in rows if row.values is None), default=None)
            if spoilt is None:
                yield from convert.messages(plan, key, rows)
            else:
                rejects += (convert.incomplete(spoilt, row.number) for row in rows if row.values is not None)

    def _deliver(self, run: Run, place: str, kept: Kept, state: State, count: Count, send: Callable[[], None]) -> None:
        """Send what changes `kept.state` to `state`: first say what will be sent, then send it, then say that it was."""
        changed = {id_: sent for id_, sent in state.items() if kept.state.get(id_) != sent}
        if run.dry_run or not changed:
            return
        self._files.write(f"{place}.sending", _pack(run.id, Count(), changed))
        send()
        self._files.replace(place, _pack(run.id, count, state), kept.etag)

    def _put(self, rows: Sequence[Record]) -> None:
        """Put records on the stream, in no hurry when it is throttled: live events go first."""
        pause = SECOND
        for start in range(0, len(rows), _AT_ONCE):
            while True:
                try:
                    self._stream.put(rows[start:start + _AT_ONCE])
                    break
                except Unavailable:
                    if pause > _PATIENCE:
                        raise
                    self._wait(pause)
                    pause *= 2

    def _put_accounts(self, events: Iterable[Event]) -> None:
        for event in events:
            change = change_of(event)
            self._accounts.put(event.body["groupId"], change.traits, change.at, change.source, change.received, change.tie,
                               change.revision)

    def _kept(self, run: Run, place: str) -> Kept:
        """The state of a bucket, with what a run that broke off for good may have sent."""
        found, sending = self._files.read_version(place), self._files.read(f"{place}.sending")
        kept = Kept("", Count(), {}, None) if found is None else Kept(*_unpack(found[0]), found[1])
        if sending is None or run.dry_run:
            return kept
        other, _, sent = _unpack(sending)
        if other in (run.id, kept.run):
            return kept
        state = kept.state | {id_: one._replace(hash="") for id_, one in sent.items()}
        # Kept at once: this run is about to write over what the other one was sending.
        self._files.replace(place, _pack(other, Count(), state), kept.etag)
        return self._kept(run, place)


def _size(events: Sequence[Event]) -> int:
    """For `records`: whether it has to look at the sizes of single events. Of a person with few of them all fit one record."""
    per_person = Counter(one for event in events for one in event.ids)
    return 0 if max(per_person.values(), default=0) * MAX_EVENT_BYTES <= MAX_RAW_BYTES else _MANY_BYTES


def _take_back(state: State, before: State, message_id: str) -> None:
    """Remember of a message that was refused what was known before."""
    if message_id in before:
        state[message_id] = before[message_id]
    else:
        state.pop(message_id, None)


def _rejects(refused: Iterable[tuple[Send, Quarantined]]) -> Iterator[Reject]:
    """The rows of messages that were refused; their cells are looked up in the file when the run ends."""
    for send, fault in refused:
        for number in send.rows:
            yield Reject(number, fault.code, fault.field, fault.message, [])


def _pack(run: str, count: Count, state: State) -> bytes:
    return json.dumps({"run": run, "count": count.to_row()}).encode() + b"\n" + dump(state)


def _unpack(data: bytes) -> tuple[str, Count, State]:
    head, _, body = data.partition(b"\n")
    found = json.loads(head)
    return found["run"], Count.from_row(found["count"]), load(body)
