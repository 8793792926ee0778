"""Rows that another system pushes: what becomes of each, and of requests that are too much."""

from __future__ import annotations

import json
from typing import Any

import pytest

from socle.errors import Rejected
from socle.events.wire import Request
from socle.imports.service import hooks
from socle.imports.service.hooks import Hooks
from tests.imports.stand_ins import NOW, MemoryStream, Wire

LINE = {"InvoiceNo": "1", "StockCode": "A", "Quantity": 2, "UnitPrice": 2.5, "CustomerID": 17850.0}


class Collector:
    """Knows every key."""

    def source(self, write_key: str | None, now: int) -> str:
        return "shop"


class Nothing:
    """Nobody saved a mapping: the ready ones remain."""

    def current(self, kind: str, name: str) -> None:
        return None


@pytest.fixture
def stream():
    return MemoryStream(Wire())


def push(stream: MemoryStream, name: str, body: Any, now: int = NOW) -> list[tuple[int, str]]:
    collaborators: Any = (Collector(), stream, Nothing())
    request = Request(None, "key", json.dumps(body).encode(), "", "")
    return [(one.index, one.code) for one in Hooks(*collaborators).collect(request, name, now).quarantined]


def test_columns_are_found_whatever_their_case_as_in_a_file(stream):
    assert push(stream, "crm-contacts", {"EMAIL": "a@example.com", "first name": "Ada"}) == []
    (event,) = stream.events
    assert event.ids == (("email", "a@example.com"),)
    assert event.body["traits"]["firstName"] == "Ada"


def test_an_order_is_taken_whole_or_not_at_all(stream):
    """Half of it would be counted, and the whole one, pushed later, taken for what is known already."""
    bad, other = {**LINE, "Quantity": "many"}, {**LINE, "InvoiceNo": "2"}
    assert push(stream, "order-lines", [LINE, bad, other]) == [(0, "incomplete"), (1, "bad_number")]
    assert [event.body["properties"]["order_id"] for event in stream.events] == ["2"]
    assert [json.loads(one.raw)["Quantity"] for one in stream.quarantined] == [2, "many"]
    assert push(stream, "order-lines", [LINE, LINE]) == []
    assert [len(event.body["properties"]["products"]) for event in stream.events] == [1, 2]


def test_fields_that_the_mapping_does_not_want_cost_nothing(stream, monkeypatch):
    monkeypatch.setattr(hooks, "MAX_CELLS", 100)
    rows = [{**LINE, "InvoiceNo": f"A{row}", **{f"f{row}-{column}": 1 for column in range(50)}} for row in range(5)]
    assert push(stream, "order-lines", rows) == []
    assert len(stream.events) == 5


def test_more_different_fields_than_can_be_looked_at_are_refused_before_anything_is_taken(stream, monkeypatch):
    monkeypatch.setattr(hooks, "MAX_CELLS", 100)
    rows = [{"email": f"p{row}@example.com", **{f"f{row}-{column}": 1 for column in range(20)}} for row in range(5)]
    with pytest.raises(Rejected) as fault:
        push(stream, "crm-contacts", rows)
    assert fault.value.code == "too_many_columns"
    assert stream.events == []


def test_who_moves_away_and_back_lives_where_the_last_push_says(stream):
    for later, city in enumerate(("Paris", "Lyon", "Paris")):
        push(stream, "crm-contacts", {"Email": "a@example.com", "City": city}, NOW + later)
    events = sorted(stream.applied().values(), key=lambda event: event.at)
    assert [event.body["traits"]["city"] for event in events] == ["Paris", "Lyon", "Paris"]


def test_an_order_that_is_pushed_again_counts_once_as_it_came_last(stream):
    for later, quantity in enumerate((2, 2, 3)):
        push(stream, "order-lines", {**LINE, "Quantity": quantity}, NOW + later)
    (event,) = stream.applied().values()
    assert event.body["properties"]["products"][0]["quantity"] == 3
