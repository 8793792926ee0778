"""Variants are people's for good; a test's winner is one that chance does not make, or somebody chooses."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from socle.campaigns.files import unpack
from socle.campaigns.model.document import Variant
from socle.campaigns.variants import is_tested, variant_of
from socle.campaigns.winner import stand
from socle.clock import DAY, HOUR
from socle.errors import Rejected
from tests.campaigns.world import NOON, World

TWO = [{"name": "a", "template": "hello", "share": 50}, {"name": "b", "template": "other", "share": 50}]
TEST = {"share": 20, "metric": "clicked", "wait": "4h", "fallback": "1d"}
PEOPLE = [f"p{n:07}" for n in range(20_000)]


def test_shares_are_kept_and_nobody_changes_variant() -> None:
    three = [Variant(name="a", template="t", share=60), Variant(name="b", template="t", share=30),
             Variant(name="c", template="t", share=10)]
    first = {one: variant_of("letter", three, one) for one in PEOPLE}
    assert first == {one: variant_of("letter", three, one) for one in reversed(PEOPLE)}
    shares = {name: count / len(PEOPLE) for name, count in Counter(first.values()).items()}
    assert shares == pytest.approx({"a": 0.6, "b": 0.3, "c": 0.1}, abs=0.01)
    assert variant_of("letter", [], "p1") == ""


def test_who_is_tested_says_nothing_about_the_variant_and_changes_with_the_occurrence() -> None:
    halves = [Variant(name="a", template="t", share=50), Variant(name="b", template="t", share=50)]
    tested = [one for one in PEOPLE if is_tested("o1", 20, one)]
    assert len(tested) / len(PEOPLE) == pytest.approx(0.2, abs=0.01)
    assert Counter(variant_of("letter", halves, one) for one in tested)["a"] / len(tested) == pytest.approx(0.5, abs=0.03)
    both = [one for one in tested if is_tested("o2", 20, one)]
    assert len(both) / len(tested) == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize(("counts", "best", "decided"), [
    ({"a": {"sent": 1_000, "clicked": 50}, "b": {"sent": 1_000, "clicked": 90}}, "b", True),
    ({"a": {"sent": 1_000, "clicked": 50}, "b": {"sent": 1_000, "clicked": 55}}, "b", False),
    ({"a": {"sent": 10, "clicked": 1}, "b": {"sent": 10, "clicked": 3}}, "b", False),
    ({"a": {"sent": 1_000, "clicked": 1_200}, "b": {"sent": 1_000, "clicked": 90}}, "a", True),
    ({}, "a", False),
    ({"b": {"sent": 500, "clicked": 5}}, "b", False),
    # Against one other p = 0.03 is enough; of two comparisons one is that small twice as often.
    ({"a": {"sent": 1_000, "clicked": 100}, "b": {"sent": 1_000, "clicked": 131}}, "b", True),
    ({"a": {"sent": 1_000, "clicked": 100}, "b": {"sent": 1_000, "clicked": 131},
      "c": {"sent": 1_000, "clicked": 102}}, "b", False),
], ids=["clear", "chance", "few", "counted twice", "nobody", "one alone", "two", "three"])
def test_a_winner_is_one_that_chance_seldom_makes(counts: Any, best: str, decided: bool) -> None:
    names = sorted({"a", "b", *counts})
    standing = stand(names, "clicked", counts)
    assert (standing.best, standing.is_decided(0.95)) == (best, decided)


def after_the_test(**document: Any) -> tuple[World, str]:
    """A world whose test has been sent; the run's id."""
    world = World(2_000, variants=TWO, test={**TEST, **document})
    run = world.launch()
    world.work(until=NOON + 2 * HOUR)
    return world, run.id


def resumed(world: World) -> None:
    """The execution that waits goes on."""
    run = world.runs.page("letter", 1, None)[0]
    world.started.append({"name": run.execution, "campaign": "letter", "run": run.id, "attempt": run.attempt})


def by_variant(world: World, run: str) -> Counter[str]:
    return Counter(one.variant for key, data in world.files.objects.items()
                   if key.startswith(f"campaigns/letter/{run}/chunks/") for one in unpack(data))


def test_only_the_tested_get_it_before_there_is_a_winner() -> None:
    world, run = after_the_test()
    assert len(world.sent[run]) == sum(is_tested(run, 20, one) for one in world.segments["readers"])
    shown = world.shown(world.runs.load("letter", run))
    assert shown["waiting"] == 2_000 - len(world.sent[run])
    rest = next(one for one in world.segments["readers"] if one not in world.sent[run])
    assert world.answers.person("letter", rest, None, world.now)["outcome"] == "waiting"


def test_the_rest_gets_the_variant_that_won() -> None:
    world, run = after_the_test()
    before = by_variant(world, run)
    world.counters.counts = {"a": {"sent": 200, "clicked": 40}, "b": {"sent": 200, "clicked": 10}}
    resumed(world)
    done = world.work()
    assert (done.state, done.winner) == ("finished", "a")
    assert "a won (p = 0.000)" in [reason for *_, reason in done.history]
    assert by_variant(world, run) == before + Counter({"a": 2_000 - before.total()})
    assert len(world.sent[run]) == len(set(world.sent[run])) == 2_000
    assert min(world.moments[one] for one in world.sent[run][before.total():]) == NOON + 4 * HOUR


def test_without_a_clear_winner_somebody_decides() -> None:
    world, run = after_the_test()
    world.counters.counts = {"a": {"sent": 200, "clicked": 12}, "b": {"sent": 200, "clicked": 10}}
    resumed(world)
    deciding = world.work()
    assert (deciding.state, deciding.decide_by) == ("deciding", NOON + 4 * HOUR + DAY)
    with pytest.raises(Rejected, match="a, b"):
        world.campaigns.choose("letter", "c", world.now)
    assert world.campaigns.choose("letter", "b", world.now).state == "running"
    done = world.work()
    assert (done.state, done.winner, len(world.sent[run])) == ("finished", "b", 2_000)
    with pytest.raises(Rejected):
        world.campaigns.choose("letter", "a", world.now)


def test_when_nobody_decides_the_one_that_is_ahead_wins_in_the_end() -> None:
    world, run = after_the_test(winner="manual")
    world.counters.counts = {"a": {"sent": 200, "clicked": 12}, "b": {"sent": 200, "clicked": 100}}
    resumed(world)
    assert world.work().state == "deciding"
    world.now = NOON + 4 * HOUR + DAY - 1
    assert world.due.go_on(world.now) == ([], 1)
    world.now += 1
    assert [one.id for one in world.due.go_on(world.now)[0]] == [run]
    done = world.work()
    assert (done.state, done.winner, len(world.sent[run])) == ("finished", "b", 2_000)


def test_who_chooses_early_is_obeyed_when_the_test_has_been_sent() -> None:
    world, run = after_the_test()
    world.campaigns.choose("letter", "b", world.now)
    resumed(world)
    done = world.work()
    assert (done.state, done.winner, len(world.sent[run])) == ("finished", "b", 2_000)


def test_the_variants_to_choose_from_are_those_that_the_run_began_with() -> None:
    world, run = after_the_test(winner="manual")
    three = [{"name": name, "template": "hello", "share": 50} for name in ("c", "d")]
    world.put("campaigns", "letter", {**world.documents["campaigns", "letter"], "variants": three})
    with pytest.raises(Rejected, match="a, b"):
        world.campaigns.choose("letter", "c", world.now)
    world.put("campaigns", "letter", {"segment": "readers", "template": "hello"})
    world.campaigns.choose("letter", "b", world.now)
    resumed(world)
    assert (world.work().state, len(world.sent[run])) == ("finished", 2_000)


def test_without_a_test_there_is_nothing_to_choose() -> None:
    world = World(10, variants=TWO)
    run = world.launch()
    world.work()
    with pytest.raises(Rejected, match="no test"):
        world.campaigns.choose("letter", "a", world.now)
    assert sum(by_variant(world, run.id).values()) == 10
