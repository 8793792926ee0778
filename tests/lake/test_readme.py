"""The queries that the README gives for Athena run over the lake, in DuckDB, where the two dialects say the same."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from socle.lake.local import compact_local
from socle.lake.manifest import local_bucket
from socle.lake.query import scan
from tests.people import event
from tests.world import World

README = Path(__file__).parents[2] / "layers/core/python/socle/lake/README.md"


def test_the_queries_for_athena_run(tmp_path: Path) -> None:
    world = World()
    world.deliver(event(1, ("user_id", "1"), type="identify", name="$identify", traits={"country": "AT"}))
    order = {"revenue": 19.99, "currency": "EUR", "order_id": "a"}
    world.deliver(event(2, ("user_id", "1"), name="Order Completed", properties=order))
    world.deliver(event(3, ("user_id", "2"), name="Product Viewed", properties={}))
    files = []
    for number, data in enumerate(world.raw.objects.values()):
        files.append(tmp_path / f"{number}.ndjson.gz")
        files[-1].write_bytes(data)
    manifest = compact_local(files, tmp_path / "lake", buckets=1)
    bucket = local_bucket(manifest, 0, tmp_path / "lake")
    [block] = re.findall(r"## Athena.*?```sql\n(.*?)```", README.read_text(), re.S)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW events AS SELECT * FROM {scan([bucket.events])}")
        connection.execute(f"CREATE VIEW profiles AS SELECT * FROM {scan([bucket.profiles])}")
        connection.execute("CREATE MACRO json_extract_scalar(json, path) AS json_extract_string(json, path)")
        # `at` is a keyword of DuckDB, not of Athena.
        answers = [connection.execute(re.sub(r"\bat\b", '"at"', query)).fetchall() for query in block.split(";") if query.strip()]
    revenue, active, viewed, countries, names = answers
    assert [row[1:] for row in revenue] == [("EUR", 1, 1999)]
    assert sum(row[1] for row in active) == 2
    assert viewed == [(1,)]
    assert countries == [("AT", "EUR", 1, 1999)]
    assert {row[1] for row in names} == {"$identify", "Order Completed", "Product Viewed"}
