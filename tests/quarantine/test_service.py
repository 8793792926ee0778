"""Letting events out of quarantine: on the stream first, gone second, and nothing else with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from socle.errors import NotFound, Unavailable
from socle.events.model import Quarantined
from socle.quarantine.service import Quarantine
from socle.quarantine.store import QuarantineStore

GOOD = json.dumps({"type": "track", "event": "X", "userId": "u1", "messageId": "m"})
BAD = json.dumps({"type": "dance", "userId": "u1"})


def row(number: int, raw: str = GOOD, received: int = 1_767_225_600_000) -> Quarantined:
    return Quarantined(number, f"m-{number}", "bad_type", "type", "say which", "shop", received, raw)


@pytest.fixture
def store() -> Iterator[QuarantineStore]:
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="bucket")
        yield QuarantineStore(s3, "bucket")


def test_every_event_is_on_one_page(store: QuarantineStore) -> None:
    store.save("one", [row(0), row(1), row(2)])
    store.save("two", [row(3, received=1_767_225_700_000)])
    quarantine = Quarantine(store, list)
    seen: list[str | None] = []
    cursor = None
    for _ in range(6):
        page = quarantine.page(1, cursor=cursor)
        seen += [held.row.message_id for held in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == ["m-3", "m-2", "m-1", "m-0"]


def test_what_the_stream_does_not_take_stays(store: QuarantineStore) -> None:
    store.save("one", [row(0)])

    def down(events: Any) -> None:
        raise Unavailable("stream_unavailable", "try again")

    [held] = Quarantine(store, down).page(10).items
    with pytest.raises(Unavailable):
        Quarantine(store, down).replay([held.id])
    assert [one.id for one in Quarantine(store, down).page(10).items] == [held.id]


def test_what_is_still_at_fault_stays(store: QuarantineStore) -> None:
    store.save("one", [row(0), row(1, BAD)])
    published: list[Any] = []
    quarantine = Quarantine(store, published.extend)
    done = quarantine.replay_all(None, None)
    assert (done.replayed, [failure.fault.code for failure in done.failures]) == (1, ["bad_type"])
    assert [held.row.message_id for held in quarantine.page(10).items] == ["m-1"]


def test_nothing_is_replayed_when_one_of_the_chosen_is_gone(store: QuarantineStore) -> None:
    store.save("one", [row(0), row(1)])
    published: list[Any] = []
    quarantine = Quarantine(store, published.extend)
    first, second = quarantine.page(10).items
    quarantine.discard(first.id)
    with pytest.raises(NotFound):
        quarantine.replay([second.id, first.id])
    assert published == []
    assert quarantine.page(10).items[0].id == second.id
