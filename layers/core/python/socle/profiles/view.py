"""Profiles as the admin API shows them: JSON-ready, times in ISO 8601 with Z, money in minor units. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from socle.events.model import Event
from socle.iso import to_iso
from socle.profiles.model import Register, Snapshot


def profile_view(profile: str, snapshot: Snapshot, members: Iterable[str] = (),
                 segments: Iterable[str] = ()) -> dict[str, Any]:
    """One profile. Traits that were removed (set to null) are left out."""
    seen = snapshot.events > 0
    return {
        "id": profile,
        "identifiers": {kind: sorted(values) for kind, values in sorted(snapshot.identifiers.items())},
        "traits": {name: register.value for name, register in sorted(snapshot.traits.items())
                   if register.value is not None},
        "events": dict(sorted(snapshot.counts.items())),
        "event_count": snapshot.events,
        "orders": {currency: {
            "count": orders.completed, "revenue": orders.revenue, "refunds": orders.refunds, "refunded": orders.refunded,
            "average": round(orders.revenue / orders.completed) if orders.completed else 0,
            "first": to_iso(orders.first) if orders.first else None, "last": to_iso(orders.last) if orders.last else None,
        } for currency, orders in sorted(snapshot.orders.items())},
        "segments": sorted(segments),
        "first_seen": to_iso(snapshot.first_seen) if seen else None,
        "last_seen": to_iso(snapshot.last_seen) if seen else None,
        "technology": {name: snapshot.context[name].value for name in ("user_agent", "device", "os", "app")
                       if name in snapshot.context},
        "acquisition": {"first": _touch(snapshot.first_touch), "last": _touch(snapshot.context.get("last_touch"))},
        "locale": _value(snapshot.context, "locale"),
        "timezone": _value(snapshot.context, "timezone"),
        "consent": [{"channel": channel, "topic": topic or None, "at": to_iso(register.at),
                     **{**register.value, "received": to_iso(register.value["received"])}}
                    for (channel, topic), register in sorted(snapshot.consent.items())],
        "accounts": sorted(snapshot.accounts),
        "merged": sorted(members),
    }


def event_view(event: Event) -> dict[str, Any]:
    """One event of a timeline. `timestamp` is its effective time, `sent` the client's own; unknown fields are as sent."""
    body = event.body
    item: dict[str, Any] = {
        "type": event.type, "event": event.name, "timestamp": to_iso(event.at), "messageId": event.message_id,
        "received": to_iso(event.received), "source": event.source,
        "properties": body.get("properties") or (body.get("traits") if event.type in ("identify", "group") else None) or {},
        "identifiers": [list(pair) for pair in event.ids],
        "context": body.get("context") or {},
    }
    item |= {name: value for name, value in body.items() if name not in ("properties", "traits", "context") and name not in item}
    if event.ts:
        item["sent"] = to_iso(event.ts)
    if event.revision:
        item["revision"] = event.revision
    if event.unlinked:
        item["unlinked"] = [list(pair) for pair in event.unlinked]
    return item


def _touch(register: Register | None) -> dict[str, Any] | None:
    return None if register is None else {**register.value, "at": to_iso(register.at)}


def _value(registers: Mapping[str, Register], name: str) -> Any:
    return registers[name].value if name in registers else None
