"""In-memory stand-ins of what a run of an import works with: the same contract as the real stores, every call breakable."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from socle.accounts.model import Account
from socle.accounts.service import AccountWriter
from socle.errors import Conflict, NotFound, Rejected
from socle.events.group import Record
from socle.events.model import Event, Quarantined
from socle.events.stream import decode
from socle.imports.model import Mapping
from socle.imports.ready import READY
from socle.imports.runs import RUNNING, Count, Run, own_key
from socle.imports.service.convert import Converter
from socle.imports.service.finish import REJECTS, Finisher
from socle.imports.service.split import Splitter
from socle.items.model import Item
from tests.accounts.memory import MemoryAccounts

R = TypeVar("R")
NOW = 1_770_000_000_000


class Crash(Exception):
    """The function is gone in the middle of a call."""


class Wire:
    """Every call to AWS goes through here; the one called `broken` fails, before it has an effect or after it."""

    def __init__(self) -> None:
        self.made = 0
        self.broken = 0
        self.takes_effect = False

    def __call__(self, effect: Callable[[], R]) -> R:
        self.made += 1
        if self.made != self.broken:
            return effect()
        if self.takes_effect:
            effect()
        raise Crash


class MemoryRuns:
    """RunStore in dictionaries."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.runs: dict[str, Run] = {}
        self.parts: dict[tuple[str, str], Count] = {}
        self.turns: dict[str, tuple[str, int]] = {}

    def load(self, id_: str) -> Run:
        found = self.wire(lambda: self.runs.get(id_))
        if found is None:
            raise NotFound("unknown_import", "there is no such import", "id")
        return found

    def save(self, run: Run) -> None:
        def put() -> None:
            before = self.runs.get(run.id)
            if (before.version if before else 0) != run.version - 1:
                raise Conflict("conflict", "the import changed meanwhile")
            self.runs[run.id] = Run.from_row(json.loads(json.dumps(run.to_row())))

        self.wire(put)

    def page(self, limit: int, before: str | None) -> list[Run]:
        ids = sorted((id_ for id_ in self.runs if before is None or id_ < before), reverse=True)
        return [self.runs[id_] for id_ in ids[:limit]]

    def note(self, id_: str, part: str, count: Count, now: int) -> None:
        self.wire(lambda: self.parts.__setitem__((id_, part), Count.from_row(json.loads(json.dumps(count.to_row())))))

    def notes(self, id_: str) -> dict[str, Count]:
        return self.wire(lambda: {part: count for (one, part), count in self.parts.items() if one == id_})

    def take_turn(self, mapping: str, id_: str, now: int, until: int) -> None:
        def take() -> None:
            owner, ends = self.turns.get(mapping, (id_, 0))
            if owner != id_ and ends >= now:
                raise Conflict("conflict", "the mapping changed meanwhile")
            self.turns[mapping] = (id_, until)

        self.wire(take)

    def end_turn(self, mapping: str, id_: str) -> None:
        self.wire(lambda: self.turns.pop(mapping) if self.turns.get(mapping, ("", 0))[0] == id_ else None)


class MemoryFiles:
    """ImportFiles in a dictionary."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.objects: dict[str, tuple[bytes, str]] = {}
        self._written = 0

    def look(self, key: str) -> tuple[int, str] | None:
        found = self.wire(lambda: self.objects.get(key))
        return (len(found[0]), found[1]) if found else None

    def open(self, key: str, size: int, etag: str) -> io.BufferedReader:
        data, now = self.wire(lambda: self.objects[key])
        if now != etag:
            raise Rejected("file_changed", "the file was overwritten")
        return io.BufferedReader(io.BytesIO(data))  # type: ignore[arg-type]

    def read(self, key: str) -> bytes | None:
        found = self.read_version(key)
        return found[0] if found else None

    def read_version(self, key: str) -> tuple[bytes, str] | None:
        return self.wire(lambda: self.objects.get(key))

    def write(self, key: str, data: bytes) -> None:
        self.wire(lambda: self._put(key, data))

    def replace(self, key: str, data: bytes, etag: str | None) -> None:
        def put() -> None:
            if (self.objects[key][1] if key in self.objects else None) != etag:
                raise Conflict("conflict", "another run wrote the state of this mapping")
            self._put(key, data)

        self.wire(put)

    def write_stream(self, key: str, chunks: Iterable[bytes], kind: str) -> None:
        data = b"".join(chunks)
        self.wire(lambda: self._put(key, data))

    def upload_link(self, key: str, size: int | None) -> str:
        return f"https://bucket/{key}?put"

    def download_link(self, key: str) -> str:
        return f"https://bucket/{key}?get"

    def _put(self, key: str, data: bytes) -> None:
        self._written += 1
        self.objects[key] = (data, f'"{self._written}"')


class MemoryStream:
    """The stream: what was put on it, in order, repeated or not."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.events: list[Event] = []
        self.quarantined: list[Quarantined] = []

    def put(self, records: Sequence[Record]) -> None:
        def take() -> None:
            for record in records:
                found = decode(record.data)
                self.events += found.events
                self.quarantined += found.quarantined

        self.wire(take)

    def applied(self) -> dict[tuple[int, str], Event]:
        """What the fold makes of it: of the events of one key the first with the highest revision."""
        newest: dict[tuple[int, str], Event] = {}
        for event in self.events:
            key = (event.ts, event.message_id)
            if key not in newest or newest[key].revision < event.revision:
                newest[key] = event
        return newest


class MemoryItems:
    """ItemStore in a dictionary."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.items: dict[tuple[str, str], Item] = {}

    def save(self, items: Iterable[Item]) -> None:
        found = {(item.type, item.id): item for item in items}
        self.wire(lambda: self.items.update(found))


class Accounts(MemoryAccounts):
    """AccountStore in a dictionary, every call breakable."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.wire = wire

    def load(self, groups: Iterable[str]) -> dict[str, Account]:
        return self.wire(lambda: super(Accounts, self).load(groups))

    def enlist(self, group: str) -> None:
        self.wire(lambda: super(Accounts, self).enlist(group))

    def save(self, account: Account) -> None:
        self.wire(lambda: super(Accounts, self).save(account))


class Place:
    """One deployment: stores, stream, and the three steps of a run."""

    def __init__(self, scratch: Path) -> None:
        self.wire = Wire()
        self.runs, self.files = MemoryRuns(self.wire), MemoryFiles(self.wire)
        self.stream, self.items = MemoryStream(self.wire), MemoryItems(self.wire)
        self.accounts = Accounts(self.wire)
        self.waited: list[int] = []
        stores: Any = (self.runs, self.files)
        items: Any = self.items
        self.splitter, self.finisher = Splitter(*stores, scratch), Finisher(*stores, scratch)
        self.converter = Converter(*stores, self.stream, items, AccountWriter(self.accounts), self.waited.append)

    def begun(self, id_: str, data: bytes, mapping: str | Mapping = "order-lines", name: str = "orders.csv",
              dry_run: bool = False) -> Run:
        """A run that was started."""
        document = READY[mapping] if isinstance(mapping, str) else mapping
        self.files._put(f"uploads/{id_}/{name}", data)
        self.files._put(own_key(id_, "mapping.json"), document.model_dump_json().encode())
        size, etag = len(data), self.files.objects[f"uploads/{id_}/{name}"][1]
        run = Run(id_, name, f"uploads/{id_}/{name}", mapping if isinstance(mapping, str) else "sent", dry_run, RUNNING, NOW,
                  size, etag, "mapping.json", 1, NOW, version=1)
        self.runs.runs[id_] = run
        return run

    def steps(self, id_: str) -> None:
        """The workflow; of a run that broke off when it had ended but for its turn, only the last step again."""
        if self.runs.runs[id_].state == RUNNING:
            for task in self.splitter.split(id_, NOW, lambda: 900_000):
                self.converter.convert(id_, task, NOW)
        self.finisher.finish(id_, NOW)

    def run(self, id_: str, data: bytes, **options: Any) -> Count:
        """A whole run without faults."""
        self.begun(id_, data, **options)
        self.steps(id_)
        found = self.runs.runs[id_].count
        assert found is not None
        return Count.from_row(found)

    def rejects(self, id_: str) -> list[str]:
        """The lines of the file of rejects."""
        found = self.files.objects.get(own_key(id_, REJECTS))
        return found[0].decode("utf-8-sig").splitlines() if found else []
