"""The row of one person in one segment: whether they are in, since when, and how they came and went. Pure.

Rows are made of moves that arrive in any order and more than once; whatever the order, the row is the same as long as it has
room for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from socle.effects.model import Effect
from socle.errors import Rejected
from socle.iso import to_iso

MAX_MOVES = 50
"""Moves that a row keeps, the newest; when it is full it is cut to KEPT, so that not every move has to cut."""
KEPT = 40
ENTERED, LEFT = "Segment Entered", "Segment Left"


class Move(NamedTuple):
    """Somebody entered or left.

    version  version of the profile that says so: of two moves the greater one is the later
    entered  True for entering
    at       when, epoch ms
    """

    version: int
    entered: bool
    at: int

    @property
    def text(self) -> str:
        """As it is stored: `12+1767225600000`."""
        return f"{self.version}{'+' if self.entered else '-'}{self.at}"

    @classmethod
    def of(cls, text: str) -> Move:
        """Inverse of `text`. Raises ValueError."""
        sign = "+" if "+" in text else "-"
        version, _, at = text.partition(sign)
        return cls(int(version), sign == "+", int(at))


class Membership(NamedTuple):
    """One person in one segment. `moves`: the newest, the oldest of them first."""

    segment: str
    profile: str
    moves: tuple[Move, ...]

    @property
    def since(self) -> int | None:
        """When the person entered, epoch ms; None when they are not in."""
        return self.moves[-1].at if self.moves and self.moves[-1].entered else None

    def with_move(self, move: Move) -> Membership:
        """The row with one more move; one that it has changes nothing, and one that is older than all it keeps once it was cut
        may be left out."""
        if move in self.moves:
            return self
        moves = sorted((*self.moves, move))
        return self._replace(moves=tuple(moves if len(moves) <= MAX_MOVES else moves[-KEPT:]))


def move_of(effect: Effect) -> Move:
    """What an effect of kind SEGMENT says. Raises Rejected for one that says nothing."""
    sign, at = effect.key[:1], effect.key[1:]
    if sign not in ("+", "-") or not at.lstrip("-").isdigit():
        raise Rejected("bad_effect", "the key of such an effect is + or - and a time", "key")
    return Move(effect.revision, sign == "+", int(at))


def timeline_items(memberships: Iterable[Membership]) -> list[tuple[int, str, dict[str, Any]]]:
    """(epoch ms, key, item) of every move, as the timeline of a person shows it."""
    found = []
    for one in memberships:
        for move in one.moves:
            message = f"segment:{one.segment}:{one.profile}:{move.version}{'+' if move.entered else '-'}"
            found.append((move.at, message, {
                "type": "segment", "event": ENTERED if move.entered else LEFT, "timestamp": to_iso(move.at),
                "messageId": message, "properties": {"segment": one.segment}}))
    return found
