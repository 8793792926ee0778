"""The table and the bucket keep their contract, on moto and in memory alike."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.local import dynamodb as local_dynamodb
from socle.campaigns.guard import METRICS, should_pause
from socle.campaigns.model.run import FORECAST, ID, LAUNCH, RUNNING, Run, chunk_key, key_of, outcome_key
from socle.campaigns.store import Counters, RunFiles, RunStore, Turn
from socle.errors import Conflict, NotFound
from tests.campaigns.world import MemoryFiles, MemoryRuns


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[Any, Any]]:
    with ExitStack() as stack, mock_aws():
        local_dynamodb.install(stack)  # stock moto looks through what another thread is changing
        dynamodb, s3 = boto3.client("dynamodb", region_name="us-east-1"), boto3.client("s3", region_name="us-east-1")
        dynamodb.create_table(
            TableName="definitions", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}, {"AttributeName": "SK", "AttributeType": "S"}])
        s3.create_bucket(Bucket="bucket")
        yield dynamodb, s3


@pytest.fixture(params=["moto", "memory"])
def runs(request: pytest.FixtureRequest, account: tuple[Any, Any]) -> Any:
    return RunStore(account[0], "definitions") if request.param == "moto" else MemoryRuns()


@pytest.fixture(params=["moto", "memory"])
def files(request: pytest.FixtureRequest, account: tuple[Any, Any]) -> Any:
    return RunFiles(account[1], "bucket") if request.param == "moto" else MemoryFiles()


def run_of(campaign: str, number: int = 1, kind: str = LAUNCH) -> Run:
    id_ = f"{'f' if kind == FORECAST else ''}20260101t000000-0000000{number}"
    assert ID.fullmatch(id_)
    return Run(id_, campaign, kind, RUNNING, "hand", 1, id_, 1, history=((RUNNING, 1, "hand", ""),))


def test_a_run_comes_back_as_it_was_and_is_written_over_the_version_before(runs: Any) -> None:
    run = run_of("versions")
    runs.begin(run, None)
    assert runs.load("versions", run.id) == run
    paused = run.become("paused", 2, "guard", "bounces", counts={"": {"sent": {"": 3}}})
    runs.save(paused)
    with pytest.raises(Conflict):
        runs.save(run.become("cancelled", 2, "hand"))
    assert runs.load("versions", run.id) == paused
    assert (runs.state("versions", run.id), runs.state("versions", "none")) == ("paused", "")
    with pytest.raises(NotFound):
        runs.load("versions", "20260101t000000-00000009")


def test_a_new_run_and_its_turn_are_written_both_or_neither(runs: Any) -> None:
    first, second = run_of("turns", 1), run_of("turns", 2)
    runs.begin(first, None)
    with pytest.raises(Conflict):
        runs.begin(second, None)
    assert (runs.turn("turns"), runs.state("turns", second.id)) == (first.id, "")
    with pytest.raises(Conflict):
        runs.begin(first, first.id)
    runs.begin(second, first.id)
    runs.end_turn(first)
    assert runs.turn("turns") == second.id
    runs.begin(run_of("turns", 3, FORECAST), None)
    assert {turn for turn in runs.turns() if turn.campaign == "turns"} == {
        Turn("turns", False, second.id), Turn("turns", True, "f20260101t000000-00000003")}
    runs.end_turn(second)
    runs.end_turn(second)
    assert (runs.turn("turns"), runs.turn("turns", True)) == (None, "f20260101t000000-00000003")
    again = second.become(RUNNING, 3, "hand", attempt=2)
    runs.begin(again, None)
    assert runs.load("turns", second.id) == again


def test_runs_and_forecasts_are_listed_apart_newest_first(runs: Any) -> None:
    for number in range(1, 5):
        runs.begin(run_of("listed", number), runs.turn("listed"))
        runs.begin(run_of("listed", number, FORECAST), runs.turn("listed", True))
    pages = [runs.page("listed", 2, None), runs.page("listed", 2, "20260101t000000-00000003"), runs.page("listed", 9, None, True)]
    assert [[run.id[-1] for run in page] for page in pages] == [["4", "3"], ["2", "1"], ["4", "3", "2", "1"]]
    assert [run.id[-1] for run in runs.page("listed", 9, "f20260101t000000-00000002", True)] == ["1"]
    assert runs.page("nothing", 9, None) == []


def test_of_many_launches_at_once_one_begins(account: tuple[Any, Any]) -> None:
    runs = RunStore(account[0], "definitions")

    def begin(number: int) -> bool:
        try:
            runs.begin(run_of("raced", number), None)
        except Conflict:
            return False
        return True
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(begin, range(1, 9))) == 1
    assert len(runs.page("raced", 9, None)) == 1


def test_a_change_is_made_again_on_what_others_wrote(account: tuple[Any, Any]) -> None:
    runs = RunStore(account[0], "definitions")
    run = run_of("changed")
    runs.begin(run, None)
    met: list[str] = []

    def change(one: Run) -> Run:
        met.append(one.state)
        if len(met) == 1:
            runs.save(one.become("paused", 2, "hand"))
        return one.next(audience=7)
    after = runs.change("changed", run.id, change)
    assert (met, after.state, after.audience) == (["running", "paused"], "paused", 7)
    assert runs.change("changed", run.id, lambda _: None) == after


def test_a_run_is_paused_once_by_whoever_finds_out_first(account: tuple[Any, Any]) -> None:
    runs = RunStore(account[0], "definitions")
    run = run_of("guarded")
    runs.begin(run, None)
    assert [runs.pause("guarded", run.id, "bounces", 5), runs.pause("guarded", run.id, "bounces", 5)] == [True, False]
    assert runs.load("guarded", run.id).history[-1] == ("paused", 5, "guard", "bounces")
    assert runs.pause("guarded", "20260101t000000-00000009", "bounces", 5) is False
    forecast = run_of("guarded", 2, FORECAST)
    runs.begin(forecast, None)
    assert runs.pause("guarded", forecast.id, "bounces", 5) is False


def test_whoever_resumes_a_run_has_seen_why_it_was_stopped(account: tuple[Any, Any]) -> None:
    runs = RunStore(account[0], "definitions")
    run = run_of("seen")
    runs.begin(run, None)

    def stopped(reason: str) -> bool:
        found = runs.pause("seen", run.id, reason, 5)
        runs.change("seen", run.id, lambda one: one.become(RUNNING, 6, "hand") if one.state != RUNNING else None)
        return found
    reasons = ("bounces", "bounces", "bounces, complaints", "bounces, complaints", "stopped: no quota", "stopped: no quota")
    assert [stopped(reason) for reason in reasons] == [True, False, True, False, True, True]


def test_only_the_execution_that_was_resumed_last_goes_on(account: tuple[Any, Any]) -> None:
    runs, run = RunStore(account[0], "definitions"), run_of("resumed")
    runs.begin(run, None)
    assert (runs.is_sending("resumed", run.id, 1), runs.is_sending("resumed", run.id, 2)) == (True, False)
    paused = run.become("paused", 2, "hand")
    runs.save(paused)
    assert not runs.is_sending("resumed", run.id, 1)
    runs.save(paused.become(RUNNING, 3, "hand", attempt=2))
    assert (runs.is_sending("resumed", run.id, 1), runs.is_sending("resumed", run.id, 2)) == (False, True)
    assert not runs.is_sending("resumed", "none", 1)


def test_a_due_time_is_written_over_the_one_that_was_read(runs: Any) -> None:
    assert runs.due("dues") is None
    runs.set_due("dues", "rate(1 day)", 5, None)
    with pytest.raises(Conflict):
        runs.set_due("dues", "rate(1 day)", 6, None)
    runs.set_due("dues", "rate(2 days)", 7, 5)
    assert runs.due("dues") == ("rate(2 days)", 7)


def test_files_come_back_and_are_listed_in_order(files: Any) -> None:
    keys = [chunk_key("c", "r", 2), chunk_key("c", "r", 10), outcome_key("c", "r", 2, 500), key_of("c", "r", "plan.json")]
    for key in keys:
        files.write(key, b'{"n": 1}')
    assert (files.read(keys[0]), files.read_json(keys[3]), files.read("campaigns/none"), files.read_json("campaigns/none")) == (
        b'{"n": 1}', {"n": 1}, None, None)
    assert list(files.keys(key_of("c", "r", "chunks/"))) == keys[:2]
    assert list(files.keys(key_of("c", "r", "chunks/"), keys[0])) == [keys[1]]
    assert [key for key, _ in files.all([keys[0], "campaigns/none", keys[2]])] == [keys[0], keys[2]]


def test_counts_add_up_over_variants_however_many_write(account: tuple[Any, Any]) -> None:
    counters = Counters(account[0], "definitions")
    assert counters.add("c", "r", {("a", "sent"): 10, ("b", "sent"): 5, ("a", "bounced"): 0}) == {"sent": 15}
    assert counters.add("c", "r", {("a", "bounced"): 2, ("", "delivered"): 1}) == {"sent": 15, "bounced": 2, "delivered": 1}
    assert counters.load("c", "r") == {"a": {"sent": 10, "bounced": 2}, "b": {"sent": 5}, "": {"delivered": 1}}
    assert counters.add("c", "other", {}) == {}


@pytest.mark.parametrize(("delivered", "bounced", "complained", "expected"), [
    (95, 5, 0, "bounces"), (96, 4, 0, None), (1_000, 52, 0, None), (1_000, 53, 0, "bounces"),
    (0, 49, 0, None), (0, 50, 0, "bounces"), (45, 5, 0, "bounces"), (44, 5, 0, None),
    (1_000, 0, 1, "complaints"), (1_001, 0, 1, None), (999, 0, 1, None), (998, 2, 1, "complaints"), (2_001, 0, 2, None),
    (0, 0, 0, None), (900, 100, 1, "bounces, complaints"),
], ids=range(15))
def test_a_run_is_stopped_at_the_limits_of_the_provider(delivered: int, bounced: int, complained: int,
                                                        expected: str | None) -> None:
    totals = {"delivered": delivered, "bounced": bounced, "complained": complained, "sent": 10**6}
    assert should_pause(totals) == expected
    assert should_pause({}) is None
    assert set(totals) < set(METRICS)
