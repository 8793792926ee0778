"""Claim messages: many in one transaction, and each by itself where one of them can't be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from socle.errors import Conflict, Unavailable
from socle.messages.model import Address, Message, Rendered
from socle.messages.store import ITEMS, Claim
from socle.templates.model import MessageLinks


class Job(NamedTuple):
    """Somebody who is to get something."""

    profile: str
    variant: str = ""


class Ready(NamedTuple):
    """Somebody whose message is made and may be claimed."""

    job: Job
    message: Message
    address: Address
    rendered: Rendered
    links: MessageLinks
    claim: Claim


class Book(Protocol):
    """The ledger (socle.messages.store)."""

    def claim(self, claims: Sequence[Claim]) -> None: ...


def claimed(ledger: Book, ready: Sequence[Ready]) -> list[Ready]:
    """Those who are claimed now. A pack that is refused is claimed one by one; who is refused alone is looked at again."""
    done: list[Ready] = []
    try:
        for pack in _packs(ready):
            try:
                ledger.claim([one.claim for one in pack])
                done += pack
            except Conflict:
                for one in pack if len(pack) > 1 else ():
                    if _alone(ledger, one):
                        done.append(one)
    except Unavailable:
        if not done:
            raise  # else these are sent first: the next call finds the table unavailable, too, or completes the batch
    return done


def _alone(ledger: Book, one: Ready) -> bool:
    try:
        ledger.claim([one.claim])
    except Conflict:
        return False
    return True


def _packs(ready: Sequence[Ready]) -> list[list[Ready]]:
    """As many claims as one transaction takes, in their order."""
    packs: list[list[Ready]] = []
    room = 0
    for one in ready:
        if one.claim.items > room:
            packs.append([])
            room = ITEMS
        packs[-1].append(one)
        room -= one.claim.items
    return packs
