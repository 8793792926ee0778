"""Scores of all customers: the definition, ties, whose orders count, which days, who must be told."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from socle.iso import from_iso, to_iso
from socle.rfm.compute import begin, collect, main_currency, score
from socle.rfm.groups import fm_of, group_of
from socle.rfm.model import RfmRules
from tests.examples import examples
from tests.rfm.customers import DAY, NOW, by_hand, changed, civil_days, compute, orders, scored, show

FIVE = {f"p{number}": orders(number, number * 100, last=f"2025-12-{number:02}T00:00:00.000Z") for number in range(1, 6)}


def test_five_different_customers_are_the_five_fifths():
    found = scored(FIVE)
    assert {name: (one.recency, one.frequency, one.monetary) for name, one in found.items()} == {
        f"p{number}": (number, number, number) for number in range(1, 6)}
    assert found["p5"].group == "Champions"
    assert found["p1"].group == "Lost"


def test_customers_who_are_equal_have_equal_scores_however_many_they_are():
    found = scored({**{f"once{number}": orders(1) for number in range(7)}, "twice": orders(2), "often": orders(9)})
    assert {one.frequency for name, one in found.items() if name.startswith("once")} == {1}
    assert found["twice"].frequency == 1 + 5 * 7 // 9
    assert found["often"].frequency == 1 + 5 * 8 // 9
    assert {one.recency for one in found.values()} == {1}  # of one moment all: nobody is more recent than anybody


people = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3),
    st.builds(orders, st.integers(1, 4), st.integers(1, 5), st.integers(0, 6),
              st.integers(0, 40 * DAY).map(lambda ago: to_iso(NOW - ago))), max_size=12)


@examples(25)
@given(people, st.sampled_from(["elapsed", "calendar"]), st.sampled_from(["net", "revenue"]))
def test_scores_are_those_of_the_definition(base, recency, monetary):
    rules = RfmRules(recency=recency, monetary=monetary, timezone="America/St_Johns")
    found = scored(base, rules)
    bought = {name: one["EUR"] for name, one in base.items()}
    days = {name: (NOW - from_iso(one["last"])) // DAY if recency == "elapsed"
            else civil_days(from_iso(one["last"]), NOW, "America/St_Johns") for name, one in bought.items()}
    worth = {name: one["revenue"] - (one["refunded"] if monetary == "net" else 0) for name, one in bought.items()}
    by_recency = by_hand({name: -value for name, value in days.items()})
    by_frequency = by_hand({name: one["count"] for name, one in bought.items()})
    by_worth = by_hand(worth)
    assert {name: tuple(one) for name, one in found.items()} == {
        name: (days[name], one["count"], worth[name], by_recency[name], by_frequency[name], by_worth[name],
               fm_of(by_frequency[name], by_worth[name]), group_of(by_recency[name], by_frequency[name], by_worth[name]))
        for name, one in bought.items()}


def test_who_bought_nothing_for_money_is_no_customer():
    nothing = {"none": {}, "gift": orders(1, 0), "only-refund": {"EUR": {**orders(0, 0, 5)["EUR"], "first": None, "last": None}}}
    assert set(scored({**FIVE, **nothing})) == set(FIVE)
    assert scored(nothing) == {}


def test_who_gave_everything_back_is_a_customer_worth_nothing():
    assert scored({**FIVE, "back": orders(1, 300, 300)})["back"].worth == 0
    assert scored({**FIVE, "back": orders(1, 300, 300)}, RfmRules(monetary="revenue"))["back"].worth == 300


def test_the_currency_is_the_one_in_which_most_customers_bought_unless_it_is_named():
    base: dict[str, Any] = {name: {**one, **orders(1, 1, currency="USD")} for name, one in FIVE.items()}
    base["yen"] = orders(1, 900_000, currency="JPY")
    assert set(scored(base)) == set(FIVE)
    assert scored(base)["p3"].worth == 300  # of two currencies with as many customers the first by name
    assert set(scored(base, RfmRules(currency="jpy"))) == {"yen"}
    assert scored(base, RfmRules(currency="CHF")) == {}


@pytest.mark.parametrize(("last", "elapsed", "calendar"), [
    ("2025-03-29T22:30:00.000Z", 0, 1),  # half an hour before midnight in Berlin
    ("2025-03-29T23:30:00.000Z", 0, 0),  # half past midnight of the same day, which has 23 hours
    ("2025-03-28T22:59:59.999Z", 1, 2),
    ("2025-03-30T23:00:00.000Z", 0, 0),  # still to come
])
def test_days_are_24_hours_or_midnights_of_the_zone(last, elapsed, calendar):
    now = from_iso("2025-03-30T21:59:00.000Z")
    base = {"p": orders(last=last)}
    assert scored(base, now=now)["p"].days == elapsed
    assert scored(base, RfmRules(recency="calendar", timezone="Europe/Berlin"), now)["p"].days == calendar


def test_an_order_of_long_ago_counts_whatever_the_zone_was_then():
    found = scored({**FIVE, "old": orders(last="0001-01-01T00:00:00.000Z")}, RfmRules(recency="calendar", timezone="Asia/Tokyo"))
    assert found["old"].recency == 1


def test_a_currency_may_have_any_name():
    strange = 'E"U.R$'
    assert set(scored({"p": orders(currency=strange), "q": orders(currency=strange)})) == {"p", "q"}


def test_only_those_whose_values_changed_are_told_and_who_left_is_told_that():
    told = {name: {"rfm": {"group": one.group, "recency": one.recency, "frequency": one.frequency, "monetary": one.monetary}}
            for name, one in scored(FIVE).items()}
    told["p2"]["rfm"]["monetary"] = 5
    told["gone"] = {"rfm": told["p1"]["rfm"]}
    told["other"] = {"account:1": {}}
    base = {**FIVE, "gone": {}, "other": {}}
    assert changed(compute(base, given=told)) == {"gone": None, "p2": ("Hibernating", 2, 2, 2)}
    assert set(changed(compute(base))) == set(FIVE)


def run(people, given, previous=None):
    """Who is told by a run that follows another one."""
    connection = duckdb.connect()
    begin(connection, previous)
    show(connection, people, given)
    collect(connection)
    score(connection, RfmRules(), main_currency(connection) or "", NOW)
    return connection


def test_what_the_run_before_said_is_corrected_though_the_lake_does_not_show_it_yet(tmp_path):
    told = {name: {"rfm": dict(zip(("group", "recency", "frequency", "monetary"), one[7:] + one[3:6], strict=True))}
            for name, one in scored(FIVE).items()}
    before = run({**FIVE, "p1": orders(9, 900)}, told)
    said = changed(before)
    assert "p1" in said
    file = str(tmp_path / "before.parquet")
    before.execute(f"COPY scored TO '{file}'")
    assert set(changed(run(FIVE, told, file))) == set(said)  # the lake is as old as before, and its orders are corrected
    assert changed(run(FIVE, told)) == {}


def test_nobody_is_told_whom_the_lake_no_longer_has(tmp_path):
    file = str(tmp_path / "before.parquet")
    compute(FIVE).execute(f"COPY scored TO '{file}'")
    left = {name: one for name, one in FIVE.items() if name != "p1"}
    assert "p1" not in changed(run(left, {}, file))
    assert changed(run({**left, "p1": {}}, {}, file))["p1"] is None


@pytest.mark.parametrize(("wrong", "field"), [
    ({"timezone": "Mars/Olympus"}, "timezone"), ({"timezone": "../etc"}, "timezone"), ({"currency": "euro"}, "currency"),
    ({"currency": "EU\n"}, "currency"),
    ({"recency": "weeks"}, "recency"), ({"since": 1}, "since")])
def test_rules_that_could_not_run_are_refused(wrong, field):
    with pytest.raises(ValidationError) as error:
        RfmRules.model_validate(wrong)
    assert error.value.errors()[0]["loc"] == (field,)
