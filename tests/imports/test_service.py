"""The steps of a run: what is counted, what is sent, what is not taken, and what stays apart."""

from __future__ import annotations

import csv
import io
import json

import pytest

from socle.errors import Conflict, Rejected, Unavailable
from socle.imports.model import Mapping
from socle.imports.runs import CANCELLED, FAILED, SUCCEEDED, own_key
from socle.imports.service.finish import remember_failure
from tests.imports.stand_ins import NOW, Place

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
PEOPLE = Mapping.model_validate({"kind": "people", "identifiers": {"user_id": "id"}, "traits": {"city": "city"}})
ITEMS = Mapping.model_validate({"kind": "catalog", "item": {"type": "stores", "id": "id"}, "properties": {"city": "city"}})


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def lines(order: int, count: int, customer: str = "1.0", quantity: str = "2") -> str:
    return "".join(f"{order},S{n},Thing,{quantity},2010-12-01 08:26:00,2.50,{customer},France\n" for n in range(count))


def test_the_lines_of_an_order_are_one_event_wherever_they_stand(place):
    mixed = HEAD + lines(1, 2) + lines(2, 1) + lines(1, 1)
    count = place.run("r1", mixed.encode())
    assert (count.rows, count.new, count.rejected.total()) == (4, 2, 0)
    assert sorted(len(event.body["properties"]["products"]) for event in place.stream.events) == [1, 3]


def test_a_dry_run_counts_the_same_and_sends_and_remembers_nothing(place):
    data = (HEAD + lines(1, 2) + lines(2, 1, customer="")).encode()
    dry = place.run("r1", data, dry_run=True)
    assert place.stream.events == []
    assert not [key for key in place.files.objects if key.startswith("import-state/")]
    assert len(place.rejects("r1")) == 2
    assert place.run("r2", data) == dry


def test_rejects_are_the_rows_as_they_were_in_their_order_with_the_reason(place):
    data = HEAD + lines(1, 1, customer="") + lines(2, 1) + lines(3, 1, quantity="many")
    place.run("r1", data.encode())
    found = list(csv.DictReader(io.StringIO("\n".join(place.rejects("r1")))))
    assert [(row["InvoiceNo"], row["Quantity"], row["import_row"], row["import_code"]) for row in found] == [
        ("1", "2", "2", "no_identifier"), ("3", "many", "4", "bad_number")]


def test_an_order_is_taken_whole_or_not_at_all(place):
    good = HEAD + lines(1, 2) + lines(2, 1)
    place.run("r1", good.encode())
    bad = good.replace("1,S1,Thing,2,", "1,S1,Thing,many,").replace("1,S0,Thing,2,", "1,S0,Thing,7,")
    count = place.run("r2", bad.encode())
    assert (count.corrected, count.unchanged, dict(count.rejected)) == (0, 1, {"bad_number": 1, "incomplete": 1})
    rejects = "\n".join(place.rejects("r2"))
    assert [row["import_code"] for row in csv.DictReader(io.StringIO(rejects))] == ["incomplete", "bad_number"]
    mended = place.run("r3", rejects.replace("many", "9").encode())
    assert (mended.rows, mended.corrected) == (2, 1)
    orders = [event.body["properties"]["products"] for event in place.stream.applied().values()]
    assert sorted(product["quantity"] for products in orders for product in products) == [2, 7, 9]


def test_what_the_checks_of_events_refuse_is_rejected_with_its_row_and_not_remembered(place):
    data = b"id,city\n1,Paris\n" + b"x" * 300 + b",Lyon\n2,Nice\n"
    count = place.run("r1", data, mapping=PEOPLE, name="people.csv")
    assert (count.new, dict(count.rejected)) == (2, {"id_too_long": 1})
    (row,) = csv.DictReader(io.StringIO("\n".join(place.rejects("r1"))))
    assert (row["city"], row["import_row"], row["import_code"]) == ("Lyon", "3", "id_too_long")
    again = place.run("r2", data, mapping=PEOPLE, name="people.csv")
    assert (again.new, again.unchanged, again.rejected.total()) == (0, 2, 1)


def test_rows_of_a_catalogue_are_items_and_no_events(place):
    data = b"id,city\nA,Paris\nB,Lyon\n"
    assert place.run("r1", data, mapping=ITEMS, name="stores.csv").items == 2
    assert place.items.items["stores", "A"].fields["city"] == "Paris"
    assert place.stream.events == []
    changed = place.run("r2", data.replace(b"Lyon", b"Nice"), mapping=ITEMS, name="stores.csv")
    assert (changed.items, changed.unchanged) == (1, 1)
    assert place.items.items["stores", "B"].fields["city"] == "Nice"


def test_a_row_that_the_catalogue_cannot_hold_is_rejected_alone(place):
    rows = ['{"id": "A", "city": "Paris"}', '{"id": "%s"}' % ("L" * 300), '{"id": "B", "city": "%s"}' % ("x" * 40_000),
            '{"id": "C", "city": "half \\ud800"}', '{"id": "D", "city": "Lyon"}']
    count = place.run("r1", "\n".join(rows).encode(), mapping=ITEMS, name="stores.ndjson")
    assert (count.items, dict(count.rejected)) == (2, {"id_too_long": 1, "item_too_large": 1, "not_unicode": 1})


def test_one_run_of_a_mapping_at_a_time(place):
    data = (HEAD + lines(1, 1)).encode()
    for id_ in ("r1", "r2"):
        place.begun(id_, data)
    tasks = place.splitter.split("r1", NOW, lambda: 900_000)
    with pytest.raises(Conflict):
        place.splitter.split("r2", NOW, lambda: 900_000)
    for task in tasks:
        place.converter.convert("r1", task, NOW)
    place.finisher.finish("r1", NOW)
    place.steps("r2")
    assert place.runs.runs["r2"].count["unchanged"] == 1


def test_two_runs_that_meet_all_the_same_end_with_the_later_one(place):
    """Somebody broke off the first one's turn while a step of it was still at work."""
    first, second = HEAD + lines(1, 1, quantity="2"), HEAD + lines(1, 1, quantity="3")
    place.begun("r1", first.encode())
    task = place.splitter.split("r1", NOW, lambda: 900_000)[0]
    replace, met = place.files.replace, []

    def meet(key, data, etag):
        if not met:
            met.append(key)
            place.runs.turns.clear()
            place.run("r2", second.encode())
        replace(key, data, etag)

    place.files.replace = meet
    with pytest.raises(Conflict):
        place.converter.convert("r1", task, NOW)
    place.converter.convert("r1", task, NOW)
    place.run("r3", second.encode())
    (event,) = place.stream.applied().values()
    assert event.body["properties"]["products"][0]["quantity"] == 3


def test_a_cancelled_run_stops_before_its_next_bucket(place):
    place.begun("r1", (HEAD + lines(1, 1)).encode())
    (task,) = place.splitter.split("r1", NOW, lambda: 900_000)
    place.runs.save(place.runs.runs["r1"].next(state=CANCELLED))
    with pytest.raises(Rejected, match="cancelled"):
        place.converter.convert("r1", task, NOW)
    assert place.stream.events == []


def test_a_throttled_stream_is_waited_for_and_given_up_in_the_end(place):
    place.begun("r1", (HEAD + lines(1, 1)).encode())
    (task,) = place.splitter.split("r1", NOW, lambda: 900_000)
    put, failures = place.stream.put, [Unavailable("stream_unavailable", "later")] * 2

    def throttled(records):
        if failures:
            raise failures.pop()
        put(records)

    place.stream.put = throttled
    place.converter.convert("r1", task, NOW)
    assert place.waited == [1_000, 2_000]
    assert len(place.stream.events) == 1


def test_a_run_that_is_given_up_says_why_and_lets_the_next_one_in(place):
    place.begun("r1", b"A,B\n1,2\n")
    with pytest.raises(Rejected) as fault:
        place.splitter.split("r1", NOW, lambda: 900_000)
    remember_failure(place.runs, "r1", fault.value)
    place.finisher.give_up("r1", NOW)
    run = place.runs.runs["r1"]
    assert (run.state, run.failure.code, run.failure.field) == (FAILED, "missing_column", "identifiers.user_id")
    assert place.runs.turns == {}
    place.finisher.give_up("r1", NOW + 1)
    assert place.runs.runs["r1"] == run


def test_a_file_that_changed_since_the_start_is_refused(place):
    place.begun("r1", (HEAD + lines(1, 1)).encode())
    place.files.write("uploads/r1/orders.csv", b"else")
    with pytest.raises(Rejected) as fault:
        place.splitter.split("r1", NOW, lambda: 900_000)
    assert fault.value.code == "file_changed"


def test_a_file_that_takes_too_long_says_what_to_do(place, monkeypatch):
    monkeypatch.setattr("socle.imports.service.split.NOTED", 2)
    place.begun("r1", (HEAD + lines(1, 5)).encode())
    with pytest.raises(Rejected) as fault:
        place.splitter.split("r1", NOW, lambda: 5_000)
    assert fault.value.code == "too_slow"


def test_a_large_file_is_cut_into_pieces_and_comes_to_the_same(place, tmp_path, monkeypatch):
    data = (HEAD + "".join(lines(order, 3, f"{order}.0") for order in range(400))).encode()
    whole = Place(tmp_path)
    expected = whole.run("r1", data)
    monkeypatch.setattr("socle.imports.pieces.HELD", 200)
    monkeypatch.setattr("socle.imports.pieces._TOGETHER", 2)
    monkeypatch.setattr("socle.imports.pieces._BLOCK", 256)
    assert place.run("r1", data) == expected
    split = json.loads(place.files.objects[own_key("r1", "split.json")][0])
    assert max(map(len, split["buckets"].values())) > 1
    assert place.stream.applied().keys() == whole.stream.applied().keys()


def test_a_finished_run_stays_as_it_is(place):
    place.run("r1", (HEAD + lines(1, 1)).encode())
    run = place.runs.runs["r1"]
    assert run.state == SUCCEEDED
    place.finisher.finish("r1", NOW + 5)
    place.finisher.give_up("r1", NOW + 5)
    assert place.runs.runs["r1"] == run
