"""API Gateway's part of an HTTP request: route, authorizer, CORS, payload 2.0 in, response out.

Routes, integrations and CORS are those that the stack made. Source: "Working with AWS Lambda proxy integrations for
HTTP APIs", "Configure CORS for HTTP APIs", "Routes for HTTP APIs" in the API Gateway developer guide.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Overdue
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from infra.local.cloud import ACCOUNT
from infra.local.runtime import Function, Outcome
from socle import clock

ADMIN_TOKEN = "local-admin-token"  # noqa: S105 - the published token of the local machine
MAX_BODY = 10 * 1024 * 1024
MAX_SECONDS = 30
"""What API Gateway takes, and how long it waits for an integration."""

_TEXT = re.compile(r"text/|application/(json|javascript|xml)\s*(;|$)", re.IGNORECASE)
"""The types that API Gateway passes on as text. AWS does not list them: measured, says github.com/ministackorg/ministack, pull
request 766. That nothing compressed is among them, whatever its type, is our assumption."""


class Request(NamedTuple):
    """An HTTP request; header names are lower-case and may repeat."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    query: str = ""
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    protocol: str = "HTTP/1.1"

    def header(self, name: str) -> str | None:
        """The first header of that lower-case name."""
        return next((value for key, value in self.headers if key == name), None)


class Response(NamedTuple):
    """An HTTP response."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    @classmethod
    def of(cls, status: int, document: Any, headers: Iterable[tuple[str, str]] = ()) -> Response:
        """A response of JSON."""
        return cls(status, [("content-type", "application/json"), *headers], json.dumps(document).encode())


def message(status: int, text: str) -> Response:
    """How API Gateway itself answers."""
    return Response.of(status, {"message": text})


class Route:
    """One route of the API: `POST /v1/{call}`, `ANY /api/{proxy+}` or `$default`."""

    def __init__(self, key: str, function: Function, authorized: bool) -> None:
        self.key = key
        self.function = function
        self.authorized = authorized
        self.method, _, self.path = key.partition(" ")
        pattern = re.sub(r"\\\{(\w+)\\\+\\\}", r"(?P<\1>.+)", re.escape(self.path))
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", pattern)
        self._pattern = re.compile(pattern)

    @property
    def rank(self) -> tuple[bool, bool, int, bool]:
        """Sorts as API Gateway chooses: no variable, then variables, then greedy ones, then $default; method over ANY."""
        return (self.key == "$default", "+}" in self.path, self.path.count("{"), self.method == "ANY")

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The path's parameters, or None if this is another route."""
        if self.key == "$default":
            return {}
        found = self._pattern.fullmatch(path) if self.method in ("ANY", method) else None
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None


class Cors:
    """An API's CorsConfiguration. API Gateway answers preflights itself and replaces the handler's CORS headers."""

    def __init__(self, configuration: Mapping[str, Any]) -> None:
        fields = {key.lower(): value for key, value in configuration.items()}
        self.origins: list[str] = fields.get("alloworigins") or []
        self._preflight = [
            (f"access-control-allow-{name}", ",".join(fields[f"allow{name}"]))
            for name in ("headers", "methods") if fields.get(f"allow{name}")]
        if fields.get("maxage") is not None:
            self._preflight.append(("access-control-max-age", str(fields["maxage"])))
        self._exposed: list[str] = fields.get("exposeheaders") or []
        self._credentials = str(fields.get("allowcredentials", False)).lower() == "true"

    def _origin(self, origin: str) -> list[tuple[str, str]]:
        if "*" in self.origins:
            return [("access-control-allow-origin", "*")]
        scheme = origin.partition("://")[0]
        if origin in self.origins or f"{scheme}://*" in self.origins:
            credentials = [("access-control-allow-credentials", "true")] if self._credentials else []
            return [("access-control-allow-origin", origin), *credentials]
        return []

    def preflight(self, request: Request) -> Response | None:
        """The answer to a preflight request; None if it is not one."""
        origin = request.header("origin")
        if request.method != "OPTIONS" or origin is None or request.header("access-control-request-method") is None:
            return None
        allowed = self._origin(origin)
        return Response(204, [*allowed, *self._preflight] if allowed else [])

    def decorate(self, request: Request, response: Response) -> Response:
        """The response with this configuration's headers in place of the handler's, if an Origin was sent."""
        headers = [(key, value) for key, value in response.headers if not key.startswith("access-control-")]
        origin = request.header("origin")
        if origin is not None and (allowed := self._origin(origin)):
            headers += allowed
            if self._exposed:
                headers.append(("access-control-expose-headers", ",".join(self._exposed)))
        return response._replace(headers=headers)


class Front:
    """The HTTP API of the stack. `handle` may be called from many threads."""

    def __init__(self, routes: Iterable[Route], cors: Mapping[str, Any] | None, threads: int = 8) -> None:
        self.routes = sorted(routes, key=lambda route: route.rank)
        self._cors = Cors(cors) if cors else None
        self._pool = ThreadPoolExecutor(threads, "handler")

    def close(self) -> None:
        """Take no more requests."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route that takes a request, with its path parameters."""
        for route in self.routes:
            parameters = route.match(method, path)
            if parameters is not None:
                return route, parameters
        return None

    def handle(self, request: Request) -> Response:
        """Answer one request as API Gateway and the function behind it would."""
        if self._cors is None:
            return self._answer(request)
        return self._cors.preflight(request) or self._cors.decorate(request, self._answer(request))

    def _answer(self, request: Request) -> Response:
        found = self.find(request.method, request.path)
        if found is None:
            return message(404, "Not Found")
        route, parameters = found
        if route.authorized and request.header("authorization") != f"Bearer {ADMIN_TOKEN}":
            return message(401, "Unauthorized")
        if len(request.body) > MAX_BODY:
            return message(413, "Request Entity Too Large")
        event = payload(request, route, parameters)
        invocation = self._pool.submit(route.function.invoke, event, event["requestContext"]["requestId"])
        try:
            outcome: Outcome = invocation.result(min(route.function.timeout, MAX_SECONDS))
        except Overdue:
            # A function's own time-out is its error; only then does API Gateway give up by itself.
            return message(500, "Internal Server Error") if route.function.timeout <= MAX_SECONDS \
                else message(503, "Service Unavailable")
        return _response(outcome)


def payload(request: Request, route: Route, parameters: dict[str, str]) -> dict[str, Any]:
    """The event of payload format 2.0."""
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for key, value in request.headers:
        if key == "cookie":
            cookies += [part.strip() for part in value.split(";")]
        else:
            headers[key] = f"{headers[key]},{value}" if key in headers else value
    now = clock.now()
    host = headers.get("host", "localhost")
    event: dict[str, Any] = {
        "version": "2.0", "routeKey": route.key, "rawPath": request.path, "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT, "apiId": "local", "domainName": host, "domainPrefix": "local",
            "http": {"method": request.method, "path": request.path, "protocol": request.protocol,
                     "sourceIp": request.source_ip, "userAgent": headers.get("user-agent", "")},
            "requestId": str(uuid.uuid4()), "routeKey": route.key, "stage": "$default",
            "time": datetime.fromtimestamp(now / 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"), "timeEpoch": now,
        },
        "isBase64Encoded": False,
    }
    if route.authorized:
        event["requestContext"]["authorizer"] = {"jwt": {"claims": {
            "sub": "local-admin", "username": "local-admin", "token_use": "access"}, "scopes": None}}
    if cookies:
        event["cookies"] = cookies
    query: dict[str, str] = {}
    for key, value in parse_qsl(request.query, keep_blank_values=True):
        query[key] = f"{query[key]},{value}" if key in query else value
    if query:
        event["queryStringParameters"] = query
    if parameters:
        event["pathParameters"] = parameters
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request.body, headers)
    return event


def _body(body: bytes, headers: dict[str, str]) -> tuple[str, bool]:
    """Text stays text; anything else travels as base64: compressed bodies, forms, what comes without a type."""
    if "content-encoding" not in headers and _TEXT.match(headers.get("content-type", "")):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def _response(outcome: Outcome) -> Response:
    """What API Gateway makes of a function's answer; one that it cannot read is a 500."""
    if outcome.error is not None:
        return message(500, "Internal Server Error")
    answer = outcome.answer
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return Response.of(200, answer)
    try:
        text = answer.get("body") or ""
        body = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
        headers = [(key.lower(), str(value)) for key, value in (answer.get("headers") or {}).items()]
        headers += [("set-cookie", cookie) for cookie in answer.get("cookies") or []]
        status = int(answer["statusCode"])
    except (ValueError, TypeError, AttributeError):
        return message(500, "Internal Server Error")
    if "content-type" not in dict(headers):
        headers.append(("content-type", "text/plain; charset=utf-8"))
    return Response(status, headers, body)


def read_routes(api: Any, named: Callable[[str], Function]) -> list[Route]:
    """The routes of an API that moto made from the template; `named` finds a function by its ARN."""
    routes = []
    for made in api.routes.values():
        integration = api.integrations[made.target.removeprefix("integrations/")]
        routes.append(Route(made.route_key, named(integration.integration_uri), made.authorization_type == "JWT"))
    return routes
