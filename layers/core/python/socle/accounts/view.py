"""Accounts as the admin API shows them: JSON-ready, times in ISO 8601 with Z, money in minor units. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socle.accounts.firmographics import firmographics
from socle.accounts.fold import value_of
from socle.accounts.model import Account
from socle.accounts.rollup import RollUp
from socle.iso import to_iso
from socle.profiles.model import Aggregate, Orders


def account_view(account: Account) -> dict[str, Any]:
    """What was said of one account. Traits that were removed are left out."""
    traits = {name: value_of(write) for name, write in sorted(account.traits.items()) if write.text != "null"}
    known = firmographics(traits)
    seen = account.sources.values()
    return {
        "id": account.id, "traits": traits, "firmographics": known.values, "flags": known.flags,
        "sources": {source: {"first": to_iso(one.first), "last": to_iso(one.last)}
                    for source, one in sorted(account.sources.items())},
        "first_seen": to_iso(min(one.first for one in seen)) if seen else None,
        "last_seen": to_iso(max(one.last for one in seen)) if seen else None,
    }


def roll_up_view(rolled: RollUp) -> dict[str, Any]:
    """What its people add up to."""
    return {
        "people": rolled.people, "active_30d": rolled.active, "events": rolled.events,
        "orders": orders_view(rolled.orders),
        "first_activity": to_iso(rolled.first_seen) if rolled.people else None,
        "last_activity": to_iso(rolled.last_seen) if rolled.people else None,
    }


def member_view(root: Aggregate, group: str) -> dict[str, Any]:
    """One person of an account; `linked` is the time of the latest event that named it."""
    snapshot = root.snapshot
    return {
        "id": root.id, "linked": to_iso(snapshot.accounts[group].at),
        "identifiers": {kind: sorted(values) for kind, values in sorted(snapshot.identifiers.items())},
        "traits": {name: register.value for name, register in sorted(snapshot.traits.items()) if register.value is not None},
        "event_count": snapshot.events, "orders": orders_view(snapshot.orders),
        "first_seen": to_iso(snapshot.first_seen), "last_seen": to_iso(snapshot.last_seen),
    }


def orders_view(orders: Mapping[str, Orders]) -> dict[str, dict[str, int]]:
    """By currency, in minor units."""
    return {currency: {"count": one.completed, "revenue": one.revenue, "refunds": one.refunds, "refunded": one.refunded}
            for currency, one in sorted(orders.items())}
