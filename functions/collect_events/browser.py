"""The settings document that analytics.js asks for before it sends anything (GET /v1/projects/<write key>/settings)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from socle.errors import NotFound, Rejected
from socle.events.service import Collector

CACHE = {"cache-control": "public, max-age=300", "vary": "host"}
"""Five minutes: it only changes when a key is revoked, and then sending is refused anyway."""


def settings(event: dict[str, Any], collector: Collector, now: int) -> dict[str, Any]:
    """What @segment/analytics-next needs to send here: Segment.io as the only integration, with our host.

    Sampling of the library's own metrics is 0: it would send them to Segment. Raises NotFound(`bad_write_key`).
    """
    parts = event["rawPath"].strip("/").split("/")
    if len(parts) != 4 or parts[:2] != ["v1", "projects"] or parts[3] != "settings":
        raise NotFound("no_such_route", "GET /v1/projects/<write key>/settings, or POST to /v1/")
    write_key = unquote(parts[2])
    try:
        collector.source(write_key, now)
    except Rejected as error:
        raise NotFound(error.code, error.message, error.field) from error
    headers = event.get("headers") or {}
    segment_io = {
        "apiKey": write_key,
        "apiHost": f"{headers.get('host') or event['requestContext']['domainName']}/v1",
        # API Gateway always says https; only the local machine has nothing in front of it to say so.
        "protocol": "https" if headers.get("x-forwarded-proto", "http") == "https" else "http",
        "deliveryStrategy": {"strategy": "standard"},
    }
    return {"integrations": {"Segment.io": segment_io}, "plan": {}, "metrics": {"sampleRate": 0}}
