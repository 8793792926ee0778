"""When a journey's schedule is due, and how far it has got with asking its people in."""

from __future__ import annotations

from typing import Any, NamedTuple

NEVER = 253_402_300_799_000
"""The end of the year 9999, epoch ms."""
OFF = "off"
"""In the place of a schedule while nobody may enter: what is due meanwhile is not made up for."""


class Cohort(NamedTuple):
    """The members of a segment, at one time of a schedule.

    at            that time, epoch ms
    shard, after  the place in the segment up to which everybody has been asked
    people        how many that were
    """

    at: int
    segment: str
    shard: int = 0
    after: str = ""
    people: int = 0


class Timetable(NamedTuple):
    """The schedule of one journey.

    schedule  as it is written, with its time zone; OFF
    due       when it is due next, epoch ms
    cohort    who is being asked in; None when all have been
    number    of the version that is stored, from 1
    """

    journey: str
    schedule: str
    due: int
    cohort: Cohort | None = None
    number: int = 0

    def to_row(self) -> list[Any]:
        """The JSON form in the table; `from_row` reads it."""
        return [self.schedule, self.due, self.cohort and list(self.cohort)]

    @classmethod
    def from_row(cls, journey: str, row: list[Any], number: int) -> Timetable:
        """Inverse of `to_row`."""
        return cls(journey, row[0], row[1], Cohort(*row[2]) if row[2] else None, number)
