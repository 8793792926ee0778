"""RFM on real orders, through the project's own reading of orders, against figures that others published and against plain
Python: CDNOW (Fader & Hardie 2001) and Online Retail (Chen et al. 2012)."""

from __future__ import annotations

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest

from infra.local.sample import cdnow
from socle.imports.ready import READY
from socle.iso import from_iso
from socle.profiles.orders import COMPLETED, REFUNDED
from socle.rfm.groups import GROUPS, fm_of, group_of
from socle.rfm.model import RfmRules
from socle.rfm.report import report
from tests.imports.rows import ONLINE_RETAIL, Importer
from tests.people import event
from tests.rfm.customers import DAY, by_hand, compute, scored, totals

SHARED = Path(__file__).parents[3] / "shared/data"
RETAIL = SHARED / "online_retail_to_2011-08.csv.gz"
END = from_iso("1998-07-01")
"""The day after the last of CDNOW's orders."""


def told_apart(messages: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Customer → totals of their orders, by the fold's own rules."""
    events = defaultdict(list)
    for number, message in enumerate(messages):
        events[message["userId"]].append(
            event(number, name=message["event"], ts=from_iso(message["timestamp"]), properties=message["properties"]))
    return {customer: totals(theirs) for customer, theirs in events.items()}


@pytest.fixture(scope="module")
def music() -> dict[str, Any]:
    return told_apart(cdnow.orders())


def lines() -> list[list[str]]:
    """The lines of the file themselves, of which everything is computed again."""
    return [line.split() for line in cdnow._data_file().splitlines() if line.strip()]


def test_cdnow_is_as_large_as_published(music):
    assert len(music) == 2_357
    assert sum(one["USD"]["count"] for one in music.values()) == 6_919


def test_scores_of_cdnow_are_those_that_plain_python_computes(music):
    bought: dict[str, list[list[str]]] = {
        f"cdnow-{name}": list(rows) for name, rows in groupby(lines(), key=lambda line: line[1])}
    cents = {name: sum(round(float(row[4]) * 100) for row in rows) for name, rows in bought.items()}
    bought = {name: rows for name, rows in bought.items() if cents[name] > 0}
    days = {name: (END - max(from_iso(f"{row[2][:4]}-{row[2][4:6]}-{row[2][6:]}") for row in rows)) // DAY
            for name, rows in bought.items()}
    recency = by_hand({name: -value for name, value in days.items()})
    frequency = by_hand({name: len(rows) for name, rows in bought.items()})
    monetary = by_hand({name: cents[name] for name in bought})
    assert {name: tuple(one) for name, one in scored(music, now=END).items()} == {
        name: (days[name], len(bought[name]), cents[name], recency[name], frequency[name], monetary[name],
               fm_of(frequency[name], monetary[name]), group_of(recency[name], frequency[name], monetary[name]))
        for name in bought}


def test_the_report_of_cdnow_adds_up(music):
    connection = compute(music, now=END)
    found = report(connection, RfmRules(), "USD", "r", END, None)
    customers = scored(music, now=END)
    assert found["customers"] == len(customers) == 2_349  # eight never paid anything
    assert found["revenue"] == sum(one["USD"]["revenue"] for one in music.values()) == 24_409_194
    assert [one["group"] for one in found["groups"]] == list(GROUPS)
    for group in found["groups"]:
        own = [one for one in customers.values() if one.group == group["group"]]
        assert (group["customers"], group["revenue"]) == (len(own), sum(one.worth for one in own))
        assert group["share"] == pytest.approx(len(own) / len(customers), abs=1e-4)
        if not own:
            assert (group["recency_days"], group["orders"], group["monetary"]) == (None, None, None)
            continue
        assert group["recency_days"] == pytest.approx(sum(one.days for one in own) / len(own), abs=0.1)
        assert group["orders"] == pytest.approx(sum(one.orders for one in own) / len(own), abs=0.01)
    assert len(found["grid"]) == 25
    assert sum(cell["customers"] for cell in found["grid"]) == found["customers"]
    assert {(cell["recency"], cell["fm"]): cell["customers"] for cell in found["grid"]}[5, 5] == sum(
        (one.recency, one.fm) == (5, 5) for one in customers.values())
    for score in ("recency", "frequency", "monetary"):
        fifths = found["quintiles"][score]
        assert sum(one["customers"] for one in fifths) == found["customers"]
        ranges = [(one["least"], one["greatest"]) for one in sorted(fifths, key=lambda one: one["least"])]
        assert all(upper < lower for (_, upper), (lower, _) in pairwise(ranges))
    # Half of all bought once only: equal values, equal scores, so there is no frequency 2.
    assert [one["score"] for one in found["quintiles"]["frequency"]] == [5, 4, 3, 1]


@pytest.mark.skipif(not (SHARED / "cdnow").exists(), reason="the published summary is not here")
def test_cdnow_until_the_end_of_september_1997_is_what_fader_and_hardie_published():
    """Their x is repeat purchases, days with several counting once; t_x and T are weeks from the first purchase."""
    end = from_iso("1997-09-30")
    until = [message for message in cdnow.orders() if from_iso(message["timestamp"]) <= end]
    days_bought = defaultdict(set)
    for message in until:
        days_bought[message["userId"]].add(message["timestamp"])
    found = scored(told_apart(until), now=end)
    with (SHARED / "cdnow/cdnow_customers_summary.csv").open() as file:
        published = {f"cdnow-{int(row['ID']):04}": row for row in csv.DictReader(file)}
    assert len(published) == 2_357
    for name, one in found.items():
        row = published[name]
        assert len(days_bought[name]) == int(row["frequency"]) + 1
        assert one.orders >= int(row["frequency"]) + 1
        assert one.days == round((float(row["T"]) - float(row["recency"])) * 7)


@pytest.mark.skipif(not RETAIL.exists(), reason="the published data set is not here")
def test_online_retail_is_scored_as_plain_python_does_and_customer_12347_has_five_orders():
    """Recency in days of 24 hours; cancelled orders (C…) are refunds, which `revenue` leaves out; anonymous rows are left out."""
    invoices: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    theirs = []
    with gzip.open(RETAIL, "rt", encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["CustomerID"]:
                invoices[row["CustomerID"].removesuffix(".0"), row["InvoiceNo"]].append(row)
            if row["CustomerID"] == "12347.0":
                theirs.append(row)
    rules, now = RfmRules(monetary="revenue"), from_iso("2011-09-01")
    at = {found: max(from_iso(moment) for moment in {row["InvoiceDate"] for row in rows}) for found, rows in invoices.items()}
    orders = defaultdict(list)
    for number, ((customer, invoice), rows) in enumerate(invoices.items()):
        cancelled = invoice.startswith("C")
        orders[customer].append(event(
            number, name=REFUNDED if cancelled else COMPLETED, ts=at[customer, invoice],
            properties={"order_id": invoice, "currency": "GBP", "products": [
                {"price": row["UnitPrice"], "quantity": abs(int(row["Quantity"]))} for row in rows]}))
    found = scored({customer: totals(events) for customer, events in orders.items()}, rules, now)
    assert (found["12347"].orders, found["12347"].worth) == (5, 279_086)
    counts: dict[str, int] = defaultdict(int)
    worth: dict[str, int] = defaultdict(int)
    last: dict[str, int] = defaultdict(int)
    for (customer, invoice), rows in invoices.items():
        if not invoice.startswith("C"):
            mills = sum(round(float(row["UnitPrice"]) * 1000) * int(row["Quantity"]) for row in rows)
            counts[customer] += 1
            worth[customer] += (mills + 5) // 10
            last[customer] = max(last[customer], at[customer, invoice])
    customers = {customer for customer, value in worth.items() if value > 0}
    recency = by_hand({customer: -((now - last[customer]) // DAY) for customer in customers})
    frequency = by_hand({customer: counts[customer] for customer in customers})
    monetary = by_hand({customer: worth[customer] for customer in customers})
    assert {customer: (one.orders, one.worth, one.recency, one.frequency, one.monetary) for customer, one in found.items()} == {
        customer: (counts[customer], worth[customer], recency[customer], frequency[customer], monetary[customer])
        for customer in customers}
    assert whole_way(theirs) == {"GBP": (5, 279_086)}


def whole_way(rows: list[dict[str, str]]) -> dict[str, tuple[int, int]]:
    """Orders and revenue of these lines when they are imported as any file is."""
    text = io.StringIO()
    csv.DictWriter(text, ONLINE_RETAIL.strip().split(",")).writerows(rows)
    importer = Importer(READY["order-lines"])
    importer.run(ONLINE_RETAIL + text.getvalue())
    return {currency: (one["count"], one["revenue"]) for currency, one in totals(importer.events).items()}
