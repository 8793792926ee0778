"""The machine's own routes: the start page, /local/clock, /local/outbox, /local/metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from infra.local import links, pages
from infra.local.http import Request, Response
from infra.local.pump import Stuck
from infra.local.timeline import iso_now, parse_request
from socle.errors import Rejected, SocleError

if TYPE_CHECKING:
    from infra.local.machine import LocalMachine

HTML = "text/html"
# What a mail brings along may not run, and may load nothing from elsewhere; of images only those of templates, for the pixel
# would count whoever looks at the outbox as somebody who opened the mail.
POLICY = ("default-src 'none'; style-src 'unsafe-inline'; img-src {url}/assets/ data:; frame-src 'self'; "
          "script-src 'unsafe-inline'; connect-src 'self'")


def page(html: str, url: str) -> Response:
    """A response of HTML; `url` is where the machine is reached."""
    return Response(200, [("content-type", "text/html; charset=utf-8"), ("cache-control", "no-store"),
                          ("content-security-policy", POLICY.format(url=url))], html.encode())


def _number(query: str, name: str) -> int:
    """A number of the query; 0 for none, and for what is none."""
    given = dict(parse_qsl(query)).get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0


class LocalRoutes:
    """What the machine answers beside the stack's API."""

    def __init__(self, machine: LocalMachine) -> None:
        self._machine = machine

    def handle(self, request: Request) -> Response | None:
        """The answer, or None for a request that is the stack's. Errors have the project's shape."""
        try:
            return self._route(request)
        except SocleError as error:
            return Response.of(error.status, error.to_json())
        except Stuck as stuck:
            return Response.of(500, SocleError("stuck", f"{stuck}: see the error in the terminal").to_json())

    def _route(self, request: Request) -> Response | None:
        match request.path, request.method:
            case "/", "GET" | "HEAD":
                return page(pages.start(self._machine.outputs, iso_now(), len(self._machine.outbox.items()),
                                        request.header("host") or "localhost:8000"), self._machine.links.url)
            case "/health", "GET" if self._machine.front.find("GET", "/health") is None:
                return Response.of(200, {"status": "ok"})
            case "/local/clock", "GET":
                return Response.of(200, {"now": iso_now()})
            case "/local/clock", "POST":
                self._machine.timeline.advance(parse_request(request.body))
                return Response.of(200, {"now": iso_now()})
            case "/local/metrics", "GET":
                return Response.of(200, self._machine.runtime.metrics.sums())
            case "/local/outbox", "GET":
                items = self._machine.outbox.items()
                if HTML in (request.header("accept") or ""):
                    return page(pages.outbox(items, _number(request.query, "skip")), self._machine.links.url)
                return Response.of(200, {"items": items})
            case "/local/outbox", "DELETE":
                self._machine.outbox.empty()
                return Response(204, [])
            case ("/local/clock" | "/local/metrics" | "/local/outbox"), _:
                raise Rejected("method_not_allowed", f"{request.path} does not take {request.method}", status=405)
        if request.path.startswith(links.PREFIX):
            return self._machine.links.handle(request)
        if request.path.startswith("/local/"):
            raise Rejected("not_found", "there are /local/clock, /local/outbox and /local/metrics", status=404)
        return None
