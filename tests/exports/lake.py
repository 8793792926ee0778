"""A lake of invented people in a directory, and the whole way of an export over it without AWS."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from socle.definitions.model import Definition
from socle.exports.members import Members
from socle.exports.model.document import KIND, ExportDocument
from socle.exports.model.run import RUNNING, Run
from socle.exports.service.deliver import Deliverer
from socle.exports.service.finish import Finisher
from socle.exports.service.plan import Planner
from socle.exports.service.write import Writer
from socle.lake.buckets import bucket_of, bucket_sql
from socle.lake.manifest import BucketFiles, Manifest
from tests.exports.memory import MemoryFiles, MemoryRuns

COUNT = 2
NOW = 1_780_000_000_000
SEGMENT = "vip"
PROFILES = ("profile VARCHAR, version BIGINT, first_seen TIMESTAMP, last_seen TIMESTAMP, event_count BIGINT, traits VARCHAR, "
            "identifiers VARCHAR, consent VARCHAR, orders VARCHAR, events VARCHAR, accounts VARCHAR[], locale VARCHAR, "
            "timezone VARCHAR, given VARCHAR, segments VARCHAR, evaluated BIGINT, due TIMESTAMP")
EVENTS = ('profile VARCHAR, "at" TIMESTAMP, received TIMESTAMP, type VARCHAR, name VARCHAR, source VARCHAR, message_id VARCHAR, '
          "part INTEGER, order_id VARCHAR, currency VARCHAR, amount BIGINT, properties VARCHAR, context VARCHAR")
People = Mapping[str, Mapping[str, Any]]
"""Profile id -> fields of its row; a member of SEGMENT unless it says segments."""


def consent(state: str, topic: str | None = None, channel: str = "email", at: str = "2026-01-01T00:00:00.000Z") -> dict[str, Any]:
    """As profiles show it."""
    return {"channel": channel, "topic": topic, "at": at, "state": state, "source": "web"}


class LocalLake:
    """As LakeStore, over a directory; every `write` is the lake from then on."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.now: Manifest | None = None

    def manifest(self) -> Manifest | None:
        return self.now

    def fetch(self, key: str, directory: Path) -> Path:
        target = directory / key
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(self.directory / key, target))

    def write(self, people: People) -> None:
        version = self.now.version + 1 if self.now else 1
        buckets = {}
        with duckdb.connect(config={"threads": 1}) as connection:
            connection.execute(f"CREATE TABLE p ({PROFILES}); CREATE TABLE e ({EVENTS})")
            if people:
                row = f"({', '.join('?' * 17)})"
                connection.execute(f"INSERT INTO p VALUES {', '.join([row] * len(people))}",
                                   [value for one in sorted(people.items()) for value in _row(*one)])
            for number in {bucket_of(id_, COUNT) for id_ in people}:
                name = f"v{version}/{number}"
                (self.directory / name).mkdir(parents=True)
                mine = f"SELECT * FROM p WHERE {bucket_sql('profile', COUNT)} = {number}"
                connection.execute(f"COPY ({mine}) TO '{self.directory / name}/profiles.parquet'")
                connection.execute(f"COPY e TO '{self.directory / name}/events.parquet'")
                buckets[number] = BucketFiles(f"{name}/events.parquet", f"{name}/profiles.parquet", "", "", (0, 1, 0, 0), 1_000)
        self.now = Manifest(version, f"v{version}", NOW, buckets, COUNT, {})


def _row(id_: str, one: Mapping[str, Any]) -> list[Any]:
    text = {name: json.dumps(one.get(name, {}), ensure_ascii=False)
            for name in ("traits", "identifiers", "orders", "events", "given")}
    return [id_, 1, "2026-01-01 00:00:00", one.get("last_seen", "2026-02-01 12:30:00.250"), one.get("event_count", 3),
            text["traits"], text["identifiers"], json.dumps(one.get("consent", [])), text["orders"], text["events"],
            one.get("accounts", []), one.get("locale"), None, text["given"],
            json.dumps(one.get("segments", {SEGMENT: NOW})), 1, None]


class Way:
    """Exports from document to manifest, as the workflow goes."""

    def __init__(self, directory: Path, post: Callable[..., Any] | None = None) -> None:
        self.directory, self.runs, self.files = directory, MemoryRuns(), MemoryFiles()
        self.lake = LocalLake(directory)
        self.documents: dict[str, dict[str, Any]] = {}
        self.waited: list[int] = []
        self._numbers = iter(range(1, 10_000))
        self.planner = Planner(self.runs, self.files, self, self.lake, _members)
        self.writer = Writer(self.files, self.lake, directory, 500)
        self.deliverer = Deliverer(self.files, directory, lambda: b"master", post or _nobody, lambda: NOW, self.waited.append)
        self.finisher = Finisher(self.runs, self.files)

    def current(self, kind: str, name: str) -> Definition | None:
        return Definition(kind, name, 1, self.documents[name], NOW, NOW) if kind == KIND and name in self.documents else None

    def define(self, name: str = "out", **document: Any) -> None:
        self.documents[name] = ExportDocument.model_validate({"segment": SEGMENT, **document}).model_dump(mode="json")

    def begin(self, name: str = "out") -> str:
        id_ = f"20260101t000000-{next(self._numbers):08}"
        self.runs.take_turn(name, id_, None)
        self.runs.save(Run(id_, name, RUNNING, "hand", NOW, version=1))
        return id_

    def go(self, id_: str, name: str = "out", parts: Iterable[int] | None = None) -> dict[str, Any]:
        """All steps of a run; answers its manifest."""
        plan = self.planner.plan(name, id_, NOW)
        for part in plan["parts"]:
            self.writer.write(name, id_, part)
        for part in plan["parts"] if plan["is_webhook"] else ():
            while not self.deliverer.deliver(name, id_, part, lambda: 900_000):
                pass
        self.finisher.finish(name, id_, NOW)
        return dict(json.loads(self.files.objects[f"exports/{name}/{id_}/manifest.json"]))

    def turn_is_free(self, name: str = "out") -> bool:
        return self.runs.turn(name) is None

    def run(self, name: str = "out") -> dict[str, Any]:
        return self.go(self.begin(name), name)

    def bytes_of(self, manifest: Mapping[str, Any], file: int = 0) -> bytes:
        return self.files.objects[manifest["files"][file]["key"]]

    def rows(self, manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
        """All files of an export, read back by DuckDB as its users would; values as text."""
        found: list[dict[str, Any]] = []
        for place, file in enumerate(manifest["files"]):
            path = self.directory / f"read-{manifest['run']}-{place}.{manifest['format']}"
            path.write_bytes(self.files.objects[file["key"]])
            names = [one["name"] for one in manifest["schema"]]
            read = {"csv": f"read_csv('{path}', header=true, auto_detect=false, delim=',', quote='\"', escape='\"', "
                           f"columns={_columns(names, 'VARCHAR')})",
                    "ndjson": f"read_json('{path}', format='newline_delimited', columns={_columns(names, 'JSON')})",
                    "parquet": f"read_parquet('{path}')"}[manifest["format"]]
            with duckdb.connect() as connection:
                rows = connection.execute(f"SELECT * FROM {read}").fetchall()
            if manifest["format"] == "ndjson":
                rows = [tuple(None if value is None else json.loads(value) for value in row) for row in rows]
            found += [dict(zip(names, row, strict=True)) for row in rows]
        return found


def _columns(names: Iterable[str], kind: str) -> str:
    return "{" + ", ".join(f"'{name}': '{kind}'" for name in (name.replace("'", "''") for name in names)) + "}"


def _members(segment: str, now: int) -> Members:
    return Members(f"SELECT profile FROM profiles WHERE list_contains(json_keys(segments), '{segment}')")


def _nobody(url: str, body: bytes, headers: dict[str, str]) -> Any:
    raise AssertionError("no webhook in this test")
