"""What happens by the clock: sweep_due looks every minute for people whose time has come; others hang themselves on."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.data import DUE_INDEX, Data
from infra.constructs.function import Function, House
from infra.constructs.ingest import Ingest
from infra.constructs.nag import acknowledge
from socle.settings import SweepSettings


class Schedules(Construct):
    """`sweep_due`, and `dead_letters`: the calls that EventBridge Scheduler could not deliver."""

    def __init__(self, scope: Construct, id_: str, *, house: House, data: Data, ingest: Ingest) -> None:
        super().__init__(scope, id_)
        self.dead_letters = sqs.Queue(
            self, "DeadLetters", encryption=sqs.QueueEncryption.KMS, encryption_master_key=data.key, enforce_ssl=True,
            retention_period=cdk.Duration.days(14))
        acknowledge(self.dead_letters, "SQS3", "It is the dead-letter queue of EventBridge Scheduler.")
        self.sweep_due = Function(
            self, "SweepDue", name="sweep_due", house=house, memory_mb=256, timeout=cdk.Duration.seconds(50),
            # A sweep that failed is not repeated: the next one, a minute later, finds the same people.
            retry_attempts=0, max_event_age=cdk.Duration.minutes(1),
            settings=SweepSettings(profiles_table=data.profiles.table_name, stream_name=ingest.stream.stream_name))
        self.sweep_due.may(["dynamodb:Query"], [f"{data.profiles.table_arn}/index/{DUE_INDEX}"])
        self.sweep_due.may(["kinesis:PutRecords"], [ingest.stream.stream_arn])
        self.sweep_due.lend_key(data.key, "dynamodb")
        self.sweep_due.lend_key(data.key, "kinesis", writes=True)
        self.every("Sweep", "rate(1 minute)", self.sweep_due, data)

    def every(self, id_: str, expression: str, function: Function, data: Data) -> None:
        """Call a function by the clock."""
        self._schedule(id_, expression, function.function_arn, "lambda:InvokeFunction", data)

    def start(self, id_: str, expression: str, machine: sfn.StateMachine, data: Data) -> None:
        """Start a workflow by the clock."""
        self._schedule(id_, expression, machine.state_machine_arn, "states:StartExecution", data)

    def _schedule(self, id_: str, expression: str, target: str, action: str, data: Data) -> None:
        stack = cdk.Stack.of(self)
        role = iam.Role(self, f"{id_}Role", assumed_by=iam.ServicePrincipal(
            "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}))
        role.add_to_policy(iam.PolicyStatement(actions=[action], resources=[target]))
        role.add_to_policy(iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[self.dead_letters.queue_arn]))
        role.add_to_policy(iam.PolicyStatement(
            actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[data.key.key_arn],
            conditions={"StringEquals": {"kms:ViaService": f"sqs.{stack.region}.amazonaws.com"}}))
        schedule = scheduler.CfnSchedule(
            self, id_, schedule_expression=expression,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=target, role_arn=role.role_arn, input="{}",
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=60, maximum_retry_attempts=2),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=self.dead_letters.queue_arn)))
        schedule.node.add_dependency(role)
