"""A Step Functions workflow with the house defaults, and who may run it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.function import Function, House
from infra.constructs.nag import acknowledge


def workflow(scope: Construct, *, house: House, definition: Path, functions: Mapping[str, Function], comment: str,
             untraced: str) -> sfn.StateMachine:
    """The state machine of a definition in which `${Name}` stands for each of `functions`, which it may call.

    untraced  why nobody needs traces of it
    """
    role = iam.Role(scope, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
    role.add_to_policy(iam.PolicyStatement(
        actions=["lambda:InvokeFunction"], resources=[function.function_arn for function in functions.values()]))
    machine = sfn.StateMachine(
        scope, "Machine", role=role, comment=comment, definition_body=sfn.DefinitionBody.from_string(definition.read_text()),
        definition_substitutions={name: function.function_arn for name, function in functions.items()},
        logs=sfn.LogOptions(
            destination=logs.LogGroup(scope, "Logs", retention=house.log_retention, removal_policy=cdk.RemovalPolicy.DESTROY),
            level=sfn.LogLevel.ALL, include_execution_data=False))
    acknowledge(machine, "SF2", untraced)
    acknowledge(role, "IAM5[Resource::*]", "Log delivery has no resources that it could be limited to.")
    return machine


def may_run(function: Function, machine: sfn.StateMachine, *actions: str) -> None:
    """Let a function start executions, and do this to any of them: ask for its state, if nothing else is said."""
    function.may(["states:StartExecution"], [machine.state_machine_arn])
    stack = cdk.Stack.of(function)
    function.may(list(actions) or ["states:DescribeExecution"], [stack.format_arn(
        service="states", resource="execution", arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        resource_name=f"{machine.state_machine_name}:*")])
    logical_id = stack.get_logical_id(cast(cdk.CfnElement, machine.node.default_child))
    acknowledge(cast(iam.IRole, function.role),
                "IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:"
                f"<{logical_id}.Name>:*]", "The names of executions are not known beforehand.")
