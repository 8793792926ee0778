"""An entry is read back as it was written."""

from __future__ import annotations

import pytest

from socle.journeys.model.entry import HOLDOUT, Entry, Hit, Hold

BARE = Entry("a" * 20, "cart", 3, "c1", 1_000, "event", "p1", (1_000, "event"))


@pytest.mark.parametrize("entry", [
    BARE,
    BARE._replace(ended=1_000, reason=HOLDOUT),  # ended as it began
    BARE._replace(ended=5_000, reason="completed", goal=1_000),
    BARE._replace(goal=4_000, hits={"Bought?": Hit(3_000, "k", "Order Completed")}),
    BARE._replace(hold=Hold("Bought?", 2, (1_500, "k"), 9_000, "Order Completed")),
])
def test_an_entry_is_read_back_as_it_was_written(entry: Entry) -> None:
    assert Entry.from_row(entry.to_row()) == entry
