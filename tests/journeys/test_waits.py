"""Waits until a time of day or a date, by the person's own clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.clock import DAY, MINUTE
from socle.journeys.model.steps import WaitUntilDate, WaitUntilTime
from socle.journeys.waits import until
from socle.profiles.model import Register, Snapshot

PARIS = "Europe/Paris"


def at(text: str, zone: str = PARIS, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


def shown(ms: int | None, zone: str = PARIS) -> str | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M %z")


def time(begin: str = "09:00", end: str = "20:00", days: tuple[str, ...] = ()) -> WaitUntilTime:
    return WaitUntilTime.model_validate({"name": "w", "type": "wait_until_time", "begin": begin, "end": end, "days": days})


def ends(value: Any, now: str, before: str | None = None, zone: str = PARIS) -> str | None:
    step = WaitUntilDate.model_validate({"name": "w", "type": "wait_until_date", "trait": "trial_ends", "before": before})
    snapshot = Snapshot(traits={} if value is None else {"trial_ends": Register(1, 1, value)})
    return shown(until(step, snapshot, zone, at(now, zone)), zone)


@pytest.mark.parametrize(("now", "window", "expected"), [
    ("2026-06-01T10:30", time(), "Mon 2026-06-01 10:30 +0200"),  # inside: at once
    ("2026-06-01T09:00", time(), "Mon 2026-06-01 09:00 +0200"),
    ("2026-06-01T20:00", time(), "Tue 2026-06-02 09:00 +0200"),  # the end is outside
    ("2026-06-01T03:00", time(), "Mon 2026-06-01 09:00 +0200"),
    ("2026-06-01T23:00", time("22:00", "02:00"), "Mon 2026-06-01 23:00 +0200"),  # over midnight
    ("2026-06-02T01:59", time("22:00", "02:00"), "Tue 2026-06-02 01:59 +0200"),
    ("2026-06-02T02:00", time("22:00", "02:00"), "Tue 2026-06-02 22:00 +0200"),
    ("2026-06-01T10:00", time(days=("fri",)), "Fri 2026-06-05 09:00 +0200"),
    ("2026-06-06T01:00", time("22:00", "02:00", ("fri",)), "Sat 2026-06-06 01:00 +0200"),  # the night of Friday
    ("2026-06-05T01:00", time("22:00", "02:00", ("fri",)), "Fri 2026-06-05 22:00 +0200"),
    ("2026-06-01T08:00", time("09:00", "09:00"), "Mon 2026-06-01 09:00 +0200"),
    ("2026-06-01T09:01", time("09:00", "09:00"), "Tue 2026-06-02 09:00 +0200"),
])
def test_a_wait_for_a_time_ends_when_the_persons_clock_is_there(now: str, window: WaitUntilTime, expected: str) -> None:
    assert shown(until(window, Snapshot(), PARIS, at(now))) == expected


def test_clocks_that_are_changed_meanwhile() -> None:
    sunday = time("09:00", "10:00")
    assert shown(until(sunday, Snapshot(), PARIS, at("2026-03-28T12:00"))) == "Sun 2026-03-29 09:00 +0200"
    # 02:30 does not come on 29 March: the jump at 02:00 is where the window opens
    assert shown(until(time("02:30", "05:00"), Snapshot(), PARIS, at("2026-03-29T00:00"))) == "Sun 2026-03-29 03:00 +0200"
    # nothing of it comes on that day
    assert shown(until(time("02:10", "02:50"), Snapshot(), PARIS, at("2026-03-29T00:00"))) == "Mon 2026-03-30 02:10 +0200"
    # 02:30 comes twice on 25 October: the first
    assert shown(until(time("02:30", "05:00"), Snapshot(), PARIS, at("2026-10-25T00:00"))) == "Sun 2026-10-25 02:30 +0200"


@given(st.integers(0, 400 * DAY), st.sampled_from([PARIS, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
       st.integers(0, 23), st.integers(0, 23), st.sets(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])))
def test_whoever_waited_is_within_the_window_and_waits_no_more(ahead: int, zone: str, begin: int, end: int,
                                                               days: set[str]) -> None:
    now = at("2026-01-01T00:00", "UTC") + ahead
    step = time(f"{begin:02}:00", f"{end:02}:30", tuple(sorted(days)))
    moment = until(step, Snapshot(), zone, now)
    assert moment is not None
    assert now <= moment <= now + 15 * DAY
    assert until(step, Snapshot(), zone, moment) == moment


@pytest.mark.parametrize(("value", "now", "before", "expected"), [
    ("2026-06-10", "2026-06-01T12:00", None, "Wed 2026-06-10 00:00 +0200"),
    ("2026-06-10", "2026-06-01T12:00", "3d", "Sun 2026-06-07 00:00 +0200"),
    ("2026-06-10T15:00:00Z", "2026-06-01T12:00", "1h", "Wed 2026-06-10 16:00 +0200"),
    ("2026-05-10", "2026-06-01T12:00", None, None),  # past
    ("2026-06-02", "2026-06-01T12:00", "3d", None),  # too late for that
    ("2027-06-02", "2026-06-01T12:00", None, None),  # more than a year ahead
    ("2027-05-02", "2026-06-01T12:00", None, "Sun 2027-05-02 00:00 +0200"),
    (None, "2026-06-01T12:00", None, None),
    ("soon", "2026-06-01T12:00", None, None),
    (7, "2026-06-01T12:00", None, None),
])
def test_a_wait_for_a_date_ends_on_it_and_there_is_none_without_one(value: Any, now: str, before: str | None,
                                                                    expected: str | None) -> None:
    assert ends(value, now, before) == expected


def test_a_date_is_meant_by_the_persons_own_clock() -> None:
    assert ends("2026-06-10", "2026-06-01T12:00", zone="America/New_York") == "Wed 2026-06-10 00:00 -0400"


def test_a_wait_never_ends_before_now() -> None:
    now = at("2026-06-01T09:00") + MINUTE // 2
    assert until(time(), Snapshot(), PARIS, now) == now
