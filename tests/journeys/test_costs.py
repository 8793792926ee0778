"""What journeys cost is counted, and what COSTS.md says of it is still so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from socle.costs.prices import READS, TRANSITIONS, WRITES
from tests.benchmarks.journey_costs import Meter, Recipe, lived, recipes, step_kinds
from tests.journeys.recipes import RECIPES
from tests.journeys.story import Did, Story

DOC = (Path(__file__).resolve().parents[2] / "layers/core/python/socle/journeys/COSTS.md").read_text()


@pytest.fixture(scope="module")
def found() -> dict[str, Recipe]:
    return recipes()


def line(name: str) -> list[float]:
    """The figures of a line of the first table."""
    (text,) = [row for row in DOC.splitlines() if row.startswith(f"| {name} |")]
    return [float(cell.replace(",", "")) for cell in text.split("|")[2:-1]]


def test_every_recipe_has_a_line_and_the_whole_is_what_it_says(found: dict[str, Recipe], record_property: Any) -> None:
    for name in found:
        assert line(name)[0] > 0
    entries, steps, transitions = (sum(one[place] for one in found.values()) for place in range(3))
    said = line("all")
    assert transitions / entries == pytest.approx(said[2], rel=0.1)
    assert transitions / steps == pytest.approx(said[3], rel=0.1)
    usd = sum(sum(one.usd.values()) for one in found.values()) / entries * 1e6
    assert usd == pytest.approx(said[6], rel=0.15)
    record_property("summary", f"journeys: {transitions / steps:.2f} transitions a step, {usd:,.0f} USD per 1M entries")


def test_a_plain_wait_costs_one_transition_and_no_call() -> None:
    def story(*steps: dict[str, Any]) -> Story:
        document = {"trigger": {"type": "event", "event": "Began"}, "steps": [*steps, {
            "name": "Note", "type": "update", "emit": [{"event": "Noted"}]}]}
        return Story(f"cost-{len(steps)}", document, [Did("1m", "Began")], [], [], "9d")

    short, long = (lived(one, Meter()) for one in (story(), story({"name": "A week", "type": "wait", "for": "7d"})))
    assert (long.transitions - short.transitions, len(long.steps_done) - len(short.steps_done)) == (1, 0)


def test_no_call_of_a_step_needs_more_of_the_table_than_reckoned() -> None:
    meter = step_kinds(RECIPES[:12])
    for what in {"hold", "branch", "update", "wait_until_time", "time_over"} & {*meter.done}:
        assert meter.units[what][WRITES] / meter.done[what] <= 7, what
        assert meter.units[what][READS] / meter.done[what] <= 7, what
    assert TRANSITIONS not in meter.units["hold"]
