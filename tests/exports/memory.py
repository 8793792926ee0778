"""The bucket and the table of exports in memory, held to the real ones by test_store; and faults at any write."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from socle.errors import Conflict, NotFound, Unavailable
from socle.exports.model.run import Run


class MemoryFiles:
    """As ExportFiles. `fail_at` = (n, after): the n-th write or deletion breaks off, before or after it is done."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.writes = 0
        self.fail_at: tuple[int, bool] | None = None

    def read(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def read_json(self, key: str) -> Any:
        return json.loads(self.objects[key]) if key in self.objects else None

    def write(self, key: str, data: bytes, kind: str = "application/json") -> None:
        self._do(lambda: self.objects.__setitem__(key, bytes(data)))

    def upload(self, path: Path, key: str, kind: str) -> None:
        self.write(key, path.read_bytes(), kind)

    def download(self, key: str, path: Path) -> Path:
        if key not in self.objects:
            raise NotFound("file_gone", f"{key} is not there any more: run the export again")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.objects[key])
        return path

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._do(lambda key=key: self.objects.pop(key, None))

    def download_link(self, key: str) -> str:
        return f"https://bucket/{key}"

    def _do(self, change: Any) -> None:
        self.writes += 1
        at, after = self.fail_at or (0, False)
        if self.writes == at and not after:
            raise Unavailable("unavailable", "the bucket can't be reached")
        change()
        if self.writes == at and after:
            raise Unavailable("unavailable", "the bucket can't be reached")


class MemoryRuns:
    """As RunStore."""

    def __init__(self) -> None:
        self.runs: dict[tuple[str, str], Run] = {}
        self.turns: dict[str, str] = {}
        self.dues: dict[str, tuple[str, int]] = {}

    def load(self, export: str, id_: str) -> Run:
        if (export, id_) not in self.runs:
            raise NotFound("unknown_run", "there is no such run", "run")
        return self.runs[export, id_]

    def save(self, run: Run) -> None:
        before = self.runs.get((run.export, run.id))
        if (before.version if before else 0) != run.version - 1:
            raise Conflict("conflict", "changed meanwhile")
        self.runs[run.export, run.id] = run

    def page(self, export: str, limit: int, before: str | None) -> list[Run]:
        found = [run for (name, id_), run in self.runs.items() if name == export and id_ < (before or "~")]
        return sorted(found, key=lambda run: run.id, reverse=True)[:limit]

    def turn(self, export: str) -> str | None:
        return self.turns.get(export)

    def take_turn(self, export: str, id_: str, after: str | None) -> None:
        if self.turns.get(export) != after:
            raise Conflict("conflict", "changed meanwhile")
        self.turns[export] = id_

    def end_turn(self, export: str, id_: str) -> None:
        if self.turns.get(export) == id_:
            del self.turns[export]

    def due(self, export: str) -> tuple[str, int] | None:
        return self.dues.get(export)

    def set_due(self, export: str, schedule: str, due: int, before: int | None) -> None:
        if (self.dues[export][1] if export in self.dues else None) != before:
            raise Conflict("conflict", "changed meanwhile")
        self.dues[export] = (schedule, due)
