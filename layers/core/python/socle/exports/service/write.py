"""Second step of a run, for each part: read its buckets, make its rows, write its files. Doing it again writes the same."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from socle.exports.files import Written, sha256_of, write_files, write_for_webhook
from socle.exports.layouts import layout_of, says_change
from socle.exports.model.document import AUDIENCES
from socle.exports.model.run import key_of, state_key
from socle.exports.rows import Seen, begin, correct, doubt, load_base, settle, take
from socle.exports.service.plan import ROWS, Lake, document_of, read_plan
from socle.exports.store import ExportFiles
from socle.lake.columns import Column
from socle.lake.manifest import LocalBucket, bucket_files
from socle.lake.query import open_bucket

KINDS = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}


NO_BASE: Mapping[str, Any] = {"count": 0, "files": (), "refused": ()}


class Writer:
    """Writes parts; `scratch` is a folder on the disk, `memory_mb` what DuckDB may use."""

    def __init__(self, files: ExportFiles, lake: Lake, scratch: Path, memory_mb: int) -> None:
        self._files = files
        self._lake = lake
        self._scratch = scratch
        self._memory_mb = memory_mb

    def write(self, export: str, id_: str, part: int) -> None:
        """Write a part: its files, for a delta its state, and last `_part-000.json`, which says what it came to. One that is
        there is not written again: what it was compared with may be gone."""
        import duckdb  # 60 MB, and only this step needs it

        done = key_of(export, id_, f"_part-{part:03}.json")
        if self._files.read(done) is not None:
            return
        plan = read_plan(self._files, export, id_)
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder, duckdb.connect(config={
                "memory_limit": f"{self._memory_mb}MB", "temp_directory": f"{folder}/duckdb"}) as connection:
            report = self._write(connection, Path(folder), plan, part)
        self._files.write(done, json.dumps(report).encode())

    def _write(self, connection: Any, disk: Path, plan: Mapping[str, Any], part: int) -> dict[str, Any]:
        document = document_of(plan)
        layout, is_delta = layout_of(document), document.mode == "delta"
        begin(connection, layout.columns)
        seen = Seen(0, 0, 0)
        members = plan["members"]
        columns = [Column(*column) for column in members["columns"]]
        for bucket in self._buckets(plan["parts"][part]["files"], disk):
            open_bucket(connection, bucket, columns)
            seen = seen.plus(take(connection, document, layout, members["sql"], disk / "rows.ndjson"))
            bucket.events.unlink()
            bucket.profiles.unlink()
        if is_delta:
            self._load_base(connection, plan, part, disk)
        changes = settle(connection, layout.columns, is_delta, by_value=document.layout in AUDIENCES)
        report: dict[str, Any] = {"seen": seen._asdict(), "changes": changes, "state": None, "files": [], "rows": 0}
        if document.destination.type == "webhook":
            path = disk / "webhook.ndjson"
            report["rows"] = write_for_webhook(connection, layout.columns, is_delta, path)
            self._files.upload(path, key_of(plan["export"], plan["run"], ROWS.format(part)), KINDS["ndjson"])
        else:
            written = write_files(connection, layout.columns, document.format, layout.splits, says_change(document), disk / "out",
                                  f"part-{part:03}", even_if_empty=part == 0)
            for file in written:
                key = key_of(plan["export"], plan["run"], file.name)
                self._files.upload(disk / "out" / file.name, key, KINDS[document.format])
            report |= {"files": [_listed(plan, file) for file in written], "rows": sum(file.rows for file in written)}
        if is_delta:
            report["state"] = self._save_state(connection, plan, part, disk)
        return report

    def _buckets(self, files: Mapping[str, Any], disk: Path) -> Iterator[LocalBucket]:
        for number in sorted(files, key=int):
            found = bucket_files(files[number])
            yield LocalBucket(self._lake.fetch(found.events, disk / "lake"), self._lake.fetch(found.profiles, disk / "lake"),
                              found.columns)

    def _load_base(self, connection: Any, plan: Mapping[str, Any], part: int, disk: Path) -> None:
        base, buckets, count = plan["base"] or NO_BASE, plan["parts"][part]["buckets"], plan["lake"]["count"]
        states = [state["key"] for state in base["files"]
                  if base["count"] != count or not {*state["buckets"]}.isdisjoint(buckets)]
        paths = [self._files.download(key, disk / f"base-{place}.parquet") for place, key in enumerate(states)]
        load_base(connection, paths, buckets, count)
        correct(connection, [self._files.download(key, disk / f"refused-{place}.ndjson")
                             for place, key in enumerate(base["refused"])], buckets, count)
        doubt(connection, [(self._files.download(one["key"], disk / f"sent-{place}.ndjson"), one["rows"])
                           for place, one in enumerate(plan["in_doubt"])], buckets, count)

    def _save_state(self, connection: Any, plan: Mapping[str, Any], part: int, disk: Path) -> dict[str, Any]:
        path = disk / "state.parquet"
        target = str(path).replace("'", "''")
        connection.execute(f"COPY (FROM state ORDER BY profile) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        key = state_key(plan["export"], plan["run"], f"part-{part:03}.parquet")
        self._files.upload(path, key, KINDS["parquet"])
        return {"key": key, "buckets": plan["parts"][part]["buckets"], "sha256": sha256_of(path)}


def _listed(plan: Mapping[str, Any], file: Written) -> dict[str, Any]:
    found = {"file": file.name, "key": key_of(plan["export"], plan["run"], file.name), "rows": file.rows, "bytes": file.bytes,
             "sha256": file.sha256}
    return {**found, "partition": file.partition} if file.partition else found
