"""Quality and catalogue over HTTP: clear answers before there is anything, and to whatever makes no sense."""

from __future__ import annotations

import boto3
import pytest

from socle.catalogue.look import look
from socle.catalogue.progress import Progress
from socle.catalogue.store import CatalogueStore
from socle.profiles.codec import encode_aggregate
from socle.profiles.decide import decide
from socle.profiles.model import Aggregate, History
from socle.profiles.store import ProfileStore
from tests.people import event, identify

RULE = {"trait": "phone", "when": "placeholder", "do": "remove"}
RUN = "/api/quality/runs"


def test_before_the_first_survey_the_answer_says_how_to_get_one(call):
    answer = call("GET", "/api/quality")
    assert (answer.status, answer.error["code"]) == (404, "no_survey")
    assert call("GET", f"{RUN}/never").error["code"] == "unknown_run"
    assert call("POST", f"{RUN}/never/undo").status == 404


def test_a_started_run_can_be_asked_for(call):
    started = call("POST", "/api/quality/run")
    assert (started.status, set(started.json)) == (200, {"run", "state", "result"})
    assert call("GET", f"{RUN}/{started.json['run']}").json["run"] == started.json["run"]
    assert call("POST", "/api/quality/cleanup", body={"rule": RULE}).status == 200


@pytest.mark.parametrize(("body", "field"), [
    ({}, "rule"), ({"rule": {}}, "rule.trait"), ({"rule": {**RULE, "when": "sometimes"}}, "rule.when"),
    ({"rule": {**RULE, "do": "normalise"}}, "rule"), ({"rule": {**RULE, "trait": ""}}, "rule.trait"),
    ({"rule": {**RULE, "days": 3}}, "rule"), ({"rule": RULE, "dry_run": "perhaps"}, "dry_run"), ({"rule": RULE, "x": 1}, "x"),
], ids=["nothing", "empty", "unknown state", "does not fit", "no name", "days without older_than", "no boolean", "unknown field"])
def test_a_clean_up_that_makes_no_sense_is_refused_by_field(call, body, field):
    answer = call("POST", "/api/quality/cleanup", body=body)
    assert (answer.status, answer.error["field"]) == (400, field)


@pytest.mark.parametrize("path", ["/api/quality?days=0", "/api/quality?days=x", "/api/catalogue", "/api/catalogue?kind=person",
                                  "/api/catalogue?kind=trait&limit=0", "/api/catalogue?kind=trait&cursor=zzz"])
def test_impossible_parameters_are_refused_by_name(call, path):
    path, _, query = path.partition("?")
    answer = call("GET", path, query=query)
    assert (answer.status, bool(answer.error["field"])) == (400, True)


def test_rules_are_one_document(call):
    assert call("PUT", "/api/quality-rules/other", body={}).error["code"] == "bad_name"
    written = call("PUT", "/api/quality-rules/default", query={"dry_run": "1"}, body={})
    assert (written.status, written.json["document"]["fields"][0]["name"]) == (200, "email")
    answer = call("PUT", "/api/quality-rules/default", body={"fields": [{"name": "x", "traits": ["a"], "half_life_days": 0}]})
    assert (answer.status, answer.error["field"]) == (400, "fields.0.half_life_days")


def test_one_profile_shows_its_quality(call):
    store = ProfileStore(boto3.client("dynamodb"), "profiles")
    decision = decide(Aggregate("pq"), [identify(1, traits={"email": "nope", "phone": "+33612345678"})], {}, History())
    store.save(decision.aggregate, encode_aggregate(decision.aggregate))
    found = call("GET", "/api/profiles/pq/quality").json
    assert (found["fields"]["email"]["flag"], found["reasons"][0]["field"]) == ("not_an_email", "email")
    assert found["duplicates"] is None
    assert found["sources"] == {"shop": {"fields": 2, "valid": 1}}
    for nobody in ("nobody", "%00", "a%2Fb", "é"):
        assert call("GET", f"/api/profiles/{nobody}/quality").status == 404


def test_the_catalogue_says_what_was_seen(call):
    rows = [{"row": "event", "profile": "p", **one.to_json()} for one in (
        event(1, name="100% off / now", properties={"code": "A"}), identify(2, traits={"email": "a@example.com"}))]
    CatalogueStore(boto3.client("s3"), "bucket").save(look(rows, lambda *_: ()), Progress(), None)
    names = [item["name"] for item in call("GET", "/api/catalogue", query={"kind": "event"}).json["items"]]
    assert names == ["$identify", "100% off / now"]
    assert call("GET", "/api/catalogue", query={"kind": "trait"}).json["items"][0]["fill_rate"] is None
    assert call("GET", "/api/catalogue/events/Never%20Seen").error["code"] == "unknown_event"
    assert call("GET", "/api/catalogue/events/%24identify").json["count"] == 1
