"""RFM over HTTP: clear answers before there is a report, a run, and rules that cannot run."""

from __future__ import annotations

import boto3

from socle.rfm.model import RfmRules
from socle.rfm.report import report
from socle.rfm.store import RfmStore
from tests.rfm.customers import NOW, compute, orders


def test_before_the_first_run_the_answer_says_how_to_get_one(call):
    answer = call("GET", "/api/rfm")
    assert (answer.status, answer.error["code"]) == (404, "no_report")
    assert call("GET", "/api/rfm/runs/never").error["code"] == "unknown_run"
    assert call("GET", "/api/rfm/runs/a%20b").status == 400


def test_a_started_run_can_be_asked_for(call):
    started = call("POST", "/api/rfm/run").json
    assert set(started) == {"run", "state", "result"}
    assert call("GET", f"/api/rfm/runs/{started['run']}").json["run"] == started["run"]


def test_the_newest_report_is_shown_and_an_older_one_does_not_replace_it(call):
    store = RfmStore(boto3.client("s3"), "bucket")
    connection = compute({"p": orders(), "q": orders(2)})
    for number, at in enumerate((NOW, NOW - 1)):
        store.publish({**report(connection, RfmRules(), "EUR", f"r{number}", at, None), "changed": 2})
    found = call("GET", "/api/rfm").json
    assert (found["run"], found["customers"], found["currency"]) == ("r0", 2, "EUR")
    assert (len(found["grid"]), len(found["groups"])) == (25, 11)


def test_rules_are_one_document_and_one_that_cannot_run_is_refused_by_field(call):
    assert call("PUT", "/api/rfm-rules/other", body={}).error["code"] == "bad_name"
    assert call("PUT", "/api/rfm-rules/default", body={"recency": "calendar", "timezone": "Europe/Paris"}).json["document"] == {
        "currency": None, "recency": "calendar", "timezone": "Europe/Paris", "monetary": "net"}
    answer = call("PUT", "/api/rfm-rules/default", body={"timezone": "Mars/Olympus"})
    assert (answer.status, answer.error["field"]) == (400, "timezone")
    answer = call("PUT", "/api/rfm-rules/default", body={"currency": "euro"})
    assert (answer.error["field"], "ISO 4217" in answer.error["message"]) == ("currency", True)
