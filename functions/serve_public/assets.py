"""Images of messages and pages."""

from __future__ import annotations

from socle.assets.model import media_type
from socle.errors import NotFound

from . import collaborators
from .http import Answer, Request

_KEPT = "public, max-age=86400"
"""A day: mail programs fetch an image as often as a mail is opened."""


def asset(request: Request) -> Answer:
    """`/assets/{name}`."""
    found = collaborators.get().assets.read(request.token)
    if found is None:
        raise NotFound("not_found", "there is no such image")
    return Answer(200, {"Content-Type": media_type(request.token), "Cache-Control": _KEPT, "X-Content-Type-Options": "nosniff",
                        "Content-Security-Policy": "default-src 'none'; sandbox", "Cross-Origin-Resource-Policy": "cross-origin"},
                  found)
