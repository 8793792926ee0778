"""What earlier runs of a mapping sent, and what is left to send now. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from socle.imports.model import Draft, Send, Sent

State = dict[str, Sent]
"""Message id -> what was sent; one per mapping and bucket."""


class Reconciled(NamedTuple):
    """`send` in order; `state` as it is once they are sent; counts of drafts."""

    send: list[Send]
    state: State
    new: int
    corrected: int
    unchanged: int


def reconcile(state: State, drafts: Iterable[Draft]) -> Reconciled:
    """What is new or has changed since. `state` is not changed."""
    raise NotImplementedError


def dump(state: State) -> bytes:
    """Compact; `load` reads it."""
    raise NotImplementedError


def load(data: bytes) -> State:
    """Inverse of `dump`; of b"" the empty state."""
    raise NotImplementedError
