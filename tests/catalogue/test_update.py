"""The catalogue reads every raw object once, whatever comes late, crashes, or runs at the same time."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from socle.catalogue.progress import OPEN_DAYS, OVERLAP, QUIET, Day, Object, Progress
from socle.catalogue.service import Listing, update
from socle.catalogue.store import CatalogueStore
from socle.errors import Conflict, NotFound, Rejected, Unavailable
from socle.lake.raw import encode_raw
from socle.quality.validity import invalid
from tests.people import T0, event, identify


def plenty() -> int:
    return 900_000


class Crashing(CatalogueStore):
    """A bucket that fails at the nth save, before or after the object is there."""

    at, after, saves = 0, False, 0

    def save(self, *given):
        type(self).saves += 1
        if self.saves == self.at and not self.after:
            raise Unavailable("unavailable", "the bucket is down")
        answer = super().save(*given)
        if self.saves == self.at:
            raise Unavailable("unavailable", "the answer was lost")
        return answer


@pytest.fixture
def s3() -> Iterator:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        yield client


def put(s3, name: str, *numbers: int, day: str = "2026-01-01") -> None:
    s3.put_object(Bucket="bucket", Key=f"raw/dt={day}/{name}.ndjson.gz",
                  Body=encode_raw({"p": [event(number, name=f"E{number % 3}") for number in numbers]}, []))


def count(store: CatalogueStore) -> int:
    return store.load()[0].rows["events"]


def test_an_object_is_read_once_and_new_ones_are_found(s3):
    store = CatalogueStore(s3, "bucket")
    put(s3, "b", 1, 2)
    assert (update(store, invalid, T0, plenty), count(store)) == (1, 2)
    assert (update(store, invalid, T0, plenty), count(store)) == (0, 2)
    put(s3, "a", 3)  # comes later, sorts before
    put(s3, "c", 4, day="2026-01-02")
    assert (update(store, invalid, T0 + 1, plenty), count(store)) == (2, 4)


def test_an_object_that_comes_late_into_an_old_day_is_read_within_a_day(s3):
    store = CatalogueStore(s3, "bucket")
    for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
        put(s3, "a", 1, day=day)
    update(store, invalid, T0, plenty)
    put(s3, "late", 2)
    put(s3, "b", 3, day="2026-01-03")
    assert (update(store, invalid, T0 + 1, plenty), count(store)) == (1, 4)
    assert (update(store, invalid, T0 + QUIET, plenty), count(store)) == (1, 5)


def test_a_backlog_is_read_in_portions_as_long_as_there_is_time(s3):
    store = CatalogueStore(s3, "bucket")
    for number in range(7):
        put(s3, f"o{number}", number)
    assert update(store, invalid, T0, lambda: 1_000, portion=3) == 3
    assert update(store, invalid, T0, plenty, portion=3) == 4
    assert count(store) == 7


def test_a_day_is_listed_once_however_much_there_is_to_read(s3):
    class Counting(CatalogueStore):
        listed = 0

        def objects(self, day):
            self.listed += 1
            return super().objects(day)

    for number in range(7):
        put(s3, f"o{number}", number)
    store = Counting(s3, "bucket")
    assert (update(store, invalid, T0, plenty, portion=2), store.listed, count(store)) == (7, 1, 7)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_an_update_that_breaks_off_anywhere_counts_everything_once_in_the_end(s3, monkeypatch, at, after):
    for number in range(5):
        put(s3, f"o{number}", number, number + 10, day=f"2026-01-0{1 + number % 2}")
    for name, value in (("at", at), ("after", after), ("saves", 0)):
        monkeypatch.setattr(Crashing, name, value)
    store = Crashing(s3, "bucket")
    with pytest.raises(Unavailable):
        update(store, invalid, T0, plenty, portion=2)
    update(store, invalid, T0 + QUIET, plenty, portion=2)
    assert count(store) == 10


def test_of_two_updates_at_the_same_time_one_stops_and_nothing_counts_twice(s3):
    store = CatalogueStore(s3, "bucket")
    put(s3, "a", 1)

    class Slow(CatalogueStore):
        def save(self, *given):
            update(store, invalid, T0, plenty)
            return super().save(*given)

    with pytest.raises(Conflict):
        update(Slow(s3, "bucket"), invalid, T0, plenty)
    assert count(store) == 1


def test_a_damaged_object_is_passed_over(s3):
    store = CatalogueStore(s3, "bucket")
    s3.put_object(Bucket="bucket", Key="raw/dt=2026-01-01/bad.ndjson.gz", Body=b"no gzip")
    put(s3, "good", 1)
    assert (update(store, invalid, T0, plenty), count(store)) == (2, 1)


KEYS = st.integers(0, 30).map(lambda number: f"raw/dt=x/{number}")


@given(st.lists(st.tuples(st.dictionaries(KEYS, st.integers(0, OVERLAP), max_size=5), st.integers(1, 4)), max_size=8))
def test_whatever_comes_when_every_object_is_read_exactly_once(rounds):
    """Objects appear below others by up to OVERLAP, and of those unread only some are read in each round."""
    day, there, read, newest = Day(), {}, [], T0
    for new, portion in [*rounds, *[({}, 1_000)] * 2]:
        floor = newest - OVERLAP
        there |= {key: floor + 1 + age for key, age in new.items() if key not in there}
        newest = max([newest, *there.values()])
        objects = [Object(key, modified) for key, modified in there.items()]
        taken = day.unread(objects)[:portion]
        read += [one.key for one in taken]
        day = day.after(objects, taken, 0)
    assert sorted(read) == sorted(there)


def test_old_days_are_closed_and_never_listed_again():
    days = [f"2026-01-{number:02}" for number in range(1, 16)]
    progress = Progress(days={day: Day(listed=1) for day in days})
    progress.close(days)
    assert (progress.closed, len(progress.days)) == ("2026-01-05", OPEN_DAYS)
    assert progress.open(days, QUIET * 2)[0] == "2026-01-06"
    assert Progress.from_json(progress.to_json()) == progress


def test_readers_see_names_in_pages_with_fill_rate_and_one_event_with_its_properties(s3):
    store = CatalogueStore(s3, "bucket")
    s3.put_object(Bucket="bucket", Key="raw/dt=2026-01-01/a.ndjson.gz", Body=encode_raw({"p": [
        identify(1, traits={"email": "a@example.com", "age": 3}), identify(2, traits={"age": "4"}),
        event(3, name="Viewed", properties={"sku": "a"}), event(4, name="Viewed")]}, []))
    update(store, invalid, T0, plenty)
    listing = Listing(store, lambda: ({"email": 1, "age": 2}, 4), lambda: [])
    first = listing.page("trait", 1)
    second = listing.page("trait", 1, first["next"])
    assert [(item["name"], item["fill_rate"], item["types"]) for item in [*first["items"], *second["items"]]] == [
        ("age", 0.5, {"integer": 1, "string": 1}), ("email", 0.25, {"string": 1})]
    assert (second["next"], first["unlisted"]) == (None, 0)
    assert listing.event("Viewed")["properties"] == {"sku": {"types": {"string": 1}, "share": 0.5}}
    with pytest.raises(NotFound):
        listing.event("Never")
    with pytest.raises(Rejected, match="cursor"):
        listing.page("event", 1, first["next"])
