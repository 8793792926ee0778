"""What the workers of a forecast wrote, added up in DuckDB. The connection is the caller's."""

# ruff: noqa: S608 (the SQL is put together from this module's own constants)
from __future__ import annotations

from pathlib import Path
from typing import Any

from socle.campaigns.forecast import Dry, Problem, Sending
from socle.campaigns.rounds import STEP
from socle.lake.query import Connection
from socle.messages.gate import NO_CONTENT
from socle.messages.outcome import WAS_HELD, WOULD_SEND
from socle.messages.units import Units

EXAMPLES = 5
"""People that are named for each problem of a template."""
_COLUMNS = {"p": "VARCHAR", "o": "VARCHAR", "r": "VARCHAR", "v": "VARCHAR", "d": "VARCHAR", "until": "BIGINT", "n": "BIGINT",
            "b": "BIGINT", "u": "BIGINT[]"}


def dry_of(connection: Connection, lines: Path | None) -> Dry:
    """Add up NDJSON as the workers wrote it; None: they wrote nothing."""
    if lines is None:
        return Dry({}, {}, Units())
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in _COLUMNS.items())
    # Who is there twice was asked about twice: a worker that broke off was followed by another.
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE said AS
        SELECT * REPLACE (coalesce(r, '') AS r, coalesce(v, '') AS v, coalesce(d, '') AS d)
        FROM read_json($file, format = 'newline_delimited', columns = {{{columns}}})
        QUALIFY row_number() OVER (PARTITION BY p ORDER BY o = '{WOULD_SEND}' DESC) = 1""", {"file": str(lines)})

    def rows(query: str) -> list[Any]:
        return list(connection.execute(query).fetchall())

    [units] = rows(f"SELECT {', '.join(f'coalesce(sum(u[{place}]), 0)' for place in range(1, len(Units._fields) + 1))} FROM said")
    return Dry(
        {(outcome, reason): people for outcome, reason, people in rows("SELECT o, r, count(*) FROM said GROUP BY ALL")},
        {variant: Sending(messages, int(parts), int(size)) for variant, messages, parts, size in rows(f"""
            SELECT v, count(*), coalesce(sum(n), 0), coalesce(sum(b), 0) FROM said WHERE o = '{WOULD_SEND}' GROUP BY v""")},
        Units(*map(int, units)),
        [Problem(code, people, tuple((one["p"], one["what"]) for one in examples)) for code, people, examples in rows(f"""
            SELECT code, count(*) AS people, list({{'p': p, 'what': what}} ORDER BY p)[1:{EXAMPLES}]
            FROM (SELECT p, split_part(d, ': ', 1) AS code, substr(d, length(split_part(d, ': ', 1)) + 3) AS what
                  FROM said WHERE r = '{NO_CONTENT}') GROUP BY code ORDER BY people DESC, code""")],
        dict(rows(f"""
            SELECT (until + {STEP - 1}) // {STEP} * {STEP} AS moment, count(*) FROM said WHERE o = '{WAS_HELD}'
            GROUP BY moment ORDER BY moment""")))
