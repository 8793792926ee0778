"""A run from its launch to its end: everybody once, whatever is repeated on the way."""

from __future__ import annotations

import pytest

from socle.campaigns.files import unpack
from socle.campaigns.rounds import AT_ONCE
from socle.clock import DAY, HOUR, MINUTE
from socle.errors import Rejected
from tests.campaigns.world import NOON, World


def test_everybody_of_the_segment_gets_it_once_and_the_run_says_so() -> None:
    world = World(10)
    run = world.launch()
    done = world.work()
    assert sorted(world.sent[run.id]) == world.segments["readers"]
    assert (done.state, done.audience, [state for state, *_ in done.history]) == ("finished", 10, ["running", "finished"])
    shown = world.shown(done)
    assert (shown["outcomes"], shown["waiting"]) == ({"sent": 10}, 0)
    assert world.runs.turns() == []
    world.now += MINUTE
    assert world.launch().occurrence != run.occurrence


def test_who_is_in_an_excluded_segment_is_not_in_the_audience() -> None:
    world = World(200, exclude=["buyers", "staff"])
    world.segments |= {"buyers": [f"p{n:07}" for n in range(0, 200, 3)], "staff": ["p0000001", "somebody-else"]}
    run = world.launch()
    world.work()
    out = {*world.segments["buyers"], "p0000001"}
    assert sorted(world.sent[run.id]) == [one for one in world.segments["readers"] if one not in out]


def test_an_empty_audience_is_a_run_that_ends_with_nobody() -> None:
    world = World(0)
    world.launch()
    done = world.work()
    assert (done.state, done.audience, world.shown(done)["outcomes"]) == ("finished", 0, {})


def test_an_audience_that_empties_meanwhile_stays_as_it_was_frozen() -> None:
    world = World(600)
    world.per_call = 100

    def leave(profile: str, variant: str, now: int) -> dict[str, str]:
        world.segments["readers"] = []
        return {"o": "sent"}
    world.outcome = leave
    run = world.launch()
    assert world.work().audience == 600
    assert len(world.sent[run.id]) == 600


def test_a_chunk_that_takes_several_calls_goes_on_where_it_was() -> None:
    world = World(1_000)
    world.per_call = 70
    run = world.launch()
    world.work()
    assert len(world.sent[run.id]) == len(set(world.sent[run.id])) == 1_000


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_any_step_may_be_repeated(after: bool) -> None:
    """Each call of a function in turn breaks off, before or after what it does; Step Functions tries again."""
    whole = World(900)
    whole.per_call = 200
    whole.outcome = _some_are_held
    whole.launch()
    whole.work()
    expected, calls = whole.shown(whole.runs.page("letter", 1, None)[0]), 0
    while True:
        world, made = World(900), [0]
        world.per_call, world.outcome = 200, _some_are_held

        def breaking(function, world=world, made=made, at=calls):
            def call(event):
                made[0] += 1
                if made[0] == at + 1 and not after:
                    raise TimeoutError
                answer = function(event)
                if made[0] == at + 1:
                    raise TimeoutError
                return answer
            return call
        world.launch()
        done = world.work(functions={"RunCampaign": breaking(world.run_campaign), "SendCampaign": breaking(world.send_campaign)})
        assert made[0] >= calls
        if made[0] == calls:
            break
        shown = world.shown(done)
        assert {name: shown[name] for name in ("state", "audience", "outcomes", "reasons", "waiting")} == {
            name: expected[name] for name in ("state", "audience", "outcomes", "reasons", "waiting")}, calls
        assert len(world.sent[done.id]) == len(set(world.sent[done.id]))
        calls += 1
    assert calls > 10


def _some_are_held(profile: str, variant: str, now: int) -> dict[str, object]:
    if int(profile[1:]) % 5 == 0 and now < NOON + 8 * HOUR:
        return {"o": "held", "r": "quiet_hours", "until": NOON + 8 * HOUR}
    return {"o": "skipped", "r": "no_consent"} if int(profile[1:]) % 7 == 0 else {"o": "sent"}


def test_who_is_held_gets_it_when_the_time_has_come_and_is_counted_once() -> None:
    world = World(300)
    world.outcome = _some_are_held
    run = world.launch()
    world.work(until=NOON + HOUR)
    assert world.shown(run)["waiting"] == 60
    assert world.answers.person("letter", "p0000005", None, world.now)["outcome"] == "waiting"
    world.started.append({"name": run.execution, "campaign": "letter", "run": run.id, "attempt": 1})
    done = world.work()
    shown = world.shown(done)
    assert sum(shown["outcomes"].values()) == 300
    assert shown["reasons"] == {"skipped": {"no_consent": 43}}
    assert {world.moments[one] for one in world.sent[run.id] if int(one[1:]) % 5 == 0} == {NOON + 8 * HOUR}


def test_the_same_plan_has_the_same_files_bit_by_bit() -> None:
    def chunks() -> dict[str, bytes]:
        world = World(700, variants=[{"name": "a", "template": "hello", "share": 50}, {"name": "b", "template": "other",
                                                                                    "share": 50}])
        world.launch()
        world.work()
        return {key: data for key, data in world.files.objects.items() if "/chunks/" in key}
    assert chunks() == chunks() != {}


def test_a_throttled_campaign_goes_out_in_portions() -> None:
    world = World(3_000, throttle={"per_minute": 60})
    world.launch()
    world.work()
    at = sorted(set(world.moments.values()))
    assert at == [NOON + 10 * MINUTE * n for n in range(5)]
    assert {sum(moment == one for moment in world.moments.values()) for one in at} == {600}


def test_a_warm_up_sends_more_every_day() -> None:
    world = World(800, warm_up={"first_day": 100, "growth": 2})
    world.launch()
    world.work()
    by_day = [sum(moment == NOON + day * DAY for moment in world.moments.values()) for day in range(4)]
    assert by_day == [100, 200, 400, 100]


def test_local_time_is_the_same_hour_wherever_people_are() -> None:
    world = World(["ny", "paris", "tokyo", "unknown"], schedule={"type": "at", "at": "2026-06-02T09:00", "local": True})
    world.put("sending-rules", "default", {"timezone": "Europe/Berlin"})
    world.zones = {"ny": "America/New_York", "paris": "Europe/Paris", "tokyo": "Asia/Tokyo"}
    run = world.launch()
    assert world.runs.load("letter", run.id).begins == NOON + 7 * HOUR  # when it is nine o'clock on Kiribati
    world.work()
    assert {name: (moment - NOON) // HOUR for name, moment in world.moments.items()} == {
        "tokyo": 12, "paris": 19, "unknown": 19, "ny": 25}


def test_a_pause_stops_it_and_resuming_only_completes_it() -> None:
    world = World(1_000)
    world.per_call = 100

    def pausing(profile: str, variant: str, now: int) -> dict[str, str]:
        if len(world.sent[run.id]) == 333:
            world.campaigns.pause("letter", now)
        return {"o": "sent"}
    world.outcome = pausing
    run = world.launch()
    paused = world.work()
    assert paused.state == "paused"
    before = len(world.sent[run.id])
    shown = world.shown(paused)
    assert 333 <= before < 340
    assert shown["outcomes"] == {"sent": before}
    with pytest.raises(Rejected, match="under way"):
        world.campaigns.launch("letter", "chance01", world.now)
    world.outcome = lambda *_: {"o": "sent"}
    assert world.campaigns.resume("letter", world.now).attempt == 2
    done = world.work()
    assert (done.state, world.shown(done)["outcomes"]) == ("finished", {"sent": 1_000})
    assert len(world.sent[run.id]) == len(set(world.sent[run.id]))


def test_the_guard_stops_a_run_and_leaves_the_reason() -> None:
    world = World(100)
    world.outcome = lambda *_: {"o": "sent"}
    run = world.launch()
    from socle.campaigns.store import RunStore
    assert RunStore.pause(world.runs, "letter", run.id, "bounces", NOON)  # type: ignore[arg-type]
    assert not RunStore.pause(world.runs, "letter", run.id, "bounces", NOON)  # type: ignore[arg-type]
    assert not RunStore.pause(world.runs, "letter", "none", "bounces", NOON)  # type: ignore[arg-type]
    assert world.runs.load("letter", run.id).history[-1] == ("paused", NOON, "guard", "bounces")
    assert world.work().state == "paused"
    assert world.sent.get(run.id) is None


def test_a_cancelled_run_sends_no_more_and_lets_the_next_begin() -> None:
    world = World(500)

    def cancelling(profile: str, variant: str, now: int) -> dict[str, str]:
        if len(world.sent[run.id]) == 10:
            world.campaigns.cancel("letter", now)
        return {"o": "sent"}
    world.outcome = cancelling
    run = world.launch()
    done = world.work()
    assert (done.state, len(world.sent[run.id]), world.shown(done)["outcomes"]) == ("cancelled", 11, {"sent": 11})
    with pytest.raises(Rejected):
        world.campaigns.resume("letter", world.now)
    world.outcome = lambda *_: {"o": "sent"}
    world.now += MINUTE
    assert len(world.launch().id) > 0


def test_an_execution_that_was_overtaken_does_nothing() -> None:
    world = World(10)
    run = world.launch()
    world.campaigns.pause("letter", world.now)
    world.campaigns.resume("letter", world.now)
    first, second = world.started
    world.started = [first]
    world.work()
    assert world.sent == {}
    world.started = [second]
    assert world.work().state == "finished"
    assert len(world.sent[run.id]) == 10


def test_a_failure_is_kept_with_its_reason_and_can_be_resumed() -> None:
    world = World(10)
    world.put("campaigns", "letter", {"segment": "readers", "template": "hello", "topic": "gone"})
    world.launch()
    world.work()
    (run,) = world.runs.runs.values()
    assert (run.state, run.failure["code"]) == ("failed", "unknown_definition")
    world.put("topics", "gone", {"channels": ["sms"]})
    world.campaigns.resume("letter", world.now)
    failed = world.work()
    assert (failed.state, failed.failure) == ("failed", {"code": "other_channel", "message": failed.failure["message"]})
    world.put("topics", "gone", {"channels": ["sms", "email"]})
    world.campaigns.resume("letter", world.now)
    assert world.work().state == "finished"


def test_templates_that_have_become_of_several_channels_are_not_sent() -> None:
    world = World(10, variants=[{"name": "a", "template": "hello", "share": 50}, {"name": "b", "template": "other", "share": 50}])
    world.put("templates", "other", {"channel": "sms"})
    run = world.launch()
    assert (world.work().failure or {})["code"] == "other_channel"
    assert world.sent.get(run.id) is None


def test_a_long_run_is_handed_over_before_its_history_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socle.campaigns.rounds.MOST_EVENTS", 60)
    world = World(2_000)
    world.per_call = 100
    run = world.launch()
    for _ in range(20):
        world.work()
        world.due.go_on(world.now)
    done = world.runs.load("letter", run.id)
    assert done.state == "finished"
    assert done.attempt > 2
    assert len(world.sent[run.id]) == len(set(world.sent[run.id])) == 2_000


def test_rounds_are_small_enough_for_one_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socle.campaigns.pace.FEWEST", 1)
    world = World(500)
    monkeypatch.setattr("socle.campaigns.service.plan.chunk_size", lambda *_: 5)
    run = world.launch()
    world.work()
    chunks = [key for key in world.files.objects if "/chunks/" in key]
    assert len(chunks) == 100 > AT_ONCE
    assert sum(len(list(unpack(world.files.objects[key]))) for key in chunks) == len(world.sent[run.id]) == 500
