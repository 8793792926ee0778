"""A run's numbers in DuckDB: what the lake says of its messages, its conversions, its holdout. The connection is the caller's.

Tables: `outcome` (profile, bucket, o, r, v, at, micro_usd) is the last word on everybody of the run, by who they are now. For
some buckets:

    happened    (profile, at, what, message, variant, domain, device, link): one row for each thing that happened to a message
    reached     (profile, at, event, order_id, currency, amount): the goal's events and orders of people of the run
    converted   those of them within the time after a click, with the click: the last one before
"""

# ruff: noqa: S608 (the SQL is put together from this package's own constants; what people wrote is passed beside it)
from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from socle.lake.buckets import bucket_sql
from socle.lake.query import Connection
from socle.messages.gate import HOLDOUT
from socle.messages.units import Units
from socle.profiles.orders import COMPLETED, REFUNDED
from socle.reports.model import BY, KINDS, PASSED, TRIED, Found, Group, Outcomes, Question
from socle.segments.sql.quote import listed

_OUTCOME = {"p": "VARCHAR", "o": "VARCHAR", "r": "VARCHAR", "v": "VARCHAR", "at": "BIGINT", "u": "BIGINT[]"}
_LAST = "(o IN ('sent', 'unknown'), o = 'failed', o <> 'held', coalesce(\"at\", 0))"
"""Of several words on one person: a message that went out is not taken back, and whoever was held back was decided on later."""
_PRICE = Units._fields.index("micro_usd") + 1


def load_outcomes(connection: Connection, lines: Path | None, roots: Path | None, buckets: int) -> Outcomes:
    """Make `outcome` of NDJSON as the workers wrote it (None: nobody wrote anything); `roots` says who was merged into whom."""
    connection.execute("CREATE OR REPLACE TEMP TABLE root (member VARCHAR, root VARCHAR)")
    if roots is not None:
        connection.execute("INSERT INTO root SELECT member, root FROM read_parquet($file)", {"file": str(roots)})
    nothing = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in _OUTCOME.items())
    source = f"(SELECT {nothing} LIMIT 0)"
    if lines is not None:
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in _OUTCOME.items())
        source = f"read_json($file, format = 'newline_delimited', columns = {{{columns}}})"
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE outcome AS
        SELECT profile, {bucket_sql("profile", buckets)} AS bucket, said.* FROM (
            SELECT coalesce(root, p) AS profile,
                   max_by({{'o': o, 'r': coalesce(r, ''), 'v': coalesce(v, ''), 'at': "at",
                           'micro_usd': coalesce(u[{_PRICE}], 0)}}, {_LAST}) AS said
            FROM {source} LEFT JOIN root ON member = p GROUP BY 1)""", {"file": str(lines)} if lines is not None else {})
    rows = connection.execute("SELECT o, r, count(*) FROM outcome GROUP BY ALL ORDER BY ALL").fetchall()
    by: Counter[str] = Counter()
    for outcome, _, people in rows:
        by[outcome] += people
    [[micro_usd]] = connection.execute("SELECT coalesce(sum(micro_usd), 0) FROM outcome").fetchall()
    return Outcomes(dict(by), {reason: people for outcome, reason, people in rows if outcome == "skipped"}, int(micro_usd))


def begin(connection: Connection) -> None:
    """Teach the connection what events mean."""
    connection.execute("CREATE OR REPLACE TEMP TABLE meaning (name VARCHAR, what VARCHAR)")
    connection.executemany("INSERT INTO meaning VALUES (?, ?)", [(name, what) for name, whats in KINDS.items() for what in whats])


def measure(connection: Connection, question: Question, numbers: Collection[int], found: Found) -> None:
    """Add what the buckets `numbers` say; the views `events` and `profiles` are of these buckets."""
    _happened(connection, question)
    _reached(connection, question, numbers)
    _count(connection, found)
    if question.goal.revenue:
        _orders(connection, found)
    _compare(connection, question, numbers, found)


def unseen(connection: Connection, numbers: Collection[int], found: Found) -> None:
    """Add people of the run in buckets that have no rows: nothing happened to them."""
    _add_groups(found, connection.execute(f"""
        {_grouped(numbers)} SELECT held, count(*), 0, NULL FROM side GROUP BY held""").fetchall())


def _happened(connection: Connection, question: Question) -> None:
    def text(name: str) -> str:
        return f"coalesce(json_extract_string(properties, '$.{name}'), '')"

    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE happened AS
        SELECT profile, "at", CASE WHEN what <> 'bounced' THEN what WHEN {text("hard")} = 'true' THEN 'bounced_hard'
                                   ELSE 'bounced_soft' END AS what,
               regexp_replace({text("message")}, '-[0-9]+$', '') AS message, {text("variant")} AS variant,
               {text("domain")} AS domain, {text("device")} AS device, {text("link_number")} AS link,
               {text("link")} AS url
        FROM events JOIN meaning USING (name)
        WHERE source = 'socle' AND type = 'track' AND name IN ({listed(KINDS)})
          AND {text("campaign")} = $campaign AND {text("run")} = $run""", {"campaign": question.campaign, "run": question.run})


def _reached(connection: Connection, question: Question, numbers: Collection[int]) -> None:
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE reached AS
        SELECT profile, "at", name, coalesce('o' || order_id, 'm' || message_id) AS event, order_id, currency, amount,
               json_extract(properties, '$.currency') IS NULL AS unnamed
        FROM events WHERE type = 'track' AND name IN ($goal, '{COMPLETED}', '{REFUNDED}')
          AND (profile IN (SELECT profile FROM happened WHERE what = 'clicked')
               OR profile IN (SELECT profile FROM outcome WHERE bucket IN ({listed(numbers)})))""", {"goal": question.goal.event})
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE converted AS
        SELECT r.*, c.message, c.variant, c.domain, c.device, c.link
        FROM reached r ASOF JOIN (SELECT * FROM happened WHERE what = 'clicked') c ON r.profile = c.profile AND r."at" >= c."at"
        WHERE r."at" - c."at" <= $within AND (r.name = $goal OR r.name = $order)""",
                       {"within": question.goal.within, "goal": question.goal.event, "order": COMPLETED})
    connection.execute("ALTER TABLE converted ADD COLUMN goal BOOLEAN")
    connection.execute("UPDATE converted SET goal = name = $goal", {"goal": question.goal.event})


def _count(connection: Connection, found: Found) -> None:
    for by in ("", *BY):
        name = by or "''"
        for value, what, messages, times in connection.execute(f"""
                SELECT {name} AS value, what, count(DISTINCT message), count(*) FROM happened GROUP BY ALL""").fetchall():
            _add(found.messages, (by, value, what), messages)
            _add(found.events, (by, value, what), times)
        for value, people, conversions in connection.execute(f"""
                SELECT {name} AS value, count(DISTINCT profile), count(DISTINCT event) FROM converted
                WHERE goal GROUP BY ALL""").fetchall():
            _add(found.converted, (by, value), people)
            _add(found.conversions, (by, value), conversions)
        # A bounce is hard or soft, and both at times: a message counts once among those that bounced.
        for value, messages in connection.execute(f"""
                SELECT {name} AS value, count(DISTINCT message) FROM happened
                WHERE what LIKE 'bounced%' GROUP BY ALL""").fetchall():
            _add(found.messages, (by, value, "bounced"), messages)
    found.urls.update(connection.execute(
        "SELECT link, min(url) FROM happened WHERE link <> '' AND url <> '' GROUP BY link").fetchall())


def _orders(connection: Connection, found: Found) -> None:
    """Revenue of orders after a click, and what of it was paid back since: all that is left where a refund names no amount."""
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE earned AS
        WITH placed AS (
            SELECT profile, event, any_value(order_id) AS order_id, any_value(currency) AS currency, sum(amount) AS paid,
                   min(variant) AS variant, min(domain) AS domain, min(device) AS device, min(link) AS link
            FROM converted WHERE name = '{COMPLETED}' AND amount IS NOT NULL GROUP BY profile, event),
        back AS (
            SELECT profile, order_id, coalesce(sum(amount), 0) AS amount, bool_or(amount IS NULL) AS whole,
                   any_value(currency) AS currency, bool_or(unnamed) AS unnamed
            FROM reached WHERE name = '{REFUNDED}' AND order_id IS NOT NULL GROUP BY profile, order_id)
        SELECT placed.*, CASE WHEN back.whole THEN greatest(paid, back.amount)
                              WHEN back.unnamed OR back.currency = placed.currency THEN back.amount ELSE 0 END AS refunded
        FROM placed LEFT JOIN back ON back.profile = placed.profile AND back.order_id = placed.order_id""")
    for by in ("", *BY):
        for value, currency, paid, refunded in connection.execute(f"""
                SELECT {by or "''"} AS value, currency, sum(paid), coalesce(sum(refunded), 0) FROM earned
                GROUP BY ALL""").fetchall():
            before = found.orders.get((by, value, currency), (0, 0))
            found.orders[by, value, currency] = before[0] + int(paid), before[1] + int(refunded)


def _compare(connection: Connection, question: Question, numbers: Collection[int], found: Found) -> None:
    _add_groups(found, connection.execute(f"""
        {_grouped(numbers)},
        after AS (SELECT side.profile, side.held, r.* EXCLUDE (profile) FROM side JOIN reached r ON r.profile = side.profile
                  WHERE r."at" >= coalesce(side."at", $started) AND r."at" <= coalesce(side."at", $started) + $within),
        spent AS (SELECT held, currency, sum(amount) AS paid FROM after WHERE name = '{COMPLETED}' AND amount IS NOT NULL
                  GROUP BY ALL)
        SELECT held, (SELECT count(*) FROM side s WHERE s.held = one.held),
               (SELECT count(DISTINCT profile) FROM after a WHERE a.held = one.held AND name = $goal),
               (SELECT to_json(map(list(currency), list(paid::BIGINT)))::VARCHAR FROM spent s WHERE s.held = one.held)
        FROM (SELECT DISTINCT held FROM side) one""", {
            "started": question.started, "within": question.goal.within, "goal": question.goal.event}).fetchall())


def _grouped(numbers: Collection[int]) -> str:
    """Whom the holdout is compared over: everybody who came as far as it, held out or not."""
    where = f"bucket IN ({listed(numbers)})" if numbers else "false"
    return (f"WITH side AS (SELECT profile, \"at\", o = 'skipped' AND r = '{HOLDOUT}' AS held FROM outcome WHERE {where} "
            f"AND (o IN ({listed(sorted(TRIED))}) OR (o = 'skipped' AND r IN ({listed(sorted({*PASSED, HOLDOUT}))}))))")


def _add_groups(found: Found, rows: Iterable[tuple[bool, int, int, str | None]]) -> None:
    for held, people, converted, revenue in rows:
        before = found.groups.get(held, Group(0, 0, {}))
        total = Counter(before.revenue)
        total.update({currency: int(paid) for currency, paid in json.loads(revenue or "{}").items()})
        found.groups[held] = Group(before.people + people, before.converted + converted, dict(total))


def _add(into: dict[Any, int], key: Any, count: int) -> None:
    into[key] = into.get(key, 0) + count
