"""What the clock begins: each time once, however often it looks; and what it takes up again."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.campaigns.model.document import At, CampaignDocument, WarmUp
from socle.campaigns.pace import EARLIEST, day_ends, local_moment, moment_of, next_due
from socle.clock import DAY, HOUR, MINUTE
from socle.errors import Rejected
from socle.iso import from_iso, to_iso
from tests.campaigns.world import NOON, World

ZONES = ("UTC", "Europe/Paris", "America/New_York", "Pacific/Kiritimati", "Pacific/Niue", "Asia/Kathmandu", "Australia/Lord_Howe")


def world_with(schedule: dict[str, Any], **document: Any) -> tuple[World, CampaignDocument]:
    world = World(5, schedule=schedule, **document)
    return world, CampaignDocument.model_validate(world.documents["campaigns", "letter"])


def look(world: World, document: CampaignDocument, now: int) -> Any:
    """What start_campaigns_due does."""
    world.now = now
    run = world.due.start("letter", document, now)
    world.go()
    return run


def test_a_time_is_kept_once() -> None:
    world, document = world_with({"type": "at", "at": "2026-06-01T13:02:00Z"})
    runs = [look(world, document, NOON + minutes * MINUTE) for minutes in range(0, 180, 5)]
    (run,) = [one for one in runs if one]
    assert (run.by, run.begins) == ("schedule", NOON + 65 * MINUTE)
    assert len(world.sent[run.occurrence]) == 5


def test_launching_by_hand_a_campaign_for_later_and_the_clock_are_one_run() -> None:
    world, document = world_with({"type": "at", "at": "2026-06-01T13:00"})
    world.due.start("letter", document, NOON)
    run = world.launch()
    assert run.begins == NOON + HOUR
    assert world.campaigns.launch("letter", "chance77", world.now).id == run.id
    world.work()
    assert (world.now, world.runs.load("letter", run.id).state) == (NOON + HOUR, "finished")
    assert look(world, document, NOON + 61 * MINUTE) is None
    assert list(world.runs.runs) == [("letter", run.id)]
    assert len(world.sent[run.occurrence]) == 5


def test_the_audience_of_a_later_time_is_that_of_the_time() -> None:
    world, _ = world_with({"type": "at", "at": "2026-06-01T13:00"})
    run = world.launch()
    world.work(until=NOON + MINUTE)
    assert world.runs.load("letter", run.id).audience is None
    world.segments["readers"] = ["late-comer"]
    world.started.append({"name": run.execution, "campaign": "letter", "run": run.id, "attempt": 1})
    world.work()
    assert world.sent[run.occurrence] == ["late-comer"]


def test_a_time_that_is_past_when_it_is_written_starts_nothing_by_itself() -> None:
    world, document = world_with({"type": "at", "at": "2026-06-01T11:00"})
    assert [look(world, document, NOON + minutes * MINUTE) for minutes in range(0, 60, 5)] == [None] * 12
    assert world.launch().begins == world.now


def test_a_recurring_campaign_is_another_message_each_time() -> None:
    world, document = world_with({"type": "every", "every": "cron(0 9 ? * MON *)"})
    world.put("sending-rules", "default", {"timezone": "Europe/Paris"})
    runs = [run for minutes in range(0, 15 * 24 * 60, 5) if (run := world.due.start("letter", document, NOON + minutes * MINUTE))
            and world.work(NOON + minutes * MINUTE)]
    assert [to_iso(run.started) for run in runs] == ["2026-06-08T07:00:00.000Z", "2026-06-15T07:00:00.000Z"]
    assert len({run.occurrence for run in runs}) == 2
    assert [len(world.sent[run.occurrence]) for run in runs] == [5, 5]


def test_a_recurring_campaign_that_is_still_running_skips_its_turn() -> None:
    world, document = world_with({"type": "every", "every": "rate(1 hour)"})
    look(world, document, NOON)
    first = world.due.start("letter", document, NOON + HOUR)
    assert first is not None
    assert world.due.start("letter", document, NOON + 2 * HOUR) is None
    world.work()
    assert world.due.start("letter", document, NOON + 2 * HOUR) is None
    assert world.due.start("letter", document, NOON + 3 * HOUR) is not None


def test_a_single_time_waits_for_the_run_before_it() -> None:
    world, document = world_with({"type": "at", "at": "2026-06-01T13:00"})
    world.due.start("letter", document, NOON)
    now = CampaignDocument.model_validate({**document.model_dump(), "schedule": {"type": "now"}})
    world.put("campaigns", "letter", now.model_dump(mode="json"))
    first = world.launch()
    world.put("campaigns", "letter", document.model_dump(mode="json"))
    assert world.due.start("letter", document, NOON + HOUR) is None
    world.work()
    second = look(world, document, NOON + HOUR + 5 * MINUTE)
    assert second is not None
    assert second.id != first.id


def test_what_is_not_enabled_waits_for_a_hand() -> None:
    world, document = world_with({"type": "every", "every": "rate(1 hour)"}, enabled=False)
    assert [look(world, document, NOON + hours * HOUR) for hours in range(5)] == [None] * 5
    assert world.launch().id


def test_of_two_launches_at_once_one_is_refused() -> None:
    world = World(5)
    one = world.campaigns.launch("letter", "chance01", NOON)
    with pytest.raises(Rejected, match=one.id) as refused:
        world.campaigns.launch("letter", "chance02", NOON)
    assert (refused.value.status, refused.value.code) == (409, "campaign_running")
    # Both found nobody before them: the turn is taken in one transaction.
    other = World(5)
    other.runs.turn = lambda *_: None  # type: ignore[method-assign]
    other.campaigns.launch("letter", "chance01", NOON)
    with pytest.raises(Rejected, match="under way"):
        other.campaigns.launch("letter", "chance02", NOON)
    assert len(other.started) == len(other.runs.runs) == 1


def test_a_run_that_has_just_begun_is_under_way_before_its_execution_is() -> None:
    world = World(5)
    world.launch()
    world.executions.clear()
    with pytest.raises(Rejected, match="under way"):
        world.campaigns.launch("letter", "chance02", NOON + MINUTE)


def test_a_run_whose_execution_never_began_is_started_again() -> None:
    world = World(5)
    run = world.launch()
    world.started.clear()
    world.executions.clear()
    assert world.due.go_on(NOON + MINUTE)[0] == []
    assert not world.started
    world.due.go_on(NOON + 3 * MINUTE)
    assert world.work().state == "finished"
    assert len(world.sent[run.id]) == 5


def test_a_run_whose_execution_broke_off_has_failed_and_holds_nobody_up() -> None:
    world = World(5)
    run = world.launch()
    world.started.clear()
    world.executions[run.execution] = "timed_out"
    world.due.go_on(NOON + 3 * MINUTE)
    failed = world.runs.load("letter", run.id)
    assert (failed.state, failed.failure["code"]) == ("failed", "broken_off")  # type: ignore[index]
    assert world.campaigns.resume("letter", NOON + 4 * MINUTE).state == "running"
    assert world.work().state == "finished"


def test_a_run_left_behind_is_overtaken_by_the_next_launch() -> None:
    world = World(5)
    first = world.launch()
    world.started.clear()
    world.executions[first.execution] = "aborted"
    second = world.campaigns.launch("letter", "chance02", NOON + 3 * MINUTE)
    world.now = NOON + 3 * MINUTE
    world.work()
    assert world.runs.load("letter", first.id).state == "failed"
    assert world.runs.load("letter", second.id).state == "finished"


@given(st.sampled_from(ZONES), st.datetimes().filter(lambda one: 1990 < one.year < 2036))
def test_local_time_begins_after_the_run_does_in_every_zone(zone: str, when: Any) -> None:
    schedule = At(type="at", at=when.replace(microsecond=0).isoformat(), local=True)
    begins, moment = moment_of(schedule, "UTC"), local_moment(schedule, zone)
    assert begins <= moment <= begins + EARLIEST + 12 * HOUR + HOUR
    assert 0 < local_moment(schedule, zone, 1) - moment <= DAY + HOUR


@given(st.sampled_from(ZONES), st.integers(1_600_000_000_000, 1_900_000_000_000))
def test_a_recurring_time_comes_after_the_last_one_in_every_zone(zone: str, after: int) -> None:
    found = [after]
    for _ in range(4):
        following = next_due("cron(30 2 * * ? *)", found[-1], zone)
        assert following is not None
        found.append(following)
    assert all(0 < later - earlier <= 26 * HOUR for earlier, later in pairwise(found))


def test_times_are_meant_where_they_say() -> None:
    assert to_iso(moment_of(At(type="at", at="2026-07-01T09:00+02:00"), "Asia/Tokyo")) == "2026-07-01T07:00:00.000Z"
    assert to_iso(moment_of(At(type="at", at="2026-07-01T09:00"), "Asia/Tokyo")) == "2026-07-01T00:00:00.000Z"
    assert to_iso(moment_of(At(type="at", at="2026-07-01"), "UTC")) == "2026-07-01T00:00:00.000Z"
    assert next_due("rate(1 day)", NOON, "Asia/Tokyo") == NOON + DAY
    assert next_due("cron(0 0 1 1 ? 2020)", NOON, "UTC") is None
    # 02:30 comes twice in Paris on 25 October 2026: it is due the first time.
    assert to_iso(next_due("cron(30 2 * * ? *)", from_iso("2026-10-25T00:30:00Z"), "Europe/Paris") or 0) == \
        "2026-10-26T01:30:00.000Z"


def test_days_of_a_warm_up_end_where_their_growth_says() -> None:
    ends = day_ends(WarmUp(first_day=100, growth=1.5))
    assert [next(ends) for _ in range(4)] == [100, 250, 475, 812]
