"""Asking for a report or a forecast by its run: what the plan says is obeyed, what can't be answered is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from socle.campaigns.model.run import PLAN, key_of
from socle.channels.model import NotSent, Quota
from socle.errors import NotFound, Rejected
from socle.lake.store import LakeStore
from socle.reports.service.forecast import Forecasts
from socle.reports.service.report import Reports
from socle.reports.store import OutcomeFiles
from tests.reports.runs import DAY, HOUR, STARTED, House, bought, happened, message, person


def plan(house: House, mode: str = "send", channel: str = "email", run: str = "r1", audience: int = 2, **document: Any) -> None:
    """What was frozen of a run."""
    house.lake.s3.put_object("bucket", key_of("autumn", run, PLAN), json.dumps({
        "campaign": "autumn", "run": run, "mode": mode, "planned_at": STARTED, "audience": audience,
        "document": {"segment": "readers", "template": "letter", **document},
        "templates": {"": {"document": {"channel": channel}}}}).encode())


def files(house: House) -> OutcomeFiles:
    return OutcomeFiles(LakeStore(house.lake.s3, "bucket"))


def report(house: House, directory: Path, run: str = "r1", **rates: float) -> dict[str, Any]:
    reports = Reports(LakeStore(house.lake.s3, "bucket"), files(house), duckdb.connect, lambda: 0)
    return reports.of_run("autumn", run, rates, directory)


def forecast(house: House, directory: Path, run: str = "f1", quota: Any = lambda: Quota(14.0, 50_000)) -> dict[str, Any]:
    return Forecasts(files(house), duckdb.connect, quota).forecast("autumn", run, STARTED, directory)


@pytest.fixture
def house() -> House:
    """Somebody who got a message, clicked, booked a tour two days later and bought something ten days later."""
    made = House()
    made.tell([person("u1")])
    one = message("u1", made.profile("u1"))
    made.tell([happened(one, "sent", STARTED), happened(one, "clicked", STARTED + HOUR, link_number=1),
               bought("u1", STARTED + 2 * DAY, 1, "o1", name="Tour Booked"),
               bought("u1", STARTED + 10 * DAY, 2, "o2", revenue=50, currency="EUR")])
    made.compact()
    made.write([{"p": made.profile("u1"), "o": "sent", "at": STARTED}])
    return made


@pytest.mark.parametrize(("conversion", "converted", "revenue"), [
    (None, 0, {}), ({"event": "Order Completed", "days": 11}, 1, {"EUR": 5_000}), ({"event": "Tour Booked"}, 1, {}),
    ({"event": "Order Completed", "days": 11, "revenue": False}, 1, {})])
def test_a_goal_is_what_the_campaign_says_else_orders_of_a_week(house: House, tmp_path: Path, conversion: dict[str, Any] | None,
                                                                converted: int, revenue: dict[str, int]) -> None:
    plan(house, conversion=conversion)
    found = report(house, tmp_path)
    assert (found["totals"]["converted"], found["totals"]["revenue"]) == (converted, revenue)


def test_what_the_campaign_cost_beside_is_part_of_the_cost(house: House, tmp_path: Path) -> None:
    plan(house, conversion={"event": "Order Completed", "days": 11}, cost={"fixed": 1_000, "currency": "EUR"})
    found = report(house, tmp_path, EUR=0.9)
    assert found["returns"]["EUR"] == {"cost": 1_000, "net_revenue": 5_000, "roi": pytest.approx(4.0, abs=1e-3),
                                       "per_conversion": 1_000}


def test_revenue_whose_worth_nobody_named_is_no_loss_in_dollars(house: House, tmp_path: Path) -> None:
    plan(house, conversion={"event": "Order Completed", "days": 11})
    assert report(house, tmp_path)["returns"] == {"USD": {"cost": 0, "net_revenue": 0, "roi": None, "per_conversion": 0}}


def test_texts_cost_what_they_were_priced_at_when_they_left(house: House, tmp_path: Path) -> None:
    plan(house, channel="sms")
    house.write([{"p": house.profile("u1"), "o": "sent", "at": STARTED, "n": 2, "u": [0, 0, 0, 150_000, 0]}])
    assert report(house, tmp_path)["cost"]["services"]["SNS"] == pytest.approx(0.15)


def test_a_report_of_a_forecast_and_a_forecast_of_a_run_are_refused(house: House, tmp_path: Path) -> None:
    plan(house)
    plan(house, "forecast", run="f1")
    with pytest.raises(Rejected, match="forecasts/f1"):
        report(house, tmp_path, "f1")
    with pytest.raises(Rejected, match="/forecast makes one"):
        forecast(house, tmp_path, "r1")


def test_a_run_that_is_not_there_is_unknown(house: House, tmp_path: Path) -> None:
    for ask in (lambda: report(house, tmp_path, "r9"), lambda: forecast(house, tmp_path, "r9")):
        with pytest.raises(NotFound, match="/runs lists them"):
            ask()


def test_a_forecast_says_whether_its_workers_are_through(house: House, tmp_path: Path) -> None:
    plan(house, "forecast", run="f1")
    assert not forecast(house, tmp_path)["complete"]
    house.write([{"p": "a", "o": "would_send", "b": 100, "u": [5, 11, 1, 0, 900]},
                 {"p": "b", "o": "skipped", "r": "no_consent", "u": [4, 0, 0, 0, 0]}], "f1")
    found = forecast(house, tmp_path)
    assert (found["complete"], found["audience"], found["would_send"]) == (True, 2, 1)
    assert found["sending"]["rate"] == pytest.approx(14 * 0.9)


def test_why_nothing_can_be_sent_just_now_is_part_of_the_forecast(house: House, tmp_path: Path) -> None:
    plan(house, "forecast", run="f1")

    def paused() -> Quota:
        raise NotSent("sending_paused", "AWS paused sending", stop=True)

    assert forecast(house, tmp_path, quota=paused)["blocked"] == {"code": "sending_paused", "message": "AWS paused sending"}
    assert forecast(house, tmp_path)["blocked"] is None


def test_other_channels_have_rates_of_their_own(house: House, tmp_path: Path) -> None:
    for channel, rate in (("sms", 18), ("push", 180), ("webhook", 18)):
        plan(house, "forecast", channel, run="f1")
        assert forecast(house, tmp_path)["sending"]["rate"] == rate
