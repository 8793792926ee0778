"""A lake in a directory: compaction without S3, for tests, benchmarks and whoever has a copy of the raw objects."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from socle.lake.buckets import BUCKETS
from socle.lake.columns import Column
from socle.lake.gather import Inputs, depart, gather
from socle.lake.link import STATE, link
from socle.lake.manifest import KINDS, Manifest, held
from socle.lake.scatter import scatter

MANIFEST = "manifest.json"


def compact_local(raw_files: Collection[Path], directory: Path, buckets: int = BUCKETS, columns: Collection[Column] = (),
                  erased: Collection[str] = (), now: int = 0, threads: int = 1) -> Manifest:
    """Add raw objects (socle.lake.raw) to the lake below `directory`, which is made if there is none.

    columns   the typed columns to hold
    erased    ids of profiles of which nothing is kept
    Answers the new manifest; its keys are paths below the directory (socle.lake.manifest.local_bucket).
    """
    import duckdb  # heavy, and only needed here

    before = read_manifest(directory)
    number = before.version + 1 if before else 1
    buckets = before.bucket_count if before else buckets
    out = directory / f"run-{number}"
    out.mkdir(parents=True)
    with duckdb.connect(config={"threads": threads}) as connection:
        came = scatter(connection, raw_files, out, buckets, None)[0] if raw_files else None
        state = {name: directory / key for name, key in before.state.items()} if before else {}
        linked = link(connection, [out / came.heads] if came else [], state, erased, out, buckets)
        links = {name: out / file for name, file in linked.files.items()}
        old = before.buckets if before else {}

        def inputs(these: Collection[int], arriving: Collection[Path] = ()) -> Inputs:
            return Inputs(
                {kind: [directory / key for bucket in these if bucket in old and (key := getattr(old[bucket], kind))]
                 for kind in KINDS},
                [out / part.name for part in (came.rows if came else ()) if set(part.buckets) & set(these)], arriving,
                [out / part.name for part in (came.people if came else ()) if set(part.buckets) & set(these)], links,
                held(old[bucket] for bucket in these if bucket in old))

        arriving: dict[int, list[Path]] = {}
        for source in linked.sources:
            for target, name in depart(connection, source, inputs([source]), out, buckets).items():
                arriving.setdefault(target, []).append(out / name)
        touched = {*linked.touched, *arriving, *(bucket for part in ((*came.rows, *came.people) if came else ())
                                                 for bucket in part.buckets)}
        touched |= {bucket for bucket, files in old.items() if not set(columns) <= set(files.columns)}
        made = dict(old)
        moved = [path for paths in arriving.values() for path in paths]
        for bucket, files in gather(connection, touched, inputs(touched, moved), columns, out, buckets).items():
            made[bucket] = files.below(f"run-{number}/")
    manifest = Manifest(number, f"run-{number}", now, made, buckets,
                        {name: f"run-{number}/{linked.files[name]}" for name in STATE}, tuple(before.keys) if before else ())
    (directory / MANIFEST).write_text(manifest.to_json())
    return manifest


def read_manifest(directory: Path) -> Manifest | None:
    """The lake below a directory, if there is one."""
    path = directory / MANIFEST
    return Manifest.from_json(path.read_text()) if path.exists() else None
