"""A lake for the benchmark of segments: people and events of an online shop, seeded, made by DuckDB itself, kept in .cache.

The files are what compaction writes (socle.lake.gather): Parquet in 64 buckets, sorted by profile and time, typed columns.
"""

# ruff: noqa: E501 (lines of SQL that make rows of JSON)
from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path

import duckdb

from socle.lake.buckets import BUCKETS, bucket_sql
from socle.lake.columns import Column, expression
from socle.lake.manifest import LocalBucket

ROOT = Path(__file__).resolve().parents[2] / ".cache"
NOW = 1_795_312_800_000
"""2026-11-22T02:00:00Z, when everybody is evaluated."""
YEARS = 2
PER_PERSON = 20
ROW_GROUP = 65_536
NAMES = {
    "$page": 340, "Product Viewed": 210, "Products Searched": 60, "Product Added": 75, "Product Removed": 15, "Cart Viewed": 35,
    "Checkout Started": 30, "Order Completed": 28, "Order Refunded": 2, "$identify": 45, "Email Sent": 70, "Email Opened": 30,
    "Email Link Clicked": 12, "Video Playback Completed": 18, "Signed In": 20, "Wishlist Product Added": 10,
}
"""Of a thousand events; the first five or so are most of what a shop's site sends."""


def lake(people: int, columns: Collection[Column], buckets: int = BUCKETS) -> list[LocalBucket]:
    """The first buckets of a lake of so many people with `PER_PERSON` events each, made if they are not there."""
    directory = ROOT / f"segments-{people}-{buckets}"
    wanted = tuple(sorted(set(columns)))
    stamp = directory / "columns.txt"
    found = [LocalBucket(directory / f"events-{number:03d}.parquet", directory / f"profiles-{number:03d}.parquet", wanted)
             for number in range(buckets)]
    if not stamp.exists() or stamp.read_text() != repr(wanted):
        stamp.unlink(missing_ok=True)
        directory.mkdir(parents=True, exist_ok=True)
        _make(people, wanted, found)
        stamp.write_text(repr(wanted))
    return found


def _make(people: int, columns: tuple[Column, ...], buckets: list[LocalBucket]) -> None:
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(f"""
            CREATE TABLE person AS SELECT *, {bucket_sql('profile')} AS bucket FROM (
                SELECT i, left(md5('person ' || i), 19) AS profile,
                       least(400, (1 - ln(1 - {_unit('i', 'events')}) * {PER_PERSON - 1})::INT) AS events
                FROM range({people}) t(i))""")
        for number, files in enumerate(buckets):
            print(f"bench: lake of segments, bucket {number + 1} of {len(buckets)}", file=sys.stderr, end="\r", flush=True)
            connection.execute(f"CREATE OR REPLACE TEMP TABLE here AS SELECT * FROM person WHERE bucket = {number}")
            _copy(connection, f"SELECT *{_typed(columns, 'events', 'properties')} FROM ({_events()}) ORDER BY profile, \"at\"",
                  files.events)
            _copy(connection, f"SELECT *{_typed(columns, 'traits', 'traits')} FROM ({_people()}) ORDER BY profile", files.profiles)


def _unit(row: str, salt: str) -> str:
    """A number from 0 to 1 that the row and the salt determine."""
    # Hashed twice: hashes of the same row with several salts are too much alike.
    return f"((hash(hash({row}, '{salt}')) >> 11)::DOUBLE / 9007199254740992)"


def _pick(values: Collection[str], row: str, salt: str) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"([{listed}])[1 + floor({_unit(row, salt)} * {len(values)})::INT]"


def _events() -> str:
    """Rows of events; what people do is skewed to the recent past."""
    steps, weight = [], 0
    for name, part in NAMES.items():
        weight += part
        steps.append(f"WHEN dice < {weight / sum(NAMES.values())} THEN '{name}'")
    category = _pick([f"category {number}" for number in range(40)], "n, i", "category")
    return f"""
        SELECT profile, profile AS partition, epoch_ms("at") AS ts, 'm' || n || '-' || i AS message_id, 0::BIGINT AS revision,
               0::BIGINT AS moved, "at", "at" AS received, CASE left(name, 1) WHEN '$' THEN name[2:] ELSE 'track' END AS type,
               name, 'shop' AS source, 1::INTEGER AS part, NULL::VARCHAR AS order_id,
               CASE WHEN name IN ('Order Completed', 'Order Refunded') THEN 'EUR' END AS currency,
               CASE WHEN name IN ('Order Completed', 'Order Refunded') THEN cents END AS amount,
               CASE WHEN name = '$identify' THEN '{{"plan":"' || {_pick(['free', 'plus', 'pro'], 'n, i', 'plan')} || '"}}'
                    WHEN name LIKE 'Email%' THEN '{{"campaign":"' || {_pick([f'campaign {one}' for one in range(20)], 'n, i', 'c')} || '"}}'
                    WHEN name = 'Order Completed' THEN '{{"currency":"EUR","revenue":' || cents / 100 || ',"cart_id":"c' || i || '-' || n // 4
                        || '","products":[{{"product_id":"sku ' || hash(n, i) % 5000 || '","category":"' || {category} || '"}}]}}'
                    WHEN name IN ('Product Added', 'Product Viewed', 'Product Removed', 'Cart Viewed', 'Checkout Started') THEN
                        '{{"category":"' || {category} || '","price":' || cents / 100 || ',"cart_id":"c' || i || '-' || n // 4 || '"}}'
                    WHEN name = '$page' THEN '{{"path":"/shop/' || hash(n, i) % 300 || '"}}'
                    ELSE '{{}}' END AS properties,
               '{{}}' AS context
        FROM (SELECT i, profile, n, CASE {' '.join(steps)} END AS name, 500 + floor(-ln(1 - {_unit('n, i', 'price')}) * 6000)::BIGINT AS cents,
                     make_timestamp_ms({NOW} - 1 - floor(power({_unit('n, i', 'at')}, 2) * {YEARS * 365 * 86_400_000})::BIGINT) AS "at"
              FROM (SELECT i, profile, n, {_unit('n, i', 'name')} AS dice
                    FROM (SELECT i, profile, unnest(range(events)) AS n FROM here)))"""


def _people() -> str:
    traits = f"""'{{"country":"' || {_pick(['FR', 'DE', 'BE', 'ES', 'IT', 'NL', 'US', 'GB'], 'i', 'country')}
        || '","plan":"' || {_pick(['free', 'plus', 'pro'], 'i', 'plan')} || '","birthday":"19' || 40 + hash(i, 'y') % 60
        || '-' || lpad((1 + hash(i, 'm') % 12)::VARCHAR, 2, '0') || '-' || lpad((1 + hash(i, 'd') % 28)::VARCHAR, 2, '0')
        || '","email":"person' || i || '@' || {_pick(['example.com', 'example.org', 'mail.example'], 'i', 'host')}
        || '","points":' || hash(i, 'points') % 5000 || ',"newsletter":' || (hash(i, 'letter') % 3 = 0)::VARCHAR
        || ',"tags":["t' || hash(i, 'tag') % 50 || '","t' || hash(i, 'other') % 50 || '"]}}'"""
    return f"""
        SELECT profile, 1::BIGINT AS version, make_timestamp_ms({NOW} - {YEARS * 365 * 86_400_000}) AS first_seen,
               make_timestamp_ms({NOW} - (hash(i, 'seen') % 40000000000)::BIGINT) AS last_seen, events::BIGINT AS event_count,
               {traits} AS traits, '{{"email":["person' || i || '@example.com"]}}' AS identifiers,
               '[{{"channel":"email","topic":null,"at":"2026-01-01T00:00:00.000Z","state":"' || {_pick(['subscribed', 'unsubscribed'], 'i', 'consent')}
               || '"}}]' AS consent,
               '{{"EUR":{{"count":' || hash(i, 'orders') % 7 || ',"revenue":' || (hash(i, 'orders') % 7) * 4500
               || ',"refunds":0,"refunded":0,"average":0,"first":null,"last":null}}}}' AS orders,
               '{{}}' AS events, []::VARCHAR[] AS accounts, 'fr-FR' AS locale, 'Europe/Paris' AS timezone,
               '{{"rfm":{{"group":"' || {_pick(['Champions', 'Loyal', 'New', 'Lost', 'Hibernating'], 'i', 'rfm')}
               || '","recency":1,"frequency":2,"monetary":3}}}}' AS given,
               '{{}}' AS segments, 0::BIGINT AS evaluated, NULL::TIMESTAMP AS due
        FROM here"""


def _typed(columns: tuple[Column, ...], table: str, json: str) -> str:
    return "".join(f", {expression(one, json)} AS {one.quoted}" for one in columns if one.table == table)


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})")
