"""What must not be sent a second time because of the clock: a hand, an edit or a switch beside a schedule."""

from __future__ import annotations

from socle.clock import DAY, HOUR, MINUTE
from tests.campaigns.test_due import look, world_with
from tests.campaigns.world import NOON


def test_a_hand_that_launches_just_after_the_time_and_the_clock_are_one_run() -> None:
    world, document = world_with({"type": "at", "at": "2026-06-01T13:00"})
    look(world, document, NOON)
    world.now = NOON + HOUR + MINUTE
    by_hand = world.launch()
    assert world.due.start("letter", document, world.now + MINUTE) in (None, by_hand)
    world.work()
    assert [look(world, document, NOON + HOUR + minutes * MINUTE) for minutes in range(5, 60, 5)] == [None] * 11
    assert list(world.runs.runs) == [("letter", by_hand.id)]
    # Who launches it once more means it.
    assert world.campaigns.launch("letter", "chance09", NOON + 3 * HOUR).id != by_hand.id


def test_what_was_sent_at_its_time_is_not_sent_again_when_the_company_moves() -> None:
    world, document = world_with({"type": "at", "at": "2026-06-01T13:00"})
    look(world, document, NOON)
    run = look(world, document, NOON + HOUR)
    assert run is not None
    world.put("sending-rules", "default", {"timezone": "America/New_York"})
    assert [look(world, document, NOON + hours * HOUR) for hours in range(2, 12)] == [None] * 10
    assert list(world.runs.runs) == [("letter", run.id)]


def test_a_time_that_passed_while_it_was_switched_off_is_not_made_up_for() -> None:
    for schedule, first in (({"type": "at", "at": "2026-06-01T13:00"}, None), ({"type": "every", "every": "rate(1 day)"}, NOON)):
        world, document = world_with(schedule)
        look(world, document, NOON)
        off = document.model_copy(update={"enabled": False})
        assert [look(world, off, NOON + hours * HOUR) for hours in range(30)] == [None] * 30
        assert look(world, document, NOON + 30 * HOUR) is None
        again = look(world, document, NOON + 54 * HOUR)
        assert (again is None) == (first is None)
        assert NOON + 54 * HOUR - (again.started if again else NOON + 54 * HOUR) < DAY
