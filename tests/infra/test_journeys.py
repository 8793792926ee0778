"""What the stack promises of journeys: who publishes makes machines of journeys and no others, which may call one function."""

from __future__ import annotations

import json
from typing import Any

from infra.grants import grants

MACHINES = ":stateMachine:socle-dev-journey-*"
STEP = "run_journey_step"


def role_of(template: Any) -> tuple[str, dict[str, Any]]:
    (found,) = ((id_, role) for id_, role in template.of_type("AWS::IAM::Role").items() if id_.startswith("JourneysRole"))
    return found


def tail(resource: Any) -> str:
    """The end of an ARN."""
    return str(resource["Fn::Join"][1][-1]) if "Fn::Join" in resource else json.dumps(resource)


def granted(template: Any, action: str) -> dict[str, list[Any]]:
    """function → the resources on which it may do this."""
    found: dict[str, list[Any]] = {}
    for grant in grants(template.json):
        if action in grant.actions:
            found.setdefault(grant.function, []).extend(grant.resources)
    return found


def test_the_machines_of_journeys_may_call_one_function_and_nothing_else(dev: Any) -> None:
    id_, role = role_of(dev)
    [policy] = [policy for policy in dev.of_type("AWS::IAM::Policy").values() if {"Ref": id_} in policy["Roles"]]
    [statement] = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "lambda:InvokeFunction"
    called = dev.resources[dev.name_of(statement["Resource"])]["Properties"]
    assert called["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == STEP
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "states.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_only_the_admin_api_makes_them_and_passes_that_one_role_to_step_functions(dev: Any) -> None:
    id_, _ = role_of(dev)
    for action in ("states:CreateStateMachine", "states:UpdateStateMachine", "states:DeleteStateMachine"):
        made = granted(dev, action)
        assert {function: [tail(one) for one in resources] for function, resources in made.items()} == {"serve_admin": [MACHINES]}
    [passing] = [grant for grant in grants(dev.json) if "iam:PassRole" in grant.actions]
    assert passing.function == "serve_admin"
    assert [dev.name_of(resource) for resource in passing.resources] == [id_]
    assert passing.conditions == {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}}
    assert dev.function("serve_admin")["Environment"]["Variables"]["SOCLE_JOURNEY_MACHINES"] == "socle-dev-journey-"


def test_effects_start_answer_and_stop_what_belongs_to_journeys_only(dev: Any) -> None:
    assert [tail(one) for one in granted(dev, "states:StartExecution")["run_effects"]] == [MACHINES]
    assert [tail(one) for one in granted(dev, "states:StopExecution")["run_effects"]] == [":execution:socle-dev-journey-*:*"]
    answering = granted(dev, "states:SendTaskSuccess")
    assert set(answering) == {"run_effects", STEP, "serve_admin"}
    assert {tail(one) for resources in answering.values() for one in resources} == {MACHINES}


def test_stages_do_not_reach_each_others_journeys(dev: Any, prod: Any) -> None:
    assert "socle-dev-" not in json.dumps(prod.json)
    made = granted(prod, "states:CreateStateMachine")["serve_admin"]
    assert [tail(one) for one in made] == [":stateMachine:socle-prod-journey-*"]


def test_a_step_has_ended_before_step_functions_makes_the_call_again(template: Any) -> None:
    from socle.journeys.compile.states import TASK_SECONDS
    assert template.function(STEP)["Timeout"] * 2 <= TASK_SECONDS


def test_an_execution_that_fails_for_good_is_told_and_one_that_was_stopped_is_not(dev: Any, prod: Any) -> None:
    for template, stage in ((dev, "dev"), (prod, "prod")):
        [(id_, rule)] = [one for one in template.of_type("AWS::Events::Rule").items() if "BrokenExecutions" in one[0]]
        pattern = rule["EventPattern"]
        assert (pattern["source"], pattern["detail-type"]) == (["aws.states"], ["Step Functions Execution Status Change"])
        assert pattern["detail"]["status"] == ["FAILED", "TIMED_OUT"]
        [machines] = pattern["detail"]["stateMachineArn"]
        assert tail(machines["prefix"]) == f":stateMachine:socle-{stage}-journey-"
        [target] = rule["Targets"]
        called = template.name_of(target["Arn"])
        assert template.resources[called]["Properties"]["Handler"] == "end_broken_journey.handler.handler"
        [permission] = [one for one in template.of_type("AWS::Lambda::Permission").values()
                        if template.name_of(one["FunctionName"]) == called]
        assert (permission["Principal"], template.name_of(permission["SourceArn"])) == ("events.amazonaws.com", id_)
