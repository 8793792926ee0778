"""Reports and forecasts through the API: which run is meant, what is asked of the function, CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from socle.campaigns.forecast import Dry, Sending, forecast
from socle.campaigns.model.document import CampaignDocument
from socle.campaigns.model.run import LAUNCH, RUNNING, Run
from socle.channels.model import Quota
from socle.messages.units import Units
from socle.reports.answer import answer, with_cost
from socle.reports.model import Found, Goal, Group, Outcomes
from socle.reports.store import ReportFunction
from tests.api.conftest import Call

NEWEST = "20270101t090000-aaaaaaaa"


def report() -> dict[str, Any]:
    """What the function answers of a run."""
    found = Found(messages={("", "", "sent"): 3, ("variant", "a", "sent"): 3}, orders={("", "", "EUR"): (500, 100)},
                  groups={False: Group(3, 1, {}), True: Group(2, 0, {})})
    shown = answer(Outcomes({"sent": 3, "skipped": 2}, {"holdout": 2}), found, Goal("Order Completed", 7 * 86_400_000))
    return {"campaign": "autumn", "run": NEWEST, "as_of": "2027-01-02T00:00:00.000Z", "complete": True,
            "buckets": {"read": 64, "of": 64}, **with_cost(shown, {"SES": 0.3}, {"EUR": 0.9}, {})}


def would() -> dict[str, Any]:
    """What it answers of a forecast."""
    document = CampaignDocument(segment="readers", template="letter")
    dry = Dry({("would_send", ""): 2}, {"": Sending(2, 0, 40_000)}, Units(10, 26, 2, 0, 3_000))
    return {"campaign": "autumn", "run": f"f{NEWEST}", "planned_at": "2027-01-01T09:00:00.000Z", "complete": True,
            "blocked": None, **forecast(dry, document, "email", Quota(14.0, 50_000), 20, 1_800_000_000_000)}


@pytest.fixture
def asked(services: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the function was asked."""
    found: list[dict[str, Any]] = []

    class Functions:
        def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:
            found.append(json.loads(Payload))
            shown = report() if found[-1]["what"] == "report" else would()
            return {"Payload": io.BytesIO(json.dumps({"report": shown}).encode())}

    monkeypatch.setattr(services, "campaign_reports", ReportFunction(Functions(), "report_campaign"))
    return found


@pytest.fixture
def launched(services: Any) -> None:
    """A campaign with a run."""
    if services._campaign_runs.turn("autumn") is None:
        services._campaign_runs.begin(Run(NEWEST, "autumn", LAUNCH, RUNNING, "hand", 1, "o", 1), None)


@pytest.mark.usefixtures("launched")
def test_without_a_run_the_newest_is_meant(call: Call, asked: list[dict[str, Any]]) -> None:
    shown = call("GET", "/api/campaigns/autumn/report")
    assert (shown.status, shown.json["totals"]["sent"], shown.json["lift"]["held_out"]["people"]) == (200, 3, 2)
    assert asked == [{"what": "report", "campaign": "autumn", "run": NEWEST, "rates": {}}]


def test_a_run_and_the_worth_of_a_dollar_may_be_named(call: Call, asked: list[dict[str, Any]]) -> None:
    run = "20260101t090000-bbbbbbbb"
    call("GET", "/api/campaigns/autumn/report", query={"run": run, "usd": "EUR:0.92,JPY:150"})
    assert asked == [{"what": "report", "campaign": "autumn", "run": run, "rates": {"EUR": 0.92, "JPY": 150.0}}]
    assert call("GET", "/api/campaigns/autumn/report", query={"run": run, "usd": "euro"}).status == 400
    assert len(asked) == 1


@pytest.mark.usefixtures("asked", "launched")
def test_a_report_is_csv_for_who_asks_for_it(call: Call) -> None:
    shown = call("GET", "/api/campaigns/autumn/report", query={"format": "csv"})
    assert shown.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(shown.text)))
    assert [(row["by"], row["name"], row["sent"]) for row in rows] == [("total", "", "3"), ("variant", "a", "3")]


@pytest.mark.usefixtures("asked")
def test_a_campaign_that_was_never_launched_has_no_report(call: Call, services: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("GET", "/api/campaigns/winter/report").status == 404
    monkeypatch.setattr(services.campaign_answers, "page", lambda *_: [])
    refused = call("GET", "/api/campaigns/autumn/report")
    assert (refused.status, refused.error["code"]) == (404, "no_run")


def test_a_forecast_is_asked_for_by_its_run(call: Call, asked: list[dict[str, Any]]) -> None:
    shown = call("GET", f"/api/campaigns/autumn/forecasts/f{NEWEST}")
    assert (shown.json["would_send"], shown.json["sending"]["rate"]) == (2, 14)
    assert asked == [{"what": "forecast", "campaign": "autumn", "run": f"f{NEWEST}"}]
    assert call("GET", "/api/campaigns/autumn/forecasts/../..").status in (400, 404)


@pytest.mark.parametrize(("answer", "status"), [
    ({"refused": {"code": "unknown_run", "message": "there is none", "status": 404, "field": "run"}}, 404),
    ({"FunctionError": "Unhandled"}, 503)])
def test_what_became_of_a_report_that_failed_is_said(call: Call, services: Any, monkeypatch: pytest.MonkeyPatch,
                                                     answer: dict[str, Any], status: int) -> None:
    class Functions:
        def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:
            return {"Payload": io.BytesIO(json.dumps(answer).encode()), **answer}

    monkeypatch.setattr(services, "campaign_reports", ReportFunction(Functions(), "report_campaign"))
    assert call("GET", "/api/campaigns/autumn/report", query={"run": NEWEST}).status == status


def test_the_document_tells_of_a_report_before_there_is_a_lake_and_of_a_message_of_nothing(call: Call) -> None:
    paths = call("GET", "/api/openapi.json").json["paths"]
    assert "409" in paths["/api/campaigns/{name}/report"]["get"]["responses"]
    assert "404" in paths["/api/messages"]["post"]["responses"]
