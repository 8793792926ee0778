"""Which function answers which path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from socle.errors import NotFound, Rejected

from .http import Answer, Request

Respond = Callable[[Request], Answer]

ROUTES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "o": ("tracking", "opened", ("GET", "HEAD")),
    "c": ("tracking", "clicked", ("GET", "HEAD")),
    "unsubscribe": ("pages", "unsubscribe", ("GET", "HEAD", "POST")),
    "preferences": ("pages", "preferences", ("GET", "HEAD", "POST")),
    "confirm": ("pages", "confirm", ("GET", "HEAD", "POST")),
    "surveys": ("forms", "survey", ("GET", "HEAD", "POST")),
    "forms": ("forms", "form", ("GET", "HEAD", "POST")),
    "assets": ("assets", "asset", ("GET", "HEAD")),
}
"""First segment of a path → module here, function, methods. Modules are loaded when asked for: a click waits for no page."""


def respond(request: Request) -> Answer:
    """The answer to a request. Raises what its function raises, and Rejected for what is no page."""
    if request.path not in ROUTES:
        raise NotFound("not_found", "there is no such page")
    module, name, methods = ROUTES[request.path]
    if request.method not in methods:
        raise Rejected("method_not_allowed", f"this page takes {', '.join(methods)}", status=405)
    function: Respond = getattr(import_module(f".{module}", __package__), name)
    return function(request)

