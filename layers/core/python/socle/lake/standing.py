"""Of the events that complete one order only what stands counts (socle.profiles.orders.standing): this in SQL. Pure.

A page reload repeats an order, a correction replaces it: the latest counts, or, of an order in parts, the latest of each part
up to the number of parts that the latest of all says. The others lie in the shadow: an unmerge may bring them back.
"""

# ruff: noqa: S608 (the SQL is put together from this module's own constants)
from __future__ import annotations

_RANK = 'revision DESC, "at" DESC, ts DESC, message_id DESC'


def _number(name: str) -> str:
    """A whole number above 0 of the properties, else NULL."""
    value = f"json_extract(properties, '$.{name}')"
    return f"CASE WHEN json_type({value}) = 'UBIGINT' THEN nullif(TRY_CAST({value}::VARCHAR AS BIGINT), 0) END"


def replaced(rows: str) -> str:
    """A query for the places of rows that do not stand among `rows`: events that complete orders, and count for their person."""
    return f"""
        WITH several AS (
            SELECT place, profile, order_id, revision, "at", ts, message_id,
                   {_number("part")} AS part, {_number("parts")} AS parts
            FROM ({rows}) QUALIFY count(*) OVER (PARTITION BY profile, order_id) > 1)
        SELECT place FROM (
            SELECT place, part, first_value(part) OVER latest AS latest_part, first_value(parts) OVER latest AS latest_parts,
                   row_number() OVER latest AS rank,
                   row_number() OVER (PARTITION BY profile, order_id, part ORDER BY {_RANK}) AS rank_of_part
            FROM several WINDOW latest AS (PARTITION BY profile, order_id ORDER BY {_RANK}))
        WHERE NOT CASE WHEN latest_part IS NULL THEN rank = 1
                       ELSE part IS NOT NULL AND rank_of_part = 1 AND part <= coalesce(latest_parts, latest_part) END"""
