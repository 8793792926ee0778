"""fold(account, change) -> account: what is said of an account adds up to the same in any order and however often. Pure."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from socle.accounts.model import MAX_NAME_BYTES, MAX_TRAIT_BYTES, MAX_TRAITS, Account, Change, Seen, Write
from socle.events.model import Event

_canonical = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode


def change_of(event: Event) -> Change:
    """What an event says of its account; an event that is no group call only says that there is one."""
    traits = event.body.get("traits") if event.type == "group" else None
    tie = zlib.crc32(event.key.encode("utf-8", "surrogatepass"))
    return Change(event.at, tie, event.revision, event.received, event.source if event.type == "group" else "",
                  traits if isinstance(traits, dict) else {})


def fold(account: Account, change: Change) -> Account:
    """The account with the change in it, one version later; the same object when it changes nothing."""
    if account.deleted and change.received <= account.deleted:
        return account
    traits = _written(account.traits, change)
    sources = _seen(account.sources, change)
    if account.exists and traits == account.traits and sources == account.sources:
        return account
    return replace(account, version=account.version + 1, traits=traits, sources=sources, gone=False)


def deleted(account: Account, now: int) -> Account:
    """Nothing is left but when it was; what was received by `now` does not bring it back."""
    return Account(account.id, account.version + 1, deleted=now, gone=True)


def value_of(write: Write) -> Any:
    """The value that was written."""
    return json.loads(write.text)


def fits(name: str, value: Any) -> bool:
    """Whether a trait is small enough to be kept."""
    return _stored(name) <= MAX_NAME_BYTES and _stored(_canonical(value)) <= MAX_TRAIT_BYTES


def _stored(text: str) -> int:
    return len(_canonical(text).encode("utf-8", "surrogatepass")) - 2


def _written(traits: Mapping[str, Write], change: Change) -> Mapping[str, Write]:
    written = dict(traits)
    for name, value in change.traits.items():
        text = _canonical(value)
        if not name or _stored(name) > MAX_NAME_BYTES or _stored(text) > MAX_TRAIT_BYTES:
            continue
        write = Write(change.at, change.tie, change.revision, text, change.source)
        if name not in written or write > written[name]:
            written[name] = write
    if len(written) <= MAX_TRAITS:
        return written
    return dict(sorted(written.items(), key=lambda item: (item[1], item[0]), reverse=True)[:MAX_TRAITS])


def _seen(sources: Mapping[str, Seen], change: Change) -> Mapping[str, Seen]:
    if not change.source:
        return sources
    seen = sources.get(change.source, Seen(change.at, change.at))
    return {**sources, change.source: Seen(min(seen.first, change.at), max(seen.last, change.at))}
