"""The pages of consent: unsubscribing, preferences, confirming; and of surveys and forms."""

from __future__ import annotations

from .http import Answer, Request


def unsubscribe(request: Request) -> Answer:
    """`/unsubscribe/{token}`."""
    return Answer(404)
