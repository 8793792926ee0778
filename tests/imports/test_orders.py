"""Lines of orders become one event per order, whatever their order in the file, and again when the file is corrected."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.imports import convert
from socle.imports.model import Mapping, Row
from socle.imports.ready import READY
from socle.profiles.fold import highest_revisions, refold
from tests.imports.rows import LINES, NOW, ONLINE_RETAIL, Importer, converted, drafts, opened, prepared

SHOP = READY["order-lines"]
SMALL = Mapping.model_validate({
    "kind": "orders", "identifiers": {"user_id": "user"}, "timestamp": "at", "properties": {"shop": "shop"},
    "order": {"order_id": "order", "price": "price", "quantity": "quantity", "currency": {"value": "EUR"},
              "products": {"sku": "sku"}, "cancelled": {"column": "status", "values": ["Cancelled"]}}})
HEAD = "order,user,at,sku,price,quantity,status,shop\n"


def orders(importer, user="17850"):
    shown = refold([event for event in importer.events if ("user_id", user) in event.ids]).orders
    return {currency: (one.completed, one.revenue, one.refunds, one.refunded) for currency, one in shown.items()}


def imported(*files):
    importer = Importer(SMALL)
    for number, file in enumerate(files):
        importer.run(HEAD + file, NOW + number)
    return importer


def test_an_order_is_one_event_with_its_lines_as_products():
    importer = Importer(SHOP)
    assert importer.run(LINES) == 4
    found = {event.body["properties"]["order_id"]: event for event in importer.events}
    assert found["536365"].body["properties"] == {
        "order_id": "536365", "country": "United Kingdom", "currency": "GBP", "products": [
            {"sku": "71053", "name": "WHITE LANTERN", "price": 3.39, "quantity": 6},
            {"sku": "85123A", "name": "HEART HOLDER", "price": 2.55, "quantity": 6}]}
    assert [(event.name, event.ids, event.ts) for event in [found["536365"]]] == [
        ("Order Completed", (("user_id", "17850"),), 1291191960000)]


def test_equal_lines_of_one_order_are_both_kept():
    importer = Importer(SHOP)
    importer.run(LINES)
    assert orders(importer) == {"GBP": (2, 1530 + 2034 + 2 * 1110, 0, 0)}


def test_a_cancelled_invoice_is_a_refund_with_positive_quantities():
    importer = Importer(SHOP)
    importer.run(LINES)
    refund = next(event for event in importer.events if event.name == "Order Refunded")
    assert refund.body["properties"]["products"] == [{"sku": "D", "name": "Discount", "price": 27.5, "quantity": 1}]
    assert orders(importer, "14527") == {"GBP": (0, 0, 1, 2750)}


def test_a_line_at_price_zero_is_kept_and_a_row_without_a_customer_is_rejected_as_such():
    importer = Importer(SHOP)
    importer.run(LINES)
    assert orders(importer, "12583") == {"GBP": (1, 0, 0, 0)}
    assert [(row.number, row.code, row.column) for row in importer.rejects] == [(7, "no_identifier", "CustomerID")]


def test_a_file_imported_twice_sends_nothing_twice():
    importer = Importer(SHOP)
    assert (importer.run(LINES), importer.run(LINES)) == (4, 0)


ROW = st.tuples(st.sampled_from(["1", "2", "3"]), st.sampled_from(["u", "v"]), st.sampled_from(["2026-01-01", "2026-01-02", ""]),
                st.sampled_from(["a", "b", ""]), st.sampled_from(["1.005", "0", "2", "-1"]), st.sampled_from(["1", "2", "-3"]),
                st.sampled_from(["", "cancelled"]), st.sampled_from(["", "x", "y"])).map(list)


@given(st.lists(ROW, max_size=12), st.data())
def test_rows_in_any_order_and_pieces_make_the_same_messages(rows, data):
    plan = convert.plan("shop", SMALL, HEAD.strip().split(","))
    numbered = [Row(number, cells) for number, cells in enumerate(rows, 2)]
    shuffled = data.draw(st.permutations(numbered))
    cut = data.draw(st.integers(0, len(rows)))
    found = [prepared(plan, part)[0] for part in (shuffled[:cut], shuffled[cut:])]
    through_json = [type(row)(*json.loads(json.dumps(row))) for row in [*found[1], *found[0]]]
    assert sorted(map(repr, drafts(plan, through_json))) == sorted(map(repr, drafts(plan, prepared(plan, numbered)[0])))


@given(st.lists(ROW, max_size=10), st.lists(ROW, max_size=10))
def test_an_import_after_an_import_of_the_same_is_nothing_and_a_correction_corrects(first, second):
    """After both files, the orders of the second are worth what they would be had it been imported alone."""
    text = {name: HEAD + "".join(",".join(row) + "\n" for row in rows) for name, rows in (("first", first), ("second", second))}
    importer, alone = Importer(SMALL), Importer(SMALL)
    importer.run(text["first"])
    assert importer.run(text["first"]) == 0
    importer.run(text["second"], NOW + 1)
    assert importer.run(text["second"], NOW + 2) == 0
    alone.run(text["second"])
    for order, user in {(row[0], row[1]) for row in second}:
        assert _worth(importer, order, user) == _worth(alone, order, user)


def _worth(importer, order, user):
    events = [event for event in importer.events
              if event.body["properties"]["order_id"] == order and event.ids == (("user_id", user),)]
    return {currency: one[:4] for currency, one in refold(events).orders.items()}


def test_a_corrected_line_corrects_the_order_and_a_corrected_date_is_no_second_event():
    importer = imported("1,u,2026-01-01,a,10,1,,\n1,u,2026-01-01,b,5,1,,\n", "1,u,2026-01-03,a,12,1,,\n1,u,2026-01-03,b,5,1,,\n")
    first, second = importer.events
    assert (second.key, second.revision, second.at - first.at) == (first.key, 1, 2 * 86_400_000)
    assert orders(importer, "u") == {"EUR": (1, 1700, 0, 0)}


def test_an_order_that_went_to_the_wrong_person_moves():
    importer = imported("1,u,2026-01-01,a,10,1,,\n", "1,v,2026-01-01,a,10,1,,\n")
    assert (orders(importer, "u"), orders(importer, "v")) == ({}, {"EUR": (1, 1000, 0, 0)})
    merged = [event._replace(ids=(("user_id", "u"),)) for event in importer.events]
    assert refold(merged).orders["EUR"].revenue == 1000


def test_an_order_that_is_cancelled_later_is_refunded_and_one_that_is_not_any_more_is_not():
    importer = imported("1,u,2026-01-01,a,10,1,,\n", "1,u,2026-01-01,a,10,1,CANCELLED,\n")
    assert orders(importer, "u") == {"EUR": (1, 1000, 1, 1000)}
    paid = HEAD + "1,u,2026-01-01,a,10,1,paid,\n"
    importer.run(paid)
    assert orders(importer, "u") == {"EUR": (1, 1000, 0, 0)}
    assert importer.run(paid) == 0


def test_a_returned_line_of_an_order_is_a_refund_of_the_same_order():
    assert orders(imported("1,u,2026-01-01,a,10,3,,\n1,u,2026-01-01,a,10,-1,,\n1,u,2026-01-01,off,-5,1,,\n"), "u") == {
        "EUR": (1, 3000, 1, 1500)}


def test_an_order_is_rounded_once_half_up():
    assert orders(imported("1,u,,a,1.004,1,,\n1,u,,b,1.001,1,,\n2,u,,a,0.005,1,,\n"), "u") == {"EUR": (2, 201 + 1, 0, 0)}


def long_order(lines, price="1.001"):
    return "".join(f"1,u,2026-01-01,{'x' * 40}-{number:04},{price},1,,\n" for number in range(lines))


def test_an_order_larger_than_an_event_comes_in_parts_that_are_worth_the_whole():
    importer = imported(long_order(1_200))
    assert len(importer.events) > 2
    assert {event.body["properties"]["parts"] for event in importer.events} == {len(importer.events)}
    assert orders(importer, "u") == {"EUR": (1, 120_120, 0, 0)}
    assert importer.run(HEAD + long_order(1_200)) == 0


@pytest.mark.parametrize("lines", [1, 500, 2_000])
def test_an_order_that_grows_or_shrinks_is_worth_what_it_is_now(lines):
    importer = imported(long_order(1_000), long_order(lines))
    assert orders(importer, "u") == {"EUR": (1, int(lines * Decimal("100.1") + Decimal("0.5")), 0, 0)}
    assert importer.run(HEAD + long_order(lines)) == 0
    standing = [event.body["properties"] for event in highest_revisions(importer.events)]
    live = [one for one in standing if "voided" not in one]
    assert {one.get("parts", 1) for one in live} == {len(live)}


def test_a_total_that_each_line_repeats_counts_once():
    mapping = SMALL.model_copy(update={"order": SMALL.order.model_copy(update={"total": "shop"})})
    importer = Importer(mapping)
    importer.run(HEAD + "1,u,2026-01-01,a,10,1,,17.50\n1,u,2026-01-01,b,5,1,,17.50\n")
    assert orders(importer, "u") == {"EUR": (1, 1750, 0, 0)}
    importer.run(HEAD + long_order(1_500).replace(",,\n", ",,17.50\n"))
    assert orders(importer, "u") == {"EUR": (1, 1750, 0, 0)}


def test_lines_of_one_order_id_that_belong_to_two_people_are_two_orders():
    importer = imported("1,u,2026-01-01,a,10,1,,\n1,v,2026-01-01,b,5,1,,\n")
    assert (orders(importer, "u"), orders(importer, "v")) == ({"EUR": (1, 1000, 0, 0)}, {"EUR": (1, 500, 0, 0)})


@pytest.mark.parametrize(("row", "code", "column"), [
    ("1,,2026-01-01,a,1,1,,", "no_identifier", "user"), ("1,null,2026-01-01,a,1,1,,", "no_identifier", "user"),
    (",u,2026-01-01,a,1,1,,", "missing_value", "order"), ("1,u,2026-01-01,a,,1,,", "missing_value", "price"),
    ("1,u,2026-01-01,a,1,,,", "missing_value", "quantity"), ("1,u,2026-01-01,a,free,1,,", "bad_number", "price"),
    ("1,u,2026-01-01,a,\"1,234\",1,,", "ambiguous_number", "price"), ("1,u,03/04/2026,a,1,1,,", "ambiguous_date", "at"),
    ("1,u,someday,a,1,1,,", "bad_date", "at"), ("1,u", "ragged_row", ""),
])
def test_a_row_that_lacks_what_the_mapping_needs_is_rejected_with_the_column_and_the_others_count(row, code, column):
    found, rejects = converted(SMALL, HEAD + row + "\n2,u,2026-01-01,a,1,1,,\n")
    assert [(reject.number, reject.code, reject.column) for reject in rejects] == [(2, code, column)]
    assert [draft.message["properties"]["order_id"] for draft in found if not draft.is_void] == ["2"]


@pytest.mark.parametrize(("currency", "expected"), [("eur", ["EUR"]), ("EURO", []), ("€", []), ("", ["USD"])])
def test_a_currency_is_a_code_or_its_row_is_rejected(currency, expected):
    mapping = SMALL.model_copy(update={"order": SMALL.order.model_copy(update={"currency": "shop"})})
    importer = Importer(mapping)
    importer.run(HEAD + f"1,u,2026-01-01,a,1,1,,{currency}\n")
    assert ([*orders(importer, "u")], [reject.code for reject in importer.rejects]) == (
        expected, [] if expected else ["bad_currency"])


def test_online_retail_as_it_is_published_elsewhere_is_read_too():
    """Month first, thousands of an id lost to a float, a semicolon."""
    text = (ONLINE_RETAIL + "536365,85123A,HOLDER,6,12/1/2010 8:26,2.55,17850,UK\n").replace(",", ";")
    mapping = SHOP.model_copy(update={"format": SHOP.format.model_copy(update={"day_first": False})})
    assert len(opened(text).columns) == 8
    importer = Importer(mapping)
    importer.run(text)
    assert [(event.ts, event.ids) for event in importer.events] == [(1291191960000, (("user_id", "17850"),))]
