"""The front answers as API Gateway does."""

from __future__ import annotations

import base64
import gzip
import time
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.http import Front, Request, Response, Route
from infra.local.runtime import Function


class Fake(Function):
    """A function that remembers its events."""

    def __init__(self, answer: Any = None, timeout: int = 3) -> None:
        super().__init__("fake", "fake.handler.handler", {}, timeout, 128)
        self.events: list[Any] = []
        self._answer = answer
        self._call = self._handle

    def _handle(self, event: Any, _context: Any) -> Any:
        self.events.append(event)
        return self._answer(event) if callable(self._answer) else self._answer


CORS = {"AllowOrigins": ["*"], "AllowHeaders": ["content-type"], "AllowMethods": ["GET", "POST"], "MaxAge": 60}
ORIGIN = ("origin", "https://shop.example")
ADMIN = ("authorization", "Bearer local-admin-token")


@pytest.fixture
def function() -> Fake:
    return Fake({"statusCode": 201, "headers": {"X-Thing": "1", "Access-Control-Allow-Origin": "https://mine"},
                 "body": "made", "cookies": ["a=1; Path=/", "b=2"]})


@pytest.fixture
def front(function: Fake) -> Iterator[Front]:
    keys = ["ANY /api/{proxy+}", "POST /v1/{call}", "GET /v1/projects/{writeKey}/settings", "POST /v1/batch"]
    made = Front([Route(key, function, key.startswith("ANY")) for key in keys], CORS)
    yield made
    made.close()


def ask(front: Front, method: str, path: str, *headers: tuple[str, str], query: str = "", body: bytes = b"") -> Response:
    return front.handle(Request(method, path, list(headers), query, body))


@pytest.mark.parametrize(("method", "path", "key", "parameters"), [
    ("POST", "/v1/batch", "POST /v1/batch", {}),
    ("POST", "/v1/tr%20ack", "POST /v1/{call}", {"call": "tr ack"}),
    ("GET", "/v1/projects/k/settings", "GET /v1/projects/{writeKey}/settings", {"writeKey": "k"}),
    ("DELETE", "/api/a/b", "ANY /api/{proxy+}", {"proxy": "a/b"}),
])
def test_the_most_specific_route_takes_a_request(front: Front, method: str, path: str, key: str,
                                                 parameters: dict[str, str]) -> None:
    found = front.find(method, path)
    assert found is not None
    assert (found[0].key, found[1]) == (key, parameters)


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/batch"), ("POST", "/v2/x"), ("GET", "/api/"), ("GET", "/")])
def test_what_no_route_takes_is_not_found(front: Front, method: str, path: str) -> None:
    answer = ask(front, method, path)
    assert (answer.status, answer.body) == (404, b'{"message": "Not Found"}')


def test_the_function_sees_payload_two(front: Front, function: Fake) -> None:
    ask(front, "POST", "/v1/batch", ("cookie", "a=1; b=2"), ("x-many", "1"), ("x-many", "2"), ("user-agent", "curl"),
        ("content-type", "application/json"), query="a=1&a=2&empty=", body=b'{"a": 1}')
    event = function.events[0]
    assert event["version"] == "2.0"
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["headers"] == {"x-many": "1,2", "user-agent": "curl", "content-type": "application/json"}
    assert event["queryStringParameters"] == {"a": "1,2", "empty": ""}
    assert (event["rawPath"], event["rawQueryString"]) == ("/v1/batch", "a=1&a=2&empty=")
    assert (event["body"], event["isBase64Encoded"]) == ('{"a": 1}', False)
    assert event["requestContext"]["http"]["userAgent"] == "curl"
    assert event["requestContext"]["http"]["method"] == "POST"
    assert "pathParameters" not in event


@pytest.mark.parametrize("headers", [
    [("content-encoding", "gzip"), ("content-type", "application/json")], [("content-type", "application/json")], [],
    [("content-type", "application/octet-stream")]])
def test_a_compressed_body_arrives_whole_whatever_it_is_called(front: Front, function: Fake, headers: Any) -> None:
    body = gzip.compress(b'{"a": 1}')
    ask(front, "POST", "/v1/batch", *headers, body=body)
    assert function.events[0]["isBase64Encoded"]
    assert base64.b64decode(function.events[0]["body"]) == body


@pytest.mark.parametrize(("type_", "encoded"), [
    ("text/plain;charset=UTF-8", False), ("application/json; charset=utf-8", False), ("Application/JSON", False),
    ("application/xml", False), ("application/javascript", False), ("application/x-www-form-urlencoded", True),
    ("application/octet-stream", True), ("application/jsonlines", True), (None, True)])
def test_a_body_is_text_or_base64_by_its_type(front: Front, function: Fake, type_: str | None, encoded: bool) -> None:
    ask(front, "POST", "/v1/batch", *([("content-type", type_)] if type_ else []), body=b"a=1")
    assert function.events[0]["isBase64Encoded"] is encoded


def test_the_answer_of_the_function_is_the_response(front: Front) -> None:
    answer = ask(front, "POST", "/v1/batch")
    assert (answer.status, answer.body) == (201, b"made")
    assert ("x-thing", "1") in answer.headers
    assert [value for key, value in answer.headers if key == "set-cookie"] == ["a=1; Path=/", "b=2"]


def test_admin_routes_want_the_token(front: Front, function: Fake) -> None:
    for headers in ([], [("authorization", "Bearer wrong")], [("authorization", "local-admin-token")]):
        answer = ask(front, "GET", "/api/x", *headers)
        assert (answer.status, answer.body) == (401, b'{"message": "Unauthorized"}')
    assert not function.events
    assert ask(front, "GET", "/api/x", ADMIN).status == 201
    assert function.events[0]["requestContext"]["authorizer"]["jwt"]["claims"]["sub"] == "local-admin"


def test_a_preflight_is_answered_without_the_function(front: Front, function: Fake) -> None:
    answer = ask(front, "OPTIONS", "/v1/batch", ORIGIN, ("access-control-request-method", "POST"))
    assert answer.status == 204
    assert dict(answer.headers) == {
        "access-control-allow-origin": "*", "access-control-allow-headers": "content-type",
        "access-control-allow-methods": "GET,POST", "access-control-max-age": "60"}
    assert not function.events


def test_cors_headers_are_those_of_the_api_and_come_with_an_origin_only(front: Front) -> None:
    assert dict(ask(front, "POST", "/v1/batch", ORIGIN).headers)["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in dict(ask(front, "POST", "/v1/batch").headers)
    assert dict(ask(front, "GET", "/nowhere", ORIGIN).headers)["access-control-allow-origin"] == "*"


def test_a_listed_origin_is_echoed_and_another_gets_nothing(function: Fake) -> None:
    front = Front([Route("GET /x", function, False)], {"AllowOrigins": ["https://a.example"], "AllowCredentials": True})
    allowed = dict(ask(front, "GET", "/x", ("origin", "https://a.example")).headers)
    assert allowed["access-control-allow-origin"] == "https://a.example"
    assert allowed["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in dict(ask(front, "GET", "/x", ("origin", "https://b.example")).headers)
    front.close()


def test_a_body_over_ten_megabytes_is_refused(front: Front, function: Fake) -> None:
    assert ask(front, "POST", "/v1/batch", body=b"x" * (10 * 1024 * 1024 + 1)).status == 413
    assert not function.events


@pytest.mark.parametrize("answer", [
    lambda _event: 1 / 0, {"statusCode": "many"}, {"statusCode": 200, "body": 7}, {"statusCode": 200, "headers": [1]},
    lambda _event: object()])
def test_a_failure_or_an_unreadable_answer_is_a_500(answer: Any) -> None:
    front = Front([Route("$default", Fake(answer), False)], None)
    response = ask(front, "GET", "/x")
    assert (response.status, response.body) == (500, b'{"message": "Internal Server Error"}')
    front.close()


def test_a_function_that_outlives_its_time_is_a_500() -> None:
    front = Front([Route("$default", Fake(lambda _event: time.sleep(0.1), timeout=0), False)], None)
    assert ask(front, "GET", "/x").status == 500
    front.close()


def test_an_answer_without_a_status_is_sent_as_json() -> None:
    front = Front([Route("$default", Fake({"a": 1}), False)], None)
    answer = ask(front, "GET", "/x")
    assert (answer.status, answer.body) == (200, b'{"a": 1}')
    front.close()
