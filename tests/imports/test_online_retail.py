"""Online Retail, whole: 320,705 lines become 3,360 people with what they ordered and gave back, to the penny."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from socle.imports import convert
from socle.imports.formats import open_rows
from socle.imports.ready import READY
from socle.imports.state import dump, load, reconcile
from socle.profiles.money import amount, minor
from tests.imports.rows import drafts, prepared

FILE = Path(__file__).parents[3] / "shared/data/online_retail_to_2011-08.csv.gz"
SHOP = READY["order-lines"]


exactly = cache(amount)


def worth(message):
    products = message["properties"]["products"]
    return minor(sum((exactly(one["price"]) * exactly(one["quantity"]) for one in products), Decimal(0)), "GBP")


@pytest.mark.skipif(not FILE.exists(), reason="the published data set is not here")
def test_online_retail_is_worth_what_its_lines_are_and_a_second_time_nothing_is_sent():
    """Orders are rounded once each; what they come to is proven on small files, so here messages are only added up."""
    with FILE.open("rb") as stream:
        file = open_rows(stream, FILE.name, SHOP.format)
        plan = convert.plan("order-lines", SHOP, file.columns)
        good, rejects = prepared(plan, file.rows)
    assert Counter((row.code, row.column) for row in rejects) == {("no_identifier", "CustomerID"): 88_652}
    assert len(good) == 320_705 - 88_652
    found = drafts(plan, good)
    sent = [draft.message for draft in found if not draft.is_void]
    assert len({message["userId"] for message in sent}) == 3_360
    assert Counter(message["event"] for message in sent) == {"Order Completed": 11_415, "Order Refunded": 2_427}
    total = Counter()
    for message in sent:
        total[message["event"]] += worth(message)
    assert total == {"Order Completed": 523_924_056, "Order Refunded": 32_013_283}
    assert sum(one["price"] == 0 for message in sent for one in message["properties"]["products"]) == 21
    assert sum(len(message["properties"]["products"]) for message in sent) == len(good)
    first = reconcile({}, found)
    assert (first.new, len(first.send)) == (13_842, 13_842)
    assert reconcile(load(dump(first.state)), found).send == []
