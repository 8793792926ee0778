"""The segments that the sample has: ready-made ones that the shop's customers enter and leave, and one of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.local.sample.client import Client
from socle.segments.ready import READY

READY_MADE = ("new", "active", "cart-abandoned", "birthday-this-week")
OWN: Mapping[str, Mapping[str, Any]] = {
    "newsletter-readers": {
        "description": "Who subscribed to the newsletter and did not unsubscribe.",
        "when": {"type": "consent", "channel": "email", "topic": "newsletter", "state": "subscribed"}},
    "with-address": {
        "description": "Everybody whose e-mail address is known.",
        "when": {"type": "trait", "trait": "email", "test": {"op": "exists"}}},
}
SEGMENTS: Mapping[str, Mapping[str, Any]] = {**{name: READY[name].document for name in READY_MADE}, **OWN}
"""Name → document."""


def define(client: Client) -> None:
    """Write the segments. Before the events: whoever does something enters and leaves with it."""
    for name, document in SEGMENTS.items():
        client.put(f"/api/segments/{name}", document)


def settle(client: Client) -> None:
    """What the machine does by the hour and by night, done once: the lake holds the sample, customers are scored, sizes known."""
    client.run("/api/lake/compact", "/api/lake/runs")
    client.run("/api/rfm/run", "/api/rfm/runs")
    client.run("/api/segments/recompute", "/api/segments/recompute")
