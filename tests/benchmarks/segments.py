"""Fifty segments over a lake of people and events: CPU and memory of the one scan, beside a query each and the decode floor.

`python -m tests.benchmarks.segments [buckets]`: over 8 of the 64 buckets of a million people, if nothing else is said.
"""


from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import duckdb

from socle.lake.buckets import BUCKETS
from socle.lake.manifest import LocalBucket
from socle.lake.query import open_buckets, scan
from socle.recompute.model import AT_A_TIME
from socle.segments.document import Segment
from socle.segments.inputs import columns_of
from socle.segments.nodes import Node
from socle.segments.plan import Plans
from socle.segments.sql.compile import compile_segments
from tests.benchmarks.report import Figure
from tests.benchmarks.segments_lake import NOW, PER_PERSON, lake

PEOPLE, SOME = 1_000_000, 8
FIRST_BAR, GOAL = 6.0, 1.5


class Measured(NamedTuple):
    """CPU seconds and bytes; counts of members by segment."""

    seconds: float
    elapsed: float
    counts: dict[str, int]


def definitions() -> dict[str, dict[str, Any]]:
    """Fifty segments as a shop would write them: most look at what was done of late, some at sums, some at orders of events."""
    def did(event: str | list[str] | None, within: str | None = None, count: int = 1, op: str = "gte",
            **where: Any) -> dict[str, Any]:
        return {"type": "event", "event": event, "count": {"op": op, "value": count}, "window": {"within": within},
                "where": [{"property": name, "test": test} for name, test in where.items()]}

    def trait(name: str, op: str, **test: Any) -> dict[str, Any]:
        return {"type": "trait", "trait": name, "test": {"op": op, **test}}

    def every(*of: Any) -> dict[str, Any]:
        return {"type": "all", "of": list(of)}

    def no(of: Any) -> dict[str, Any]:
        return {"type": "not", "of": of}

    def measure(function: str, of: str, op: str, value: Any, within: str | None = None, **more: Any) -> dict[str, Any]:
        return {"type": "aggregate", "function": function, "of": of, "test": {"op": op, "value": value},
                "window": {"within": within}, **more}

    def last(event: str, within: str, which: str = "last") -> dict[str, Any]:
        return {"type": "event_time", "event": event, "which": which, "test": {"op": "within_last", "duration": within}}

    order, view, cart = "Order Completed", "Product Viewed", "Product Added"
    eur = {"event": order, "currency": "EUR"}
    subscribed = {"type": "consent", "channel": "email", "state": "subscribed"}
    found = [
        every(did(order), no(did(order, "90d"))), every(did(order, "30d"), no(did("Order Refunded"))), did(view, "7d", 3),
        did(view, "1d"), did(cart, "1d"), every(did(cart, "3d"), no(did(order, "3d"))), did("Cart Viewed", "14d", 2),
        every(did("Checkout Started", "7d"), no(did(order, "7d"))), did("$page", "30d", 10), no(did(None, "180d")),
        did(None, "7d"), last("Signed In", "30d"), last(order, "60d"), last(order, "30d", "first"),
        {"type": "lifecycle", "stages": ["lapsing", "lapsed"]}, {"type": "lifecycle", "stages": ["new", "active"]},
        measure("sum", "$amount", "gte", 200, "365d", **eur), measure("sum", "$amount", "gte", 500, **eur),
        measure("average", "$amount", "gte", 60, **eur), measure("max", "$amount", "gte", 150, **eur),
        measure("distinct", "category", "gte", 5, "90d", event=view),
        measure("most_frequent", "category", "eq", "category 3", "60d", event=view),
        measure("last", "category", "eq", "category 7", event=cart), measure("min", "price", "lt", 6, "90d", event=view),
        {"type": "sequence", "steps": [{"event": cart}], "without": {"event": order, "within": "1h"}, "same": "cart_id",
         "window": {"within": "7d"}},
        {"type": "sequence", "steps": [{"event": view}, {"event": cart, "within": "1d"}, {"event": order, "within": "3d"}],
         "window": {"within": "90d"}},
        {"type": "changed", "trait": "plan", "within": "30d", "becomes": "pro"},
        {"type": "engagement", "channel": "email", "action": "opened", "window": {"within": "30d"}},
        every({"type": "engagement", "channel": "email", "action": "sent", "count": {"op": "gte", "value": 3}},
              no({"type": "engagement", "channel": "email", "action": "opened", "window": {"within": "60d"}})),
        {"type": "engagement", "channel": "email", "action": "clicked", "campaign": "campaign 3"},
        did(view, "30d", category={"op": "in", "values": ["category 1", "category 2"]}),
        did(cart, "90d", price={"op": "gte", "value": 100}),
        did("$page", "14d", path={"op": "starts_with", "value": "/shop/1"}),
        did("$page", None, 2, path={"op": "eq", "value": "/shop/42"}),
        did(order, "180d", **{"products[].product_id": {"op": "eq", "value": "sku 99"}}),
        did(order, "365d", 2, **{"products[].category": {"op": "in", "values": ["category 5", "category 6"]}}),
        did("Video Playback Completed", "30d", 2), did("Wishlist Product Added", "60d"), did("Products Searched", "7d", 2),
        every(trait("country", "eq", value="FR"), trait("plan", "eq", value="pro")),
        every(trait("country", "in", values=["DE", "NL", "BE"]), did(order, "90d")),
        trait("birthday", "anniversary", period="week"), every(trait("newsletter", "eq", value=True), subscribed),
        trait("email", "matches", pattern="@example\\.(com|org)$"), trait("points", "between", min=1000, max=2000),
        trait("tags", "array_contains", value="t7"), {"type": "rfm", "groups": ["Champions", "Loyal"]},
        {"type": "orders", "measure": "revenue", "currency": "EUR", "test": {"op": "gte", "value": 150}},
        {"type": "percentage", "start": 0, "end": 10, "salt": "holdout"},
        {"type": "at_least", "count": 2, "of": [did(view, "30d"), did(cart, "30d"), did("Email Opened", "30d"),
                                                trait("plan", "eq", value="plus")]},
    ]
    return {f"segment-{number:02d}": Segment.model_validate({"when": one}).model_dump(mode="json")
            for number, one in enumerate(found)}


def nodes() -> dict[str, Node]:
    """What they mean."""
    plans = Plans(definitions(), {})
    return {name: plans.segment(name) for name in definitions()}


def fused(buckets: list[LocalBucket], asked: Mapping[str, Node], threads: int = 2) -> Measured:
    """All in one query for some buckets at a time, as a recompute does: who is in is a table, and counted."""
    compiled = compile_segments(asked, NOW)
    counts = [0] * len(compiled.names)
    sums = ", ".join(f"sum(s{index}::BIGINT)" for index in range(len(counts)))

    def run(connection: Any) -> None:
        for first in range(0, len(buckets), AT_A_TIME):
            open_buckets(connection, buckets[first:first + AT_A_TIME], compiled.columns)
            connection.execute(f"CREATE OR REPLACE TEMP TABLE membership AS {compiled.sql}")
            for index, number in enumerate(connection.execute(f"SELECT {sums} FROM membership").fetchone()):
                counts[index] += int(number or 0)

    seconds, elapsed = _timed(run, threads)
    return Measured(seconds, elapsed, dict(zip(compiled.names, counts, strict=True)))


def floor(buckets: list[LocalBucket], asked: Mapping[str, Node], threads: int = 2) -> Measured:
    """The least that any engine does: decode the columns that are asked for, and look at each value once."""
    columns = compile_segments(asked, NOW).columns

    def run(connection: Any) -> None:
        for files in buckets:
            for table, path, fixed in (("events", files.events, ("profile", '"at"', "name", "amount", "currency")),
                                       ("traits", files.profiles, ("profile", "consent", "orders", "given"))):
                names = [*fixed, *(one.quoted for one in columns if one.table == table)]
                connection.execute(f"SELECT {', '.join(f'count({name})' for name in names)} FROM {scan([path])}").fetchall()

    seconds, elapsed = _timed(run, threads)
    return Measured(seconds, elapsed, {})


def _timed(run: Callable[[Any], None], threads: int) -> tuple[float, float]:
    with duckdb.connect(config={"threads": threads, "memory_limit": "1GB"}) as connection:
        cpu, clock = time.process_time(), time.perf_counter()
        run(connection)
        return time.process_time() - cpu, time.perf_counter() - clock


def segments(buckets: int = SOME) -> list[Figure]:
    """For the table of all figures: measured over so many of the 64 buckets of a million people, and scaled to all of them."""
    asked = nodes()
    files = lake(PEOPLE, columns_of(asked.values()), buckets)
    together, decode = fused(files, asked), floor(files, asked)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    apart = sum(fused(files[:AT_A_TIME], {name: node}).seconds for name, node in asked.items()) / min(AT_A_TIME, buckets)
    scale = BUCKETS / buckets
    of = f"{len(asked)} segments, {PEOPLE:,} people, {PEOPLE * PER_PERSON:,} events"
    return [Figure(of, together.seconds * scale, "s CPU", FIRST_BAR, GOAL, decode.seconds * scale,
                   "decoding the columns asked for, each value counted"),
            Figure("the same, a query for each", apart * BUCKETS, "s CPU"),
            Figure("the same, elapsed on two cores", together.elapsed * scale, "s"),
            Figure("the same, peak memory of the process", memory, "MB", 1024)]


if __name__ == "__main__":
    for figure in segments(int(sys.argv[1]) if len(sys.argv) > 1 else SOME):
        print(figure)
