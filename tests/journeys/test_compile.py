"""A journey compiles to a state machine that Step Functions takes, whose graph is the journey's."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from moto import mock_aws

from socle.journeys.compile.machine import compile_journey, rounds
from socle.journeys.compile.names import machine_name
from socle.journeys.graph import edges
from socle.journeys.model.document import JourneyDocument
from tests.examples import examples
from tests.journeys.asl import leads, problems, targets, ways_through
from tests.journeys.documents import WHEN, document, journeys

STEP = "arn:aws:lambda:eu-west-1:123456789012:function:run-journey-step"
ROOT = Path(__file__).resolve().parents[2]
RECIPES = sorted((ROOT / "layers/core/python/socle/journeys/recipes").glob("*/journeys/*.json"))
GOLDEN = Path(__file__).parent / "golden"


def states(steps: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    made = compile_journey(document(steps, **more), STEP)
    assert problems(made) == []
    return dict(made["States"])


def recipe(path: Path) -> JourneyDocument:
    return JourneyDocument.model_validate(json.loads(path.read_text()))


def caught(state: dict[str, Any]) -> dict[str, str]:
    return {one["ErrorEquals"][0]: one["Next"] for one in state["Catch"]}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_machine_of_every_recipe_is_as_it_was_read_last(path: Path) -> None:
    """After a change that is meant: SOCLE_GOLDEN=1 writes them anew, and git shows what is different."""
    made = compile_journey(recipe(path), STEP)
    golden = GOLDEN / path.name
    if os.environ.get("SOCLE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    assert made == json.loads(golden.read_text())
    assert problems(made) == []


def test_there_is_no_golden_machine_of_a_recipe_that_is_gone() -> None:
    assert {path.name for path in GOLDEN.glob("*.json")} == {path.name for path in RECIPES}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_step_functions_takes_the_machine_of_every_recipe(path: Path) -> None:
    with mock_aws():
        client = boto3.client("stepfunctions", region_name="eu-west-1")
        definition = json.dumps(compile_journey(recipe(path), STEP))
        name = machine_name("socle-dev-journey-", path.stem, 1)
        arn = client.create_state_machine(name=name, definition=definition, roleArn="arn:aws:iam::123456789012:role/r")
        assert arn["stateMachineArn"].endswith(name)


def test_over_the_recipes_a_step_costs_at_most_1_3_transitions() -> None:
    shares = []
    for path in RECIPES:
        journey = recipe(path)
        ways = ways_through(compile_journey(journey, STEP), {step.name for step in journey.steps})
        shares.append(sum(passed / taken for passed, taken in ways) / len(ways))
    assert sum(shares) / len(shares) <= 1.3


@examples(150)
@given(journeys())
def test_every_journey_that_may_be_saved_compiles_to_the_same_graph(journey: JourneyDocument) -> None:
    made = compile_journey(journey, STEP)
    assert problems(made) == []
    names = {step.name for step in journey.steps}
    exits = {step.name for step in journey.steps if step.type == "exit"}
    for step, ways in edges(journey).items():
        wanted = {"" if to == "end" or to in exits else to for to in ways.values()} or {""}
        got = {"" if to in exits else to for to in leads(made, step, names)} if step in made["States"] else wanted
        assert got == wanted, step


@examples(100)
@given(journeys())
def test_whoever_has_left_is_out_at_every_step_and_what_fails_is_parked(journey: JourneyDocument) -> None:
    made = compile_journey(journey, STEP)["States"]
    for name, state in made.items():
        if state["Type"] == "Task":
            ways = caught(state)
            assert made[ways["Exited"]]["Type"] == "Succeed"
            if state["Parameters"]["Payload"]["do"] != "park":
                parked = made[ways["States.ALL"]]
                assert parked["Parameters"]["Payload"]["do"] == "park"
                assert state["Catch"][-1] == {"ErrorEquals": ["States.ALL"], "Next": ways["States.ALL"], "ResultPath": "$.error"}
                assert parked["Next"] in (name, *targets(state)) or made[parked["Next"]]["Type"] == "Task"


def test_a_step_is_told_whose_journey_it_is_and_in_which_round() -> None:
    state = states([{"name": "Write", "type": "send", "template": "hello"}])["Write"]
    assert state["Parameters"] == {"FunctionName": STEP, "Payload": {
        "do": "send", "step": "Write", "journey.$": "$.journey", "version.$": "$.version", "entry.$": "$.entry",
        "profile.$": "$.profile", "round.$": "$.loop.n", "entered.$": "$$.State.EnteredTime"}}
    assert state["End"] is True


def test_whom_quiet_hours_hold_waits_for_the_morning_and_is_then_asked_again() -> None:
    made = states([{"name": "Write", "type": "send", "template": "hello"}])
    assert caught(made["Write"])["Held"] == "Write: quiet hours"
    assert made["Write: quiet hours"]["Next"] == "Write: morning"
    assert made["Write: morning"] == {"Type": "Wait", "TimestampPath": "$.took.until", "Next": "Write"}


HOLD = {"name": "Buys?", "type": "hold", "timeout": "2h", "until": [{"event": "Order Completed", "next": "end"}]}
WRITE = {"name": "Write", "type": "send", "template": "hello"}


def test_a_step_that_only_a_hold_leads_to_asks_itself_whether_the_hold_has_ended_meanwhile() -> None:
    made = states([HOLD, WRITE])
    assert caught(made["Buys?"])["States.Timeout"] == "Write"
    assert made["Write"]["Parameters"]["Payload"]["after"] == "Buys?"
    assert caught(made["Write"])["Resolved"] == "Buys?"
    assert made["Buys?"]["TimeoutSeconds"] == 7_200
    assert made["Buys?"]["Parameters"]["Payload"]["token.$"] == "$$.Task.Token"


@pytest.mark.parametrize("steps", [
    [HOLD, {"name": "Wait", "type": "wait", "for": "1h"}, WRITE],
    [HOLD | {"until": [{"event": "A", "next": "Write"}, {"event": "B", "next": "end"}]}, WRITE],
    [HOLD | {"reset_on": [{"event": "Product Added"}]}, WRITE],
    [WRITE | {"next": "Buys?"}, HOLD | {"next": "Write"}],
], ids=["a wait follows", "another way leads there", "its time begins anew", "it leads back"])
def test_otherwise_a_state_of_its_own_asks_once_more_before_the_time_is_over(steps: list[dict[str, Any]]) -> None:
    made = states(steps)
    late = made[caught(made["Buys?"])["States.Timeout"]]
    assert late["Parameters"]["Payload"]["do"] == "time_over"
    assert caught(late)["Resolved"] == "Buys?"
    rest = made[late["Next"]]
    assert rest["TimeoutSecondsPath"] == "$.took.seconds"
    assert late["ResultSelector"] == {"seconds.$": "$.Payload.seconds"}
    assert rest["Parameters"] == made["Buys?"]["Parameters"]
    assert caught(rest)["States.Timeout"] == caught(made["Buys?"])["States.Timeout"]
    assert not any("after" in json.dumps(state) for state in made.values())


def test_people_who_move_to_a_new_version_begin_where_they_are_and_no_step_trusts_a_hold_they_were_not_in() -> None:
    made = compile_journey(document([HOLD, WRITE], in_flight="move"), STEP)
    first = made["States"][made["StartAt"]]
    assert first["Default"] == "Buys?"
    assert first["Choices"] == [{"Variable": "$.begin", "IsPresent": False, "Next": "Buys?"},
                                {"Variable": "$.begin", "StringEquals": "Write", "Next": "Write"}]
    assert "after" not in made["States"]["Write"]["Parameters"]["Payload"]


def test_each_round_has_its_number_and_there_are_not_more_than_a_history_can_hold() -> None:
    steps = [{"name": "Wait", "type": "wait", "for": "1d"}, WRITE | {"next": "Wait"}]
    made = states(steps)
    assert made["Write"]["Next"] == "Wait: again"
    assert made["Wait: again"] == {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.loop.n, 1)"}, "ResultPath": "$.loop",
                                   "Next": "Wait"}
    assert made["Write"]["Parameters"]["Payload"]["limit"] == rounds(document(steps)) == 1_000
    assert rounds(document([WRITE])) == 0


def test_a_branch_is_one_call_and_one_choice_and_none_where_all_ways_are_one() -> None:
    branch = {"name": "Which?", "type": "branch", "cases": [{"name": "x", "when": WHEN, "next": "end"}]}
    made = states([branch, WRITE])
    assert made["Which?"]["ResultSelector"] == {"way.$": "$.Payload.way"}
    assert made["Which?: ways"] == {"Type": "Choice", "Default": "Write", "Choices": [
        {"Variable": "$.took.way", "StringEquals": "x", "Next": "Out"}]}
    same = states([branch | {"cases": [{"name": "x", "when": WHEN}]}, WRITE])
    assert same["Which?"]["Next"] == "Write"
    assert same["Which?"]["ResultPath"] is None


def test_an_end_that_no_step_has_noted_is_noted_by_a_state_of_its_own() -> None:
    made = states([{"name": "Wait", "type": "wait", "for": "1d"}])
    assert made["Wait"]["Next"] == "The end"
    assert made["The end"]["Parameters"]["Payload"]["do"] == "exit"
    named = states([HOLD | {"next": "Bye"}, {"name": "Bye", "type": "exit", "reason": "did not buy"}])
    assert named["Bye"]["Parameters"]["Payload"] | {"do": "exit", "step": "Bye", "after": "Buys?"} == named[
        "Bye"]["Parameters"]["Payload"]
    assert named["Buys?"]["End"] is True  # who buys is noted as out by the event itself


def test_a_webhook_that_fails_goes_its_way_and_one_that_is_down_is_given_a_night() -> None:
    made = states([{"name": "Tell", "type": "webhook", "url": "https://example.com/", "on_failure": "Write"},
                   {"name": "Bye", "type": "exit"}, WRITE])
    assert caught(made["Tell"])["WebhookFailed"] == caught(made["Tell"])["WebhookDown"] == "Write"
    first = made["Tell"]["Retry"][0]
    assert first["ErrorEquals"] == ["WebhookDown"]
    assert sum(min(first["IntervalSeconds"] * 2 ** tried, first["MaxDelaySeconds"])
               for tried in range(first["MaxAttempts"])) > 6 * 3_600


def test_names_that_a_step_has_taken_are_not_given_to_a_state_beside_it() -> None:
    made = states([{"name": "Wait", "type": "wait", "for": "1d", "next": "The end"}, {"name": "The end", "type": "send",
                   "template": "a", "next": "The end: on hold"}, {"name": "The end: on hold", "type": "wait", "for": "1h"}])
    assert made["The end"]["Parameters"]["Payload"]["do"] == "send"
    assert made["The end (2)"]["Parameters"]["Payload"]["do"] == "exit"
    assert made["The end: on hold"]["Type"] == "Wait"


def test_names_of_machines_are_as_long_as_aws_takes_and_different() -> None:
    assert machine_name("socle-dev-journey-", "cart", 3) == "socle-dev-journey-cart-v3"
    long = [machine_name("socle-prod-journey-", "a" * 62 + end, 99_999_999) for end in "bc"]
    assert {len(name) for name in long} == {80}
    assert len(set(long)) == 2
