"""A run may break off at any call, before it has an effect or after it: tried again, it comes to what it would have come to."""

from __future__ import annotations

import pytest

from tests.imports.stand_ins import Crash, Place

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
FIRST = HEAD + "".join(
    f"{order},SKU-{line},Thing {line},{line + 1},2010-12-0{1 + order % 9} 08:26:00,2.5{line},{1000 + order % 4}.0,France\n"
    for line in range(3) for order in range(1, 9)) + "99,SKU-1,Nobody's,1,2010-12-01 08:00:00,1.00,,France\n"
SECOND = FIRST.replace("3,SKU-1,Thing 1,2,", "3,SKU-1,Thing 1,5,") + "50,SKU-9,New,1,2010-12-08 08:00:00,9.99,1001.0,France\n"


@pytest.fixture
def place(tmp_path):
    return lambda: Place(tmp_path)


def came_to(place: Place) -> dict:
    """What people would see: the events that count, by message."""
    return {event.message_id: (event.ts, event.name, event.ids, event.body) for event in place.stream.applied().values()}


def calls_of(place: Place, data: str) -> int:
    """How many calls a run makes that nothing breaks."""
    before = place.wire.made
    place.run("r1", data.encode())
    return place.wire.made - before


def break_at(place: Place, call: int, takes_effect: bool, data: str, id_: str) -> None:
    """A run that breaks off at its `call`-th call."""
    place.begun(id_, data.encode())
    place.wire.made, place.wire.broken, place.wire.takes_effect = 0, call, takes_effect
    with pytest.raises(Crash):
        place.steps(id_)
    place.wire.broken = 0


@pytest.mark.parametrize("takes_effect", [False, True], ids=["before", "after"])
def test_a_run_that_breaks_off_anywhere_and_goes_on_comes_to_the_same(place, takes_effect):
    whole = place()
    calls = calls_of(whole, FIRST)
    assert calls > 60
    for call in range(1, calls + 1):
        broken = place()
        break_at(broken, call, takes_effect, FIRST, "r1")
        broken.steps("r1")
        assert came_to(broken) == came_to(whole), call
        assert broken.runs.runs["r1"].count == whole.runs.runs["r1"].count, call
        assert broken.rejects("r1") == whole.rejects("r1"), call
        assert len(broken.stream.applied()) == 8
        assert {event.revision for event in broken.stream.events} == {0}, call
        assert broken.runs.turns == {}


@pytest.mark.parametrize("takes_effect", [False, True], ids=["before", "after"])
def test_a_corrected_file_corrects_also_after_a_run_that_broke_off_for_good(place, takes_effect):
    whole = place()
    calls = calls_of(whole, FIRST)
    whole.run("r2", SECOND.encode())
    assert len(came_to(whole)) == 9
    for call in range(1, calls + 1):
        broken = place()
        break_at(broken, call, takes_effect, FIRST, "r1")
        broken.runs.turns.clear()  # whoever gave it up let the next one in
        broken.run("r2", SECOND.encode())
        assert came_to(broken) == came_to(whole), call


def test_a_correction_that_breaks_off_for_good_can_be_corrected_back(place):
    whole = place()
    whole.run("r1", FIRST.encode())
    before = whole.wire.made
    whole.run("r2", SECOND.encode())
    for call in range(1, whole.wire.made - before + 1, 2):
        broken = place()
        broken.run("r1", FIRST.encode())
        expected = came_to(broken)
        break_at(broken, call, True, SECOND, "r2")
        broken.runs.turns.clear()
        broken.run("r3", FIRST.encode())
        found = came_to(broken)
        assert {key: value for key, value in found.items() if key in expected} == expected, call
        broken.run("r4", FIRST.encode())
        assert came_to(broken) == found, call


def test_the_second_run_of_a_file_sends_nothing(place):
    one = place()
    one.run("r1", FIRST.encode())
    sent = len(one.stream.events)
    again = one.run("r2", FIRST.encode())
    assert (again.new, again.corrected, again.unchanged) == (0, 0, 8)
    assert len(one.stream.events) == sent
