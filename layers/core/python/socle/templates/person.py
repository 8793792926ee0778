"""What a template sees of a person: values as people know them, times as moments, money in minor units. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from socle.profiles.codec import event_of
from socle.profiles.model import Aggregate, Orders, Snapshot
from socle.rfm.model import GIVEN as RFM

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LANGUAGE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_ACCOUNT = "account:"


def person_view(aggregate: Aggregate, computed: Mapping[str, Any], now: int, event: str = "") -> dict[str, Any]:
    """The names that a template may use for a person.

    computed  computed traits by name
    now       epoch ms
    event     name of an event: `event` holds the properties of the latest one, as far as it is among the profile's recent events
    """
    snapshot = aggregate.snapshot
    traits = {name: register.value for name, register in snapshot.traits.items() if register.value is not None}
    moment = _EPOCH + timedelta(milliseconds=now)
    view: dict[str, Any] = {
        "profile": _profile(aggregate.id, snapshot, traits), "traits": traits,
        "orders": {currency: _orders(orders) for currency, orders in snapshot.orders.items()},
        "segments": sorted(aggregate.segments), "computed": computed, "consent": _consent(snapshot),
        "accounts": [facts for name, facts in sorted(aggregate.given.items()) if name.startswith(_ACCOUNT)],
        "rfm": aggregate.given.get(RFM) or {}, "now": moment, "today": moment}
    locale, zone = _locale(snapshot, traits), _zone(snapshot, traits)
    if locale:
        view["locale"] = locale
    if zone:
        view["timezone"] = zone
    if event:
        found = latest(aggregate, event)
        if found is not None:
            view["event"] = found
    return view


def latest(aggregate: Aggregate, name: str) -> dict[str, Any] | None:
    """Properties of the latest event of that name among the profile's recent ones, None when there is none."""
    quoted = json.dumps(name, ensure_ascii=False)
    found = [event for entry in aggregate.tail if quoted in entry.row and (event := event_of(entry)).name == name]
    return max(found, key=lambda one: one.key).body.get("properties") or {} if found else None


def _profile(id_: str, snapshot: Snapshot, traits: Mapping[str, Any]) -> dict[str, Any]:
    identifiers = {kind: sorted(values) for kind, values in snapshot.identifiers.items()}
    reached = {kind: traits.get(kind) or next(iter(identifiers.get(kind, ())), None) for kind in ("email", "phone")}
    seen = {"first_seen": _moment(snapshot.first_seen), "last_seen": _moment(snapshot.last_seen)} if snapshot.events else {}
    return {"id": id_, "identifiers": identifiers, "events": snapshot.counts, **seen,
            **{kind: value for kind, value in reached.items() if value is not None}}


def _orders(orders: Orders) -> dict[str, Any]:
    shown: dict[str, Any] = {"count": orders.completed, "revenue": orders.revenue, "refunds": orders.refunds,
                             "refunded": orders.refunded,
                             "average": round(orders.revenue / orders.completed) if orders.completed else 0}
    if orders.first:
        shown |= {"first": _moment(orders.first), "last": _moment(orders.last)}
    return shown


def _consent(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    """channel → topic → state; the whole channel is the topic `all`."""
    shown: dict[str, dict[str, str]] = {}
    for (channel, topic), register in snapshot.consent.items():
        shown.setdefault(channel, {})[topic or "all"] = register.value["state"]
    return shown


def _locale(snapshot: Snapshot, traits: Mapping[str, Any]) -> str | None:
    for value in (traits.get("language"), traits.get("locale"), _value(snapshot, "locale")):
        if isinstance(value, str) and _LANGUAGE.fullmatch(value):
            return value
    return None


def _zone(snapshot: Snapshot, traits: Mapping[str, Any]) -> str | None:
    for value in (traits.get("timezone"), _value(snapshot, "timezone")):
        if isinstance(value, str) and _is_zone(value):
            return value
    return None


@lru_cache(maxsize=1_024)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _value(snapshot: Snapshot, name: str) -> Any:
    return snapshot.context[name].value if name in snapshot.context else None


def _moment(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)
