"""One step of a search: compare all people of a run in DuckDB, and keep the pairs that may be one person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from socle.duplicates.link import best, read_files, search
from socle.duplicates.model import MAX_QUEUE, DuplicateRules
from socle.duplicates.store import RunStore
from socle.duplicates.view import model_view

CHUNK = 500
"""Pairs that are looked at together afterwards."""


def compare(runs: RunStore, run: str, disk: Path, memory_mb: int) -> dict[str, Any]:
    """Compare the people that were extracted; answers `{"chunks": [0, 1, …]}`, the numbers of the documents with pairs.

    disk       a folder for the files of people, and for what does not fit into memory
    memory_mb  what DuckDB may use
    """
    import duckdb  # 60 MB, and only this step needs it

    plan = runs.load(run, "plan")
    rules = DuplicateRules.model_validate(plan["rules"])
    files = []
    try:
        for part in plan["parts"]:
            files.append(disk / f"{run}-{part}.ndjson.gz")
            files[-1].write_bytes(runs.load_people(run, part))
        with duckdb.connect(config={"memory_limit": f"{memory_mb}MB", "temp_directory": str(disk / "duckdb"),
                                    "preserve_insertion_order": False}) as connection:
            read_files(connection, [str(file) for file in files])
            searched = search(connection, rules.propose)
            pairs = best(connection, MAX_QUEUE + 1)
    finally:
        for file in files:
            file.unlink(missing_ok=True)
    kept = pairs[:MAX_QUEUE]
    chunks = list(range((len(kept) + CHUNK - 1) // CHUNK))
    for chunk in chunks:
        runs.save(run, f"pairs-{chunk}", kept[chunk * CHUNK:(chunk + 1) * CHUNK])
    runs.save(run, "compared", {
        "people": searched.people, "pairs": searched.pairs, "more": len(pairs) > MAX_QUEUE, "chunks": chunks,
        "too_frequent": searched.too_frequent, "model": model_view(searched.model)})
    return {"chunks": chunks}
