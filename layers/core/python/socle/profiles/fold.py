"""fold(snapshot, events) -> snapshot: what the events of a person add up to. Pure, and blind to order and batching.

An event is folded once: the caller has dropped duplicates. Some things cannot be added to a snapshot, because they change
what an earlier event counted for: a revision of it, another event about an order already met, a vote for another value of a
trait that goes by votes, other survivorship rules. For these `fold` raises HistoryNeeded, and the caller folds the whole
history into an empty snapshot instead.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from typing import Any, TypeVar

from socle.accounts.link import group_of
from socle.events.model import Event
from socle.profiles.acquisition import touch
from socle.profiles.model import Orders, Register, Snapshot
from socle.profiles.orders import ORDER_EVENTS, is_one, order_hash, settle
from socle.profiles.survivorship import LATEST, Survivorship, later, survivors, tie_of, traits_of

MAX_TRAITS = 250
"""Traits kept per profile: those with a survivorship rule of their own, then the most recently written. With 1 KB a value they
fit a DynamoDB item."""
MAX_CONSENTS = 200
"""(channel, topic) pairs kept per profile: the most recently written."""
MAX_ACCOUNTS = 50
"""Accounts that one person is linked to: the most recently named."""
MAX_CONTEXT_BYTES = 1_024
"""Text of one value of the context (device, user agent, touch…) that is kept; a larger one is passed over."""
MAX_NAMES = 300
"""Event names counted per profile: the first in alphabetical order, a choice that no order of arrival changes."""

K = TypeVar("K", str, tuple[str, str])

CONSENT_UPDATED = "Consent Updated"
WITHDRAWN = "unsubscribed"


class HistoryNeeded(Exception):
    """The snapshot alone does not determine the result: fold the whole history into an empty one."""


def fold(snapshot: Snapshot, events: Iterable[Event], rules: Survivorship = LATEST) -> Snapshot:
    """The snapshot with `events` added, traits by `rules`; the one given is not changed.

    Raises HistoryNeeded when only the complete history can tell; never for an empty snapshot.
    """
    fresh = snapshot.events == 0
    events = highest_revisions(events)
    orders = [event for event in events if event.name in ORDER_EVENTS and event.type == "track"]
    hashes = {order_hash(event) for event in orders} - {None}
    if not fresh and (hashes & snapshot.order_ids or any(event.revision for event in events)
                      or snapshot.rules != rules.number):
        raise HistoryNeeded
    state = snapshot.copy()
    for event in events:
        _add(state, event, rules is LATEST)
    if rules is not LATEST:
        _survive(state, events, rules, fresh)
    if orders:
        state.order_ids |= hashes  # type: ignore[arg-type]  # None was taken out above
        for currency, total in settle(orders).items():
            state.orders[currency] = state.orders.get(currency, Orders()).plus(total)
    _bound(state, rules)
    return state


def highest_revisions(events: Iterable[Event]) -> list[Event]:
    """One event per key: its highest revision."""
    events = list(events)
    if not any(event.revision for event in events) and len({event.key for event in events}) == len(events):
        return events
    best: dict[str, Event] = {}
    for event in events:
        other = best.get(event.key)
        if other is None or event.revision > other.revision:
            best[event.key] = event
    return list(best.values())


def as_of(events: Iterable[Event], time: int, clock: str) -> list[Event]:
    """The events that had happened by `time` (clock "happened": effective time) or were known by then ("known": received)."""
    if clock == "known":
        return [event for event in events if event.received <= time]
    return [event for event in events if event.at <= time]


def _add(state: Snapshot, event: Event, by_time: bool) -> None:
    """Add one event; its traits only when they go `by_time`, which needs no look at rules."""
    at, body = event.at, event.body
    tie = tie_of(event)
    state.events += 1
    if event.name not in ORDER_EVENTS or is_one(event):
        state.counts[event.name] = state.counts.get(event.name, 0) + 1
    state.first_seen = at if state.events == 1 else min(state.first_seen, at)
    state.last_seen = at if state.events == 1 else max(state.last_seen, at)
    for kind, value in event.ids:
        if (kind, value) not in event.unlinked:
            state.identifiers.setdefault(kind, set()).add(value)
    if by_time and event.type == "identify":
        for name, value in (body.get("traits") or {}).items():
            _write(state.traits, name, Register(at, tie, value))
    elif event.name == CONSENT_UPDATED and event.type == "track":
        _consent(state, event, tie)
    context = body.get("context")
    if context:
        _context(state, context, at, tie)
    group = group_of(event)
    if group:
        _write(state.accounts, group, Register(at, tie, None))


def _survive(state: Snapshot, events: Sequence[Event], rules: Survivorship, fresh: bool) -> None:
    if not fresh and len(state.traits) >= MAX_TRAITS and any(map(traits_of, events)):
        raise HistoryNeeded  # a trait that was cut may have a claim to come back: what its rule keeps need not be new
    traits = survivors(state.traits, events, rules)
    if traits is None:
        raise HistoryNeeded
    state.traits, state.rules = traits, rules.number if state.events else 0


def _context(state: Snapshot, context: dict[str, Any], at: int, tie: int) -> None:
    for field, name, kind in _CONTEXT:
        value = context.get(field)
        if value and isinstance(value, kind) and _is_small(value):
            _write(state.context, name, Register(at, tie, value))
    touched = touch(context)
    if touched and _is_small(touched):
        register = Register(at, tie, touched)
        _write(state.context, "last_touch", register)
        first = state.first_touch
        if first is None or later(first, register):
            state.first_touch = register


_CONTEXT = (("userAgent", "user_agent", str), ("device", "device", dict), ("os", "os", dict), ("app", "app", dict),
            ("locale", "locale", str), ("timezone", "timezone", str))


def _is_small(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_CONTEXT_BYTES
    return len(json.dumps(value)) <= MAX_CONTEXT_BYTES


def _consent(state: Snapshot, event: Event, tie: int) -> None:
    """A withdrawal orders by when we learnt of it: a client's clock must not let an older grant outlive it.

    Of a grant and a withdrawal at the same moment the withdrawal wins, by a tie above every CRC-32.
    """
    properties = event.body.get("properties") or {}
    wanted = properties.get("state")
    value = {"state": wanted, "received": event.received}
    for name in ("source", "text_version"):
        if properties.get(name) is not None:
            value[name] = properties[name]
    at = event.at
    if wanted == WITHDRAWN:
        at, tie = event.received, tie | 1 << 32
    _write(state.consent, (str(properties.get("channel")), str(properties.get("topic") or "")), Register(at, tie, value))


def _write(registers: dict[K, Register], name: K, register: Register) -> None:
    old = registers.get(name)
    if old is None or later(register, old):
        registers[name] = register


def _bound(state: Snapshot, rules: Survivorship) -> None:
    """Cut to the limits by rules that commute: what is cut now could not have come back later."""
    state.traits = _newest(state.traits, MAX_TRAITS, rules.traits)
    state.consent = _newest(state.consent, MAX_CONSENTS)
    state.accounts = _newest(state.accounts, MAX_ACCOUNTS)
    if len(state.counts) > MAX_NAMES:
        state.counts = {name: state.counts[name] for name in sorted(state.counts)[:MAX_NAMES]}


def _newest(registers: dict[K, Register], limit: int, first: Container[K] = ()) -> dict[K, Register]:
    if len(registers) <= limit:
        return registers
    return dict(sorted(registers.items(), key=lambda item: (item[0] in first, item[1].at, item[1].tie, item[0]),
                       reverse=True)[:limit])


def refold(events: Sequence[Event], rules: Survivorship = LATEST) -> Snapshot:
    """The snapshot of a complete history, traits by `rules`."""
    return fold(Snapshot(), events, rules)


def join(one: Snapshot, other: Snapshot) -> Snapshot:
    """The snapshot of two histories that have no event in common, without reading them again; neither is changed.

    Raises HistoryNeeded when both know an order, or when their traits are not simply the latest.
    """
    if one.order_ids & other.order_ids or one.rules or other.rules:
        raise HistoryNeeded
    state = one.copy()
    state.events += other.events
    seen = [part for part in (one, other) if part.events]
    state.first_seen = min((part.first_seen for part in seen), default=0)
    state.last_seen = max((part.last_seen for part in seen), default=0)
    for kind, values in other.identifiers.items():
        state.identifiers.setdefault(kind, set()).update(values)
    for name, count in other.counts.items():
        state.counts[name] = state.counts.get(name, 0) + count
    for registers, theirs in ((state.traits, other.traits), (state.context, other.context), (state.accounts, other.accounts)):
        for name, register in theirs.items():
            _write(registers, name, register)
    for topic, register in other.consent.items():
        _write(state.consent, topic, register)
    if state.first_touch is None or (other.first_touch and later(state.first_touch, other.first_touch)):
        state.first_touch = other.first_touch
    state.order_ids |= other.order_ids
    for currency, total in other.orders.items():
        state.orders[currency] = state.orders.get(currency, Orders()).plus(total)
    _bound(state, LATEST)
    return state
