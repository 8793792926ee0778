"""What a preview without a profile sees: the template's own sample, filled up with what everybody has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any


def sampled(document: Mapping[str, Any], now: int, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A person made of the document's sample; `now` in epoch ms, `event` in the place of the sample's."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=now)
    person: dict[str, Any] = {
        "profile": {"id": "sample", "identifiers": {}, "events": {}}, "traits": {}, "orders": {}, "segments": [], "computed": {},
        "consent": {}, "accounts": [], "rfm": {}, "now": moment, "today": moment}
    person |= {name: value for name, value in (document.get("sample") or {}).items() if name in person or name in _MORE}
    return person | ({"event": dict(event)} if event is not None else {})


_MORE = ("event", "campaign", "locale", "timezone")
