"""Rows of raw objects reach their buckets, in one file or in one for each bucket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from socle.lake.buckets import bucket_of
from socle.lake.local import compact_local
from socle.lake.query import scan
from socle.lake.scatter import scatter
from tests.people import event
from tests.world import World


def test_rows_are_the_same_in_one_file_and_in_one_for_each_bucket(tmp_path: Path) -> None:
    world = World()
    for number in range(12):
        order = {"order_id": str(number), "revenue": number} if number % 3 else {}
        name = "Order Completed" if order else "Viewed"
        world.deliver(event(number, ("user_id", str(number % 5)), name=name, properties=order))
    files = []
    for number, data in enumerate(world.raw.objects.values()):
        files.append(tmp_path / f"{number}.ndjson.gz")
        files[-1].write_bytes(data)
    together, parts = rows(files, tmp_path / "together", None)
    apart, more_parts = rows(files, tmp_path / "apart", 0)
    assert together == apart
    assert len(together) == 12
    assert {profile: bucket for profile, bucket, *_ in together} == {profile: bucket_of(profile, 4) for profile, *_ in together}
    assert sorted(amount for *_, amount in together if amount is not None) == [
        number * 100 for number in range(12) if number % 3]
    assert (parts, more_parts > 1) == (1, True)


def rows(files: list[Path], out: Path, few: int | None) -> tuple[list[Any], int]:
    out.mkdir()
    with duckdb.connect(config={"threads": 1}) as connection:
        parts = scatter(connection, files, out, 4, few)[0].rows
        for part in parts:
            held = connection.execute(f"SELECT DISTINCT bucket FROM {scan([out / part.name])} ORDER BY 1").fetchall()
            assert tuple(bucket for bucket, in held) == part.buckets
        return sorted(connection.execute(
            f"SELECT partition, bucket, message_id, name, amount FROM {scan([out / part.name for part in parts])}").fetchall(),
            key=repr), len(parts)


def test_files_of_a_bucket_are_sorted_by_profile_and_time(tmp_path: Path) -> None:
    world = World()
    for number in (5, 3, 9, 1, 4, 2, 8, 0, 7, 6):
        world.deliver(event(number, ("user_id", str(number % 3)), properties={}))
    files = []
    for number, data in enumerate(world.raw.objects.values()):
        files.append(tmp_path / f"{number}.ndjson.gz")
        files[-1].write_bytes(data)
    compact_local(files[:5], tmp_path / "lake", buckets=1)
    manifest = compact_local(files[5:], tmp_path / "lake")
    with duckdb.connect() as connection:
        for kind, order in (("events", 'profile, epoch_ms("at")'), ("profiles", "profile")):
            path = tmp_path / "lake" / getattr(manifest.buckets[0], kind)
            found = connection.execute(f"SELECT {order} FROM {scan([path])}").fetchall()
            assert found == sorted(found)
            assert len(found) == {"events": 10, "profiles": 3}[kind]
