"""Definitions over HTTP: idempotent puts, dry runs, versions, deletion."""

from __future__ import annotations

import pytest

from socle.definitions import webhooks
from tests.api.conftest import Call

HOOK = {"url": "https://example.com/hook", "events": ["Order Completed"]}


def test_a_put_answers_the_definition_with_its_defaults_and_version(call: Call) -> None:
    answer = call("PUT", "/api/webhooks/first", body=HOOK)
    assert answer.status == 200
    body = answer.json
    assert body["kind"] == "webhooks"
    assert body["name"] == "first"
    assert body["version"] == 1
    assert body["changed"] is True
    assert body["document"] == {**HOOK, "description": "", "enabled": True}
    assert body["created"] == body["updated"]
    assert body["created"].endswith("Z")
    assert {"path": "/url", "op": "add", "to": HOOK["url"]} in body["diff"]
    read = call("GET", "/api/webhooks/first").json
    assert read == {key: value for key, value in body.items() if key not in ("changed", "diff", "warnings")}


def test_the_same_document_again_keeps_its_version(call: Call) -> None:
    call("PUT", "/api/webhooks/same", body=HOOK)
    again = call("PUT", "/api/webhooks/same", body={**HOOK, "enabled": True}).json
    assert (again["version"], again["changed"], again["diff"]) == (1, False, [])
    assert len(call("GET", "/api/webhooks/same/versions").json["items"]) == 1


def test_a_dry_run_answers_the_difference_and_writes_nothing(call: Call) -> None:
    call("PUT", "/api/webhooks/dry", body=HOOK)
    dry = call("PUT", "/api/webhooks/dry", query={"dry_run": "1"}, body={**HOOK, "enabled": False}).json
    assert dry["changed"] is True
    assert dry["version"] == 2
    assert dry["diff"] == [{"path": "/enabled", "op": "replace", "from": True, "to": False}]
    assert dry["document"]["enabled"] is False
    assert call("GET", "/api/webhooks/dry").json["version"] == 1
    assert call("PUT", "/api/webhooks/never", query="dry_run=1", body=HOOK).status == 200
    assert call("GET", "/api/webhooks/never").status == 404


def test_every_version_stays_readable(call: Call) -> None:
    call("PUT", "/api/sources/history", body={"description": "one"})
    call("PUT", "/api/sources/history", body={"description": "two"})
    assert call("GET", "/api/sources/history").json["document"]["description"] == "two"
    assert call("GET", "/api/sources/history", query="version=1").json["document"]["description"] == "one"
    missing = call("GET", "/api/sources/history", query="version=3")
    assert (missing.status, missing.error["field"]) == (404, "version")
    first = call("GET", "/api/sources/history/versions", query="limit=1").json
    assert [item["version"] for item in first["items"]] == [2]
    rest = call("GET", "/api/sources/history/versions", query={"limit": "1", "cursor": first["next"]}).json
    assert [item["version"] for item in rest["items"]] == [1]
    assert rest["next"] is None


def test_a_deleted_definition_is_gone_but_its_history_stays_and_counting_goes_on(call: Call) -> None:
    call("PUT", "/api/sources/phoenix", body={"description": "one"})
    gone = call("DELETE", "/api/sources/phoenix")
    assert (gone.status, gone.text) == (204, "")
    assert call("GET", "/api/sources/phoenix").status == 404
    assert call("DELETE", "/api/sources/phoenix").status == 404
    assert call("GET", "/api/sources/phoenix", query="version=1").json["document"]["description"] == "one"
    assert "deleted" in call("GET", "/api/sources/phoenix", query="version=2").error["message"]
    assert call("PUT", "/api/sources/phoenix", body={}).json["version"] == 3
    history = call("GET", "/api/sources/phoenix/versions").json["items"]
    assert [(item["version"], item["deleted"]) for item in history] == [(3, False), (2, True), (1, False)]


def test_a_list_pages_by_name_without_gaps(call: Call) -> None:
    names = [f"page-{number}" for number in range(7)]
    for name in names:
        call("PUT", f"/api/sources/{name}", body={})
    seen: list[str] = []
    cursor = ""
    while True:
        page = call("GET", "/api/sources", query={"limit": "2", **({"cursor": cursor} if cursor else {})}).json
        assert len(page["items"]) <= 2
        seen += [item["name"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen))
    assert set(names) <= set(seen)


def test_if_match_refuses_a_change_on_an_old_version(call: Call) -> None:
    assert call("PUT", "/api/sources/guarded", body={}, headers={"if-match": "1"}).status == 412
    assert call("PUT", "/api/sources/guarded", body={}, headers={"If-Match": "0"}).status == 200
    assert call("PUT", "/api/sources/guarded", body={"enabled": False}, headers={"if-match": '"1"'}).status == 200
    late = call("PUT", "/api/sources/guarded", body={"enabled": True}, headers={"if-match": "1"})
    assert (late.status, late.error["code"]) == (412, "version_mismatch")
    bad = call("PUT", "/api/sources/guarded", body={}, headers={"if-match": "latest"})
    assert (bad.status, bad.error["field"]) == (400, "If-Match")


def test_an_unknown_kind_answers_404_and_lists_the_kinds(call: Call) -> None:
    for method, path in (("GET", "/api/gadgets"), ("PUT", "/api/gadgets/one"), ("GET", "/api/gadgets/one/versions")):
        answer = call(method, path, body={})
        assert answer.status == 404
        assert "sources" in answer.error["message"]
        assert "webhooks" in answer.error["message"]


@pytest.mark.parametrize("name", ["Upper", "-dash", "a" * 64, "dot.ted", "a b", "ü", "%2e%2e"])
def test_a_name_that_cannot_be_is_refused(call: Call, name: str) -> None:
    answer = call("PUT", f"/api/sources/{name}", body={})
    assert (answer.status, answer.error["field"]) == (400, "name")


@pytest.mark.parametrize(("document", "field"), [
    ({}, "url"),
    ({"url": "https://example.com"}, "events"),
    ({**HOOK, "url": "http://example.com/hook"}, "url"),
    ({**HOOK, "url": "ftp://example.com"}, "url"),
    ({**HOOK, "url": "https://"}, "url"),
    ({**HOOK, "url": "https://user:secret@example.com"}, "url"),
    ({**HOOK, "url": "https://exa mple.com"}, "url"),
    ({**HOOK, "url": "https://[::1"}, "url"),
    ({**HOOK, "url": "https://example.com:port"}, "url"),
    ({**HOOK, "url": 7}, "url"),
    ({**HOOK, "url": "https://10.0.0.1/hook"}, "url"),
    ({**HOOK, "url": "https://169.254.169.254/latest"}, "url"),
    ({**HOOK, "url": "https://[fd00::1]/"}, "url"),
    ({**HOOK, "events": [" "]}, "events.0"),
    ({**HOOK, "url": None}, "url"),
    ({**HOOK, "events": []}, "events"),
    ({**HOOK, "events": ["x"] * 51}, "events"),
    ({**HOOK, "events": ["ok", ""]}, "events.1"),
    ({**HOOK, "events": "Order Completed"}, "events"),
    ({**HOOK, "enabled": "perhaps"}, "enabled"),
    ({**HOOK, "enable": True}, "enable"),
])
def test_a_document_that_does_not_fit_names_the_field(call: Call, document: object, field: str) -> None:
    answer = call("PUT", "/api/webhooks/bad", body=document)
    assert (answer.status, answer.error["field"]) == (400, field)
    assert call("GET", "/api/webhooks/bad").status == 404


@pytest.mark.parametrize("url", ["http://localhost:9000/hook", "http://127.0.0.1/x", "http://[::1]:80/x"])
def test_plain_http_is_allowed_to_the_local_machine_only(call: Call, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("PUT", "/api/webhooks/loopback", body={**HOOK, "url": url}).status == 400
    monkeypatch.setattr(webhooks, "LOOPBACK", ("localhost", "127.0.0.1", "::1"))
    assert call("PUT", "/api/webhooks/loopback", body={**HOOK, "url": url}).status == 200


def test_a_webhook_has_a_secret_of_its_own(call: Call) -> None:
    call("PUT", "/api/webhooks/signed", body=HOOK)
    call("PUT", "/api/webhooks/other", body=HOOK)
    secret = call("GET", "/api/webhooks/signed/secret").json["secret"]
    assert secret.startswith("whsec_")
    assert secret == call("GET", "/api/webhooks/signed/secret").json["secret"]
    assert secret != call("GET", "/api/webhooks/other/secret").json["secret"]
    assert call("GET", "/api/webhooks/nobody/secret").status == 404
