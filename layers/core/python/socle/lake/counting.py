"""Which rows of events count for their person: in SQL, over the keys of all rows of some buckets.

Which rows count:

- Of one event in one partition and revision there is one row, however often it was reported.
- A row `gone` (an unmerge took the event out of the partition) hides what came into the partition before: every plain row,
  whenever it arrives, and what an earlier unmerge moved in. Only what a later one moves in counts again.
- A person has one row of each key (client timestamp, messageId): the highest revision in any of their partitions.
- If that says `voided`, the key counts for nothing.
- Of the events that complete one order only what stands counts (standing.py).

Rows that do not count lie in the shadow: an unmerge may need them.

Nearly every key is there once, in a plain row: it counts, and nothing is looked up for it but that.
"""

# ruff: noqa: S608 (the SQL is put together from this module's own constants)
from __future__ import annotations

from socle.lake.query import Connection
from socle.lake.standing import replaced


def find_what_counts(connection: Connection, rows: str) -> None:
    """Make the tables `shaded` (rows that do not count, but may) and `dropped` (rows of which there is another), by their place.

    rows    a query: place (a number for each row), profile and the columns of a row of events (scatter)
    """
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE keys AS
        SELECT place, hash(profile, ts, message_id) AS key, profile, partition, ts, message_id, revision, moved, gone, voided,
               CASE WHEN order_id IS NOT NULL AND name = 'Order Completed' AND type = 'track' THEN hash(profile, order_id) END
               AS of_order
        FROM ({rows})""")
    # Two keys of one hash are looked at together, and found to be two.
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE doubtful AS
        SELECT * FROM keys WHERE gone OR voided OR key IN (SELECT key FROM keys GROUP BY key HAVING count(*) > 1)""")
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE kept AS
        SELECT *, NOT gone AND coalesce(moved > left_at, true) AS lies FROM (
            SELECT *, max(moved) FILTER (gone) OVER (PARTITION BY partition, ts, message_id, revision) AS left_at
            FROM doubtful
            QUALIFY row_number() OVER (PARTITION BY partition, ts, message_id, revision, gone ORDER BY moved DESC, place) = 1)""")
    connection.execute("CREATE OR REPLACE TEMP TABLE dropped AS SELECT place FROM doubtful EXCEPT SELECT place FROM kept")
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE shaded AS
        SELECT place FROM kept EXCEPT SELECT place FROM (
            SELECT place, voided FROM kept WHERE lies
            QUALIFY row_number() OVER (PARTITION BY profile, ts, message_id
                                       ORDER BY revision DESC, partition = profile DESC, partition) = 1)
        WHERE NOT voided""")
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE completing AS
        SELECT place FROM (
            SELECT place, of_order FROM keys WHERE of_order IS NOT NULL AND place NOT IN (SELECT place FROM dropped)
                                                   AND place NOT IN (SELECT place FROM shaded))
        QUALIFY count(*) OVER (PARTITION BY of_order) > 1""")
    if connection.execute("SELECT count(*) FROM completing").fetchone()[0]:
        found = f"SELECT * FROM ({rows}) WHERE name = 'Order Completed' AND place IN (SELECT place FROM completing)"
        connection.execute(f"INSERT INTO shaded {replaced(found)}")
