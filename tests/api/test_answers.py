"""Every answer has the documented shape, and nothing that a caller sends answers 500."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.api.conftest import Call

DEEP = '{"a":' * 2000 + "1" + "}" * 2000
BODIES: dict[str, str] = {
    "nothing": "", "no object": "[]", "a document in a list": '[{"description": "x"}]', "null": "null", "text": '"x"',
    "a number": "7", "broken": '{"description": ', "two": "{} {}", "NaN": '{"description": NaN}',
    "infinity": '{"description": -Infinity}', "a huge number": '{"enabled": 1e999}',
    "digits": '{"enabled": ' + "9" * 5000 + "}", "deep": DEEP, "less deep": '{"a":' * 40 + "1" + "}" * 40,
    "half a character": '{"description": "\\ud800"}', "half a name": '{"\\udfff": 1}', "form": "description=x",
    "a byte order mark": "\ufeff{}", "too large": '{"description": "' + "x" * 1_100_000 + '"}',
}
QUERIES = ["limit=0", "limit=1001", "limit=ten", "limit=", "limit=1.5", "limit=1&limit=2", "limit=99999999999999999999",
           "cursor=x", "cursor=%00", "cursor=%F0%9F%98%80", "cursor=" + "A" * 2000, "cursor=eyJhIjoxfQ", "cursor=a&cursor=b",
           "version=0", "version=-1", "version=one", "version=123456789", "dry_run=perhaps", "as_of=%00", "clock=x",
           "by=%00", "by=user_id:%00", "source=%00", "code=" + "x" * 300, "event=" + "x" * 300, "unknown=1", "=", "&&&", "%"]
SEGMENTS = ["x", "%00", "\x00", "..", "a" * 300, "ü", "\U0001f600", "{name}", "<name>", "a+b", "a%2Fb", "1" * 13 + "-x.0", "'"]


def routes(call: Call) -> list[tuple[str, str]]:
    """Every documented (method, path template)."""
    document = call("GET", "/api/openapi.json").json
    return [(method.upper(), path) for path, operations in document["paths"].items() for method in operations]


def fill(template: str, segment: str) -> str:
    return template.replace("{name}", segment).replace("{id}", segment)


def test_the_document_is_valid_openapi_3_1_and_complete(call: Call) -> None:
    from functions.serve_admin.handler import app

    document = call("GET", "/api/openapi.json").json
    validate(document)
    assert document["openapi"].startswith("3.1")
    registered = {(route.method, route.openapi_path) for route in [*app._static_routes, *app._dynamic_routes]}
    assert set(routes(call)) == registered
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert document["security"] == [{"bearer": []}]
    names = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            assert operation["operationId"] not in names
            names.add(operation["operationId"])
            assert {"401", "500"} <= set(operation["responses"])
            assert any(code < "300" for code in operation["responses"])
            if method == "put":
                assert operation["requestBody"]["required"] is True


def test_every_list_answers_items_and_next(call: Call) -> None:
    call("PUT", "/api/sources/known", body={})
    call("PUT", "/api/webhooks/known", body={"url": "https://example.com", "events": ["x"]})
    for path in ("/api/sources", "/api/webhooks", "/api/sources/known/versions", "/api/sources/known/keys",
                 "/api/sources/known/tail", "/api/quarantine", "/api/quarantine/summary", "/api/failed"):
        body = call("GET", path).json
        assert isinstance(body["items"], list), path
        assert "next" in body, path


def test_an_unknown_route_answers_404(call: Call) -> None:
    for path in ("/api", "/api/", "/api/nothing", "/api/profiles/", "/api/profiles/x/y/z", "/api/sources/a/b", "/", "",
                 "/api/sources//keys", "/API/SOURCES"):
        answer = call("GET", path)
        assert (answer.status, answer.error["code"]) == (404, "unknown_route"), path


def test_a_wrong_method_answers_405_and_says_which_are_right(call: Call) -> None:
    for method, path, allowed in (("PUT", "/api/profiles/x", "DELETE, GET"), ("POST", "/api/sources", "GET"),
                                  ("PATCH", "/api/sources/shop", "DELETE, GET, PUT"), ("GET", "/api/quarantine/replay", None),
                                  ("DELETE", "/api/openapi.json", "GET")):
        answer = call(method, path)
        if allowed is not None:
            assert (answer.status, answer.error["code"]) == (405, "method_not_allowed"), path
            assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("cursor", ["x", "%", "AAAA", "eyJhIjoxfQ", "", " ", "\x00", "ü"])
def test_a_cursor_that_is_none_of_ours_is_refused(call: Call, cursor: str) -> None:
    call("PUT", "/api/sources/known", body={})
    for path in ("/api/sources", "/api/sources/known/versions", "/api/quarantine", "/api/failed"):
        answer = call("GET", path, query={"cursor": cursor})
        if cursor:
            assert (answer.status, answer.error["field"]) == (400, "cursor"), path


def test_a_cursor_that_was_changed_or_comes_from_another_list_is_refused(call: Call) -> None:
    for number in range(3):
        call("PUT", f"/api/sources/cursor-{number}", body={})
    cursor = call("GET", "/api/sources", query="limit=1").json["next"]
    for wrong in (cursor[:-1], cursor + "A", cursor[::-1], cursor.swapcase()):
        assert call("GET", "/api/sources", query={"cursor": wrong}).error["field"] == "cursor"
    assert call("GET", "/api/webhooks", query={"cursor": cursor}).error["field"] == "cursor"
    assert call("GET", "/api/quarantine", query={"cursor": cursor}).error["field"] == "cursor"
    assert call("GET", "/api/failed", query={"cursor": cursor}).error["field"] == "cursor"


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "ten", "", "1.5", "1e2", "9" * 30])
def test_a_limit_that_cannot_be_is_refused(call: Call, limit: str) -> None:
    for path in ("/api/sources", "/api/quarantine", "/api/failed", "/api/profiles/x/timeline"):
        answer = call("GET", path, query={"limit": limit})
        assert (answer.status, answer.error["field"]) == (400, "limit"), path


LIMITS = "limit must be a whole number from 1 to 1000"
NAMES = "a name has 1 to 63 characters a-z, 0-9, _ or -, and begins with a letter or digit"


@pytest.mark.parametrize(("path", "query", "says"), [
    ("/api/sources", "limit=ten", LIMITS), ("/api/sources", "limit=0", LIMITS), ("/api/sources", "limit=1001", LIMITS),
    ("/api/sources", "limit=1.5", LIMITS), ("/api/sources", "limit=" + "9" * 5000, LIMITS),
    ("/api/sources/known/tail", "limit=0", LIMITS),
    ("/api/sources", "limit", "limit has no value: write limit=1, for example, or leave it out"),
    ("/api/sources", "limit=5&limit=6", "limit is given more than once: give it once"),
    ("/api/profiles", "by=user_id:1&by=user_id:2", "by is given more than once: give it once"),
    ("/api/sources/known", "version=0", "version must be a whole number from 1 to 99999999"),
    ("/api/sources/Known", "", NAMES), ("/api/sources/🎉/keys", "", NAMES),
    ("/api/profiles/x", "as_of=" + "1" * 65, "as_of may have at most 64 characters"),
    ("/api/profiles/x", "clock=wall", "clock must be 'happened' or 'known'"),
])
def test_a_parameter_that_cannot_be_is_refused_in_plain_words(call: Call, path: str, query: str, says: str) -> None:
    answer = call("GET", path, query=query)
    assert (answer.status, answer.error["message"]) == (400, says)


@pytest.mark.parametrize(("body", "query", "says"), [
    ("{}", "dry_run", "dry_run has no value: write dry_run=1, for example, or leave it out"),
    ("{}", "dry_run=perhaps", "dry_run must be true or false; 1 or 0 in a query"),
    ("", "", "the request needs a body: a JSON object"),
    ('{"description": 7}', "", "description must be a string"),
    ('{"description": "' + "x" * 1001 + '"}', "", "description may have at most 1000 characters"),
    ('{"enabled": "perhaps"}', "", "enabled must be true or false; 1 or 0 in a query"),
    ('{"description": "a\nb"}', "", "the body cannot be read: it is not JSON: Invalid control character at line 1 column 19"),
])
def test_a_write_that_cannot_be_is_refused_in_plain_words(call: Call, body: str, query: str, says: str) -> None:
    answer = call("PUT", "/api/sources/known", query=query, body=body)
    assert (answer.status, answer.error["message"]) == (400, says)


@pytest.mark.parametrize(("method", "path", "status", "code"), [
    ("GET", "/api/profiles/{}", 404, "unknown_profile"), ("DELETE", "/api/profiles/{}", 404, "unknown_profile"),
    ("GET", "/api/profiles/{}/timeline", 404, "unknown_profile"), ("DELETE", "/api/sources/known/keys/{}", 404, "no_such_key"),
    ("GET", "/api/quarantine/{}", 404, "not_in_quarantine"), ("GET", "/api/sources/{}", 400, "invalid"),
])
@pytest.mark.parametrize("name", ["🎉", "%F0%9F%8E%89", "a#b", "a%23b", 'a"b', "a?b", "a\\b", "a`b", "\n", "\x00"])
def test_a_name_of_any_characters_is_looked_for_by_its_route(
        call: Call, method: str, path: str, status: int, code: str, name: str) -> None:
    """Gateways hand paths on decoded or not: both are the resource's matter."""
    call("PUT", "/api/sources/known", body={})
    answer = call(method, path.format(name))
    assert (answer.status, answer.error["code"]) == (status, code)


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain",
                                          "multipart/form-data", "application/xml", ""])
def test_a_body_is_json_whatever_it_is_called(call: Call, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    assert call("PUT", "/api/sources/typed", body={}, headers=headers).status == 200
    assert call("PUT", "/api/sources/typed", body="{", headers=headers).error["field"] == "body"


def test_a_base64_body_is_decoded_and_bytes_that_are_no_text_are_refused(call: Call) -> None:
    sound = base64.b64encode(json.dumps({"description": "ü"}).encode()).decode()
    assert call("PUT", "/api/sources/encoded", body=sound, is_base64=True).json["document"]["description"] == "ü"
    for broken in (base64.b64encode(b"\xff\xfe{}").decode(), "!!!", "A"):
        answer = call("PUT", "/api/sources/encoded", body=broken, is_base64=True)
        assert (answer.status, answer.error["field"]) == (400, "body")


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_body_answers_500(call: Call, body: str) -> None:
    for method, template in routes(call):
        if method in ("PUT", "POST"):
            answer = call(method, fill(template, "written"), body=body)
            assert answer.status < 500, (method, template)
            if answer.status >= 400:
                assert answer.error["code"] != "internal"


@pytest.mark.parametrize("query", QUERIES)
def test_no_query_answers_500(call: Call, query: str) -> None:
    for method, template in routes(call):
        if method in ("GET", "PUT"):
            answer = call(method, fill(template, "queried"), query=query, body="{}" if method == "PUT" else None)
            assert answer.status < 500, (method, template)


@pytest.mark.parametrize("segment", SEGMENTS)
def test_no_path_answers_500(call: Call, segment: str) -> None:
    for method, template in routes(call):
        answer = call(method, fill(template, segment), body="{}" if method in ("PUT", "POST") else None)
        assert answer.status < 500, (method, template)


@pytest.mark.parametrize("version", ["", "*", '"', "W/\"1\"", "-1", "1" * 40, "１", "latest"])
def test_no_header_answers_500(call: Call, version: str) -> None:
    assert call("PUT", "/api/sources/headed", body={}, headers={"If-Match": version}).error["field"] == "If-Match"


def test_a_fault_of_ours_answers_500_with_the_request_id_and_tells_nothing(
        call: Call, services: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise KeyError("ada@example.com")

    monkeypatch.setattr(services.definitions._store, "current", broken)
    with caplog.at_level(logging.INFO):
        answer = call("GET", "/api/sources/known")
    assert (answer.status, answer.error["code"]) == (500, "internal")
    assert "request-id" in answer.error["message"]
    assert "ada" not in answer.text
    assert "ada" not in caplog.text


def test_no_log_line_names_a_person(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    call("GET", "/api/profiles", query={"by": "email:ada@example.com"})
    call("GET", "/api/profiles/ada@example.com")
    captured = capsys.readouterr()
    assert "ada" not in captured.out + captured.err
