"""Values that JSON can write and that little else likes: none of them stops a compaction, and none costs an event."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from socle.lake.columns import Column
from tests.lake.bucket import NOON, Lake
from tests.people import event, identify
from tests.world import World

# Halves of surrogate pairs are not among them: the edge lets none in (tests/events/test_half_characters.py).
ODD = {
    "a number beyond all doubles": "1e999", "a number of 400 digits": "9" * 400, "a number of 5,000 digits": "9" * 5_000,
    "a tiny number": "1e-999", "minus zero": "-0.0", "NUL": '"a\\u0000b"', "a whole surrogate pair": '"\\ud83d\\ude00"',
    "a name with NUL": '{"a\\u0000b":1}', "an empty name": '{"":1}', "a name twice": '{"a":1,"a":2}',
    "a deep array": "[" * 30 + "]" * 30, "line separators": '"\\u2028\\u2029\\u0085"',
    "all kinds in an array": '[1e999,null,true,"a\\u0000",{"b":[1]}]',
}
COLUMNS = [Column(table, path, kind) for table in ("events", "traits") for path in ("odd", "odd.a")
           for kind in ("x", "s", "n", "b", "di", "dc")]
COLUMNS += [Column(table, "odd[]", kind) for table in ("events", "traits") for kind in ("x", "ls", "ln")]


@pytest.fixture(scope="module")
def lake() -> Lake:
    """For each value somebody with an event and a trait that have it, as if the edge had let it in."""
    world, found = World(), Lake()
    for number in range(len(ODD)):
        who = ("user_id", f"u{number}")
        world.deliver(event(2 * number, who, properties={"odd": f"${number}$"}),
                      identify(2 * number + 1, who, traits={"odd": f"${number}$"}))
    for name, data in world.raw.objects.items():
        text = gzip.decompress(data).decode()
        for number, value in enumerate(ODD.values()):
            text = text.replace(f'"${number}$"', value)
        found.raw.save(name, NOON, gzip.compress(text.encode()))
    found.columns = COLUMNS
    found.run("one")
    return found


def values(lake: Lake, table: str, path: str, kind: str) -> dict[str, Any]:
    """What each of ODD is in a column."""
    column = Column(table, path, kind)
    key, view = ("profile", "profiles") if table == "traits" else ("message_id", "events WHERE type = 'track'")
    found = lake.rows(f'SELECT {key}, "{column.name}" FROM {view}', COLUMNS)
    return dict(zip(ODD, (value for _, value in sorted(found, key=lambda row: int(row[0].strip("mp-")))), strict=True))


def test_every_event_and_every_profile_is_in_the_lake_and_can_be_read(lake: Lake) -> None:
    assert len(lake.rows("SELECT message_id, properties FROM events", COLUMNS)) == 2 * len(ODD)
    assert len(lake.rows("SELECT profile, traits FROM profiles", COLUMNS)) == len(ODD)
    for table, view in (("events", "events"), ("traits", "profiles")):
        names = ", ".join(f'"{column.name}"' for column in COLUMNS if column.table == table)
        assert len(lake.rows(f"SELECT count(*), count({names.replace(', ', '), count(')}) FROM {view}", COLUMNS)) == 2


@pytest.mark.parametrize("table", ["events", "traits"])
def test_what_is_no_number_for_a_condition_is_none_in_the_lake(lake: Lake, table: str) -> None:
    numbers = values(lake, table, "odd", "n")
    assert {about: number for about, number in numbers.items() if number is not None} == {"a tiny number": 0, "minus zero": 0}
    assert all(values(lake, table, "odd", "x").values())


@pytest.mark.parametrize("table", ["events", "traits"])
def test_text_comes_back_with_every_character(lake: Lake, table: str) -> None:
    texts = values(lake, table, "odd", "s")
    assert {about: text for about, text in texts.items() if text is not None} == {
        "NUL": "a\0b", "a whole surrogate pair": "\U0001f600", "line separators": "\u2028\u2029\u0085"}


def test_an_object_that_nobody_can_read_stops_nothing_even_if_it_is_the_only_one() -> None:
    lake, world = Lake(), World()
    world.deliver(event(1, ("user_id", "u"), properties={"odd": "$"}))
    (good,) = world.raw.objects.values()
    lake.raw.save("half", NOON, gzip.compress(gzip.decompress(good).replace(b'"$"', b'"\\ud83d"')))
    assert len(lake.run("one")["unreadable"]) == 1
    lake.raw.save("whole", NOON, good)
    lake.s3.now += 60_000
    lake.run("two")
    assert lake.rows() == ["m-1"]
