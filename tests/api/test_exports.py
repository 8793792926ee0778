"""Exports over HTTP: documents that name the field at fault, runs, links, and answers as the OpenAPI document has them."""

from __future__ import annotations

import json

import boto3

from socle.exports.model.run import SUCCEEDED, Run
from socle.exports.store import RunStore

DOCUMENT = {"segment": "vip", "fields": ["id", "identifiers.email"]}


def test_a_document_is_written_with_its_defaults_and_a_bad_one_names_the_field(call):
    written = call("PUT", "/api/exports/out", body=DOCUMENT).json
    assert written["document"]["fields"][1] == {"path": "identifiers.email", "name": "identifiers.email", "type": None}
    assert (written["document"]["format"], written["document"]["mode"]) == ("csv", "full")
    for change, field in (({"fields": ["email"]}, "fields.0.path"), ({"destination": {"type": "webhook"}}, "destination.url"),
                          ({"schedule": "daily"}, "schedule"), ({"colour": 1}, "colour")):
        answer = call("PUT", "/api/exports/out", body={**DOCUMENT, **change})
        assert (answer.status, answer.error["field"]) == (400, field)


def test_a_run_is_started_listed_and_shown(call):
    call("PUT", "/api/exports/runs", body=DOCUMENT)
    started = call("POST", "/api/exports/runs/run")
    assert (started.status, started.json["state"], started.json["by"]) == (202, "running", "hand")
    (listed,) = call("GET", "/api/exports/runs/runs").json["items"]
    assert listed["id"] == started.json["id"]
    shown = call("GET", f"/api/exports/runs/runs/{listed['id']}").json
    assert (shown["manifest"], shown["counts"]) == (None, None)
    answer = call("GET", f"/api/exports/runs/runs/{listed['id']}/file", query={"file": "part-000.csv"})
    assert (answer.status, answer.error["code"]) == (404, "no_files")


def test_runs_are_listed_by_pages(call):
    call("PUT", "/api/exports/pages", body=DOCUMENT)
    ids = [f"20260101t000000-0000000{number}" for number in range(3)]
    for id_ in ids:
        RunStore(boto3.client("dynamodb"), "definitions").save(Run(id_, "pages", SUCCEEDED, "schedule", 1, 2, version=1))
    first = call("GET", "/api/exports/pages/runs", query={"limit": "2"}).json
    rest = call("GET", "/api/exports/pages/runs", query={"limit": "2", "cursor": first["next"]}).json
    assert [run["id"] for page in (first, rest) for run in page["items"]] == ids[::-1]
    assert rest["next"] is None


def test_a_finished_run_has_a_manifest_and_a_link(call):
    call("PUT", "/api/exports/done", body=DOCUMENT)
    id_ = call("POST", "/api/exports/done/run").json["id"]
    counts = {"members": 1, "rows": 1, "bytes": 5, "left_out": {"consent": 0, "address": 0}}
    manifest = {"files": [{"file": "part-000.csv"}], "delivery": None, "counts": counts}
    boto3.client("s3").put_object(Bucket="bucket", Key=f"exports/done/{id_}/manifest.json", Body=json.dumps(manifest).encode())
    runs = RunStore(boto3.client("dynamodb"), "definitions")
    runs.save(runs.load("done", id_).next(state=SUCCEEDED, ended=1, counts=counts))
    shown = call("GET", f"/api/exports/done/runs/{id_}").json
    assert (shown["state"], shown["counts"]["rows"], shown["manifest"]) == ("succeeded", 1, manifest)
    assert "part-000.csv" in call("GET", f"/api/exports/done/runs/{id_}/file", query={"file": "part-000.csv"}).json["url"]
    answer = call("GET", f"/api/exports/done/runs/{id_}/file", query={"file": "_plan.json"})
    assert (answer.status, answer.error["field"]) == (404, "file")


def test_the_secret_is_another_one_than_that_of_a_webhook_of_the_same_name(call):
    call("PUT", "/api/exports/twin", body=DOCUMENT)
    call("PUT", "/api/webhooks/twin", body={"url": "https://example.com/in", "events": ["A"]})
    assert call("GET", "/api/exports/twin/secret").json["secret"] != call("GET", "/api/webhooks/twin/secret").json["secret"]
    assert call("GET", "/api/exports/none/secret").status == 404


def test_what_is_not_there_is_told(call):
    assert call("POST", "/api/exports/none/run").error["code"] == "unknown_definition"
    assert call("GET", "/api/exports/none/runs").error["code"] == "unknown_definition"
    assert call("GET", "/api/exports/none/runs/20260101t000000-00000000").error["code"] == "unknown_run"
    assert call("GET", "/api/exports/none/runs/x").status == 400
