"""What compacting costs: raw objects of realistic events into a new lake, a tenth more into one that is there, and one object.

`python -m tests.benchmarks.compaction` does it in a process of its own, with one thread, and prints JSON. The floor is what
DuckDB takes to decompress and parse the same objects and do nothing with them.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from socle.clock import MINUTE
from socle.events.model import Event
from socle.lake.buckets import BUCKETS
from socle.lake.columns import Column
from socle.lake.local import compact_local, read_manifest
from tests.benchmarks.report import Figure

EVENTS, PER_OBJECT, PEOPLE = 400_000, 1_000, 40_000
NOON = 1_795_300_000_000
COLUMNS = (Column("events", "product.id", "s"), Column("events", "price", "n"))


@dataclass
class Compacted:
    """bytes of an event as JSON · CPU µs per event of the floor, of a new lake, of a tenth more beside it (per event of the
    tenth), of one object more (per event that was there: all buckets are written anew) · what the process took, MB · bytes of
    an event in the lake."""

    event_bytes: float
    floor: float
    new: float
    more: float
    again: float
    megabytes: float
    lake_bytes: float


def compaction() -> Compacted:
    """Measure in a process of its own."""
    found = subprocess.run([sys.executable, "-m", __name__], check=True, capture_output=True, text=True,
                           env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "layers/core/python")})
    return Compacted(**json.loads(found.stdout.splitlines()[-1]))


def figures(found: Compacted) -> list[Figure]:
    """As `make bench` shows them: the bar is 200,000 events a second and core, the goal a million."""
    return [Figure(f"compaction, a new lake of {EVENTS:,} events", found.new, "µs CPU/event", 5, 1, found.floor),
            Figure("compaction, a tenth more", found.more, "µs CPU/event"),
            Figure("compaction, an event that was there", found.again, "µs CPU/event"),
            Figure("compaction, memory of the process", found.megabytes, "MB"),
            Figure("an event in the lake", found.lake_bytes, "bytes")]


def objects(directory: Path, first: int, count: int) -> list[Path]:
    """Raw objects of `count` events: three of each person that an object touches, and a row of each."""
    directory.mkdir(parents=True)
    chance, files = random.Random(first), []
    for start in range(first, first + count, PER_OBJECT):
        lines = list(_lines(chance, start))
        files.append(directory / f"{start}.ndjson.gz")
        files[-1].write_bytes(gzip.compress("\n".join(lines).encode(), compresslevel=4))
    return files


def _lines(chance: random.Random, start: int) -> Iterator[str]:
    touched = [f"{chance.randrange(PEOPLE):08x}-4b7d-4c1e-9f00-aabbccddeeff" for _ in range(PER_OBJECT // 3 + 1)]
    for number in range(start, start + PER_OBJECT):
        at = NOON + number * 40
        body = {"properties": {"product": {"id": f"sku-{chance.randrange(5_000)}", "name": "Linen shirt, long sleeves"},
                               "price": chance.randrange(9_900) / 100, "currency": "EUR", "position": number % 20,
                               "list": "new arrivals", "coupon": None},
                "context": {"page": {"url": f"https://shop.example/p/{chance.randrange(5_000)}?ref=mail", "title": "Linen shirt"},
                            "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "locale": "de-AT", "ip": "192.0.2.7"}}
        name = "Order Completed" if number % 20 == 0 else "Product Viewed"
        if name == "Order Completed":
            body["properties"] |= {"order_id": f"o-{number}", "revenue": chance.randrange(20_000) / 100}
        event = Event(at, f"{chance.getrandbits(128):032x}", 0, at, at + MINUTE, "web", "track", name,
                      (("user_id", touched[number % len(touched)][:8]), ("anonymous_id", f"{chance.getrandbits(64):x}")), body)
        yield json.dumps({"row": "event", "profile": touched[number % len(touched)], **event.to_json()}, separators=(",", ":"))
    for profile in sorted(set(touched)):
        yield json.dumps({
            "row": "profile", "profile": profile, "version": start, "members": {}, "apart": [], "reserved": [], "segments": {},
            "snapshot": {"traits": {"name": "Ada", "country": "AT"}, "identifiers": {"user_id": [profile[:8]]}, "consent": [],
                         "events": {"Product Viewed": 9}, "event_count": 9, "orders": {}, "accounts": [], "locale": "de-AT",
                         "first_seen": "2026-01-01T00:00:00.000Z", "last_seen": "2026-01-02T00:00:00.000Z", "timezone": None}},
            separators=(",", ":"))


def _floor(files: list[Path]) -> float:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SELECT 1")
        began = time.process_time()
        connection.execute("SELECT count(*), count(body), max(length(messageId)) FROM read_json($files, format = "
                           "'newline_delimited', compression = 'gzip', columns = {'row': 'VARCHAR', 'profile': 'VARCHAR', "
                           "'messageId': 'VARCHAR', 'at': 'BIGINT', 'body': 'STRUCT(properties JSON, context JSON)'})",
                           {"files": [str(path) for path in files]}).fetchall()
        return time.process_time() - began


def main() -> None:
    """Measure and print JSON."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        files, more = objects(directory / "raw", 0, EVENTS), objects(directory / "more", EVENTS, EVENTS // 10)
        one = objects(directory / "one", EVENTS + EVENTS // 10, PER_OBJECT)
        size = sum(len(line) for path in files[:10] for line in gzip.decompress(path.read_bytes()).split(b"\n")
                   if line.startswith(b'{"row":"event"')) / 10 / PER_OBJECT
        floor, lake = _floor(files) / EVENTS * 1e6, directory / "lake"
        new, tenth, again = (_compacted(came, lake) for came in (files, more, one))
        manifest = read_manifest(lake)
        assert manifest is not None
        rows = sum(files.rows[0] for files in manifest.buckets.values())
        print(json.dumps(asdict(Compacted(
            size, floor, new / EVENTS, tenth / (EVENTS // 10), again / rows,
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            sum(files.size for files in manifest.buckets.values()) / rows))))


def _compacted(came: list[Path], lake: Path) -> float:
    """CPU µs of taking objects into a lake."""
    before = time.process_time()
    compact_local(came, lake, BUCKETS, COLUMNS)
    return (time.process_time() - before) * 1e6


if __name__ == "__main__":
    main()
