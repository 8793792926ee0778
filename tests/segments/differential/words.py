"""The small world that random definitions and random histories share, so that they meet: names, values, moments, zones.

Pools are small on purpose: a value that nobody has tells nothing. Odd ones stand beside the plain ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from socle.clock import DAY, HOUR, MINUTE
from socle.segments.values import epoch, utc

T = TypeVar("T")

ZONES = ("UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "Asia/Kathmandu")
MIDNIGHTS = (
    ("Europe/Paris", datetime(2026, 3, 29)), ("Europe/Paris", datetime(2026, 10, 26)),  # noqa: DTZ001
    ("America/New_York", datetime(2026, 11, 1)), ("America/New_York", datetime(2026, 3, 9)),  # noqa: DTZ001
    ("Australia/Lord_Howe", datetime(2026, 4, 5)), ("Australia/Lord_Howe", datetime(2026, 10, 5)),  # noqa: DTZ001
    ("UTC", datetime(2028, 2, 29)), ("UTC", datetime(2027, 3, 1)), ("Asia/Kathmandu", datetime(2027, 1, 1)),  # noqa: DTZ001
)
"""Days around which a clock changes, a leap day, a turn of the year: the moments that a load is about."""

DURATIONS = {"1m": MINUTE, "90m": 90 * MINUTE, "3h": 3 * HOUR, "1d": DAY, "2d": 2 * DAY, "1w": 7 * DAY, "30d": 30 * DAY,
             "90d": 90 * DAY, "180d": 180 * DAY, "7305d": 7_305 * DAY}

PLAIN = ("Product Viewed", "Cart Updated", "$page")
ORDERS = ("Order Completed", "Order Refunded")
MAILS = (("email", "sent", "Email Sent"), ("email", "opened", "Email Opened"), ("email", "clicked", "Email Link Clicked"),
         ("email", "unsubscribed", "Unsubscribed"), ("sms", "sent", "SMS Sent"), ("push", "opened", "Push Notification Tapped"))
NAMES = (*PLAIN, *ORDERS, *(name for _, _, name in MAILS[:3]))
CURRENCIES = ("EUR", "JPY", "BHD", "USD")

TEXTS = ("gold", "Gold", "silver", "goldén étoile", "🌟 star", "it's 100%_\\", "", "42", 'say "hi"\n', "c1", "c2", "Straße")
NUMBERS: tuple[Any, ...] = (0, 1, 2, 2.5, 3, -1, -2.5, "2.50", "42", 0.1, 0.30000000000000004, 1e-7, 1.0000005, 999_999_999_999.9)
NO_NUMBERS: tuple[Any, ...] = (1e12, 10**15, 10**30, "1e3", "+1", " 1", "0x10", "1,5", "", "1.", "9999999999999", True, None)
BOOLEANS: tuple[Any, ...] = (True, False, True, False, "true", 1, None)
TAGS: tuple[Any, ...] = ("red", "blue", "42", 1, 2.5, None, "étoile", True)
PRODUCTS = ("p1", "p2", "p3", 7)
CATEGORIES = ("shoes", "hats", "", 5, 5.0)
CITIES = ("Paris", "Lyon", "Zürich")
NO_DATES = ("2026-02-30", "0000-01-01", "2026-1-5", "2026-01-05T24:00", "20260105", "2026-01-05T10:00:60Z", "tomorrow",
            "2026-01-05T10:00+15:00", "2026-01-05 10:00:00.1234567890Z", "2026-01-05t10:00Z", "2026-01-05T10:00z", " 2026-01-05",
            "2026-01-05T10:00:00.Z", "２０２６-01-05", "2026-01-05\n")
FAR_DATES = ("0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999Z", "9999-12-31", "9999-12-31T23:59-14:00",
             "1969-12-31T23:59:59.9999Z", "1900-02-28", "2000-02-29")


class Moments(NamedTuple):
    """When a load takes place: about `now`, the midnight of a day in `zone`."""

    now: int
    zone: str

    def past(self, chance: Random) -> int:
        """The time of an event: often at the edge of a window that ends now, to the ms; seldom after it."""
        kind = chance.random()
        if kind < 0.05:
            return self.now + chance.choice(tuple(DURATIONS.values())[:6]) + chance.choice((-1, 0, 1))
        if kind < 0.7:
            return self.now - chance.choice(tuple(DURATIONS.values())[:-1]) + chance.choice((-1, 0, 0, 1, 1, 2, 60_000))
        if kind < 0.8:
            return self.now - chance.choice((0, 1, DAY, 5 * HOUR)) - chance.choice(tuple(DURATIONS.values())[:-1])
        return self.now - chance.randrange(40 * DAY)

    def date(self, chance: Random) -> str:
        """A date as people write it: near an edge, on an anniversary, far away or none at all."""
        kind = chance.random()
        if kind < 0.08:
            return chance.choice(NO_DATES)
        if kind < 0.16:
            return chance.choice(FAR_DATES)
        if kind < 0.45:
            day = utc(self.now + chance.randrange(-9, 33) * DAY + chance.choice((-1, 0, 1)))
            year = chance.choice((day.year, 1980, 1996, 2000, 1977))
            day = day.replace(year=year, day=min(day.day, 28) if day.month == 2 and year % 4 else day.day)
            return written(epoch(day), chance)
        away = chance.choice((0, *DURATIONS.values()))
        at = self.now + chance.choice((-1, 1)) * away + chance.choice((-1, 0, 0, 1))
        return written(at, chance, chance.choice((self.zone, "UTC")))


def moments(chance: Random) -> Moments:
    """Of one load."""
    zone, midnight = chance.choice(MIDNIGHTS)
    return Moments(epoch(midnight.replace(tzinfo=ZoneInfo(zone))), zone)


def written(ms: int, chance: Random, zone: str = "UTC") -> str:
    """An instant as text in one of many forms: with an offset, as Z, or civil in a zone, perhaps cut."""
    here = utc(ms).astimezone(ZoneInfo(zone))
    form = chance.randrange(6)
    if form == 0:
        return here.strftime("%Y-%m-%d")
    if form == 1:
        return here.strftime("%Y-%m-%dT%H:%M")
    if form == 2:
        return f"{here:%Y-%m-%d %H:%M:%S}.{here.microsecond // 1000:03d}"
    if form == 3:
        away = here.strftime("%z")
        return f"{here:%Y-%m-%dT%H:%M:%S}.{here.microsecond // 1000:03d}{chance.choice((away[:5], away[:3] + ':' + away[3:5]))}"
    there = here.astimezone(UTC)
    return f"{there:%Y-%m-%dT%H:%M:%S}.{there.microsecond // 1000:03d}{'999' if form == 4 else ''}Z"


def some(chance: Random, pool: Sequence[T], most: int) -> list[T]:
    """From one to `most` different ones."""
    return chance.sample(list(pool), chance.randint(1, most))
