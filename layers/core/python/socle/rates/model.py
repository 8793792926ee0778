"""How fast something may go: a budget that all who draw on it share."""

from __future__ import annotations

from typing import NamedTuple

HORIZON = 900_000
"""Milliseconds: who would have to wait longer gets no place. No function lives to see it."""


class Budget(NamedTuple):
    """A row of the shared budget.

    free       epoch µs from when the next place is free: everything before it is taken
    slowed     a second's places when somebody was refused last; 0: nobody ever was
    slowed_at  when that was, epoch ms
    """

    free: int = 0
    slowed: float = 0.0
    slowed_at: int = 0
