"""Journeys: the function that does their steps, the role that their state machines run as, and who makes and starts these.

A state machine is made when a journey is published, not by the stack: all that the stack knows of them is how their names begin.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.data import JOURNEYS_PREFIX, LAKE_PREFIX, Data
from infra.constructs.function import Function, House
from infra.constructs.ingest import Ingest
from infra.constructs.messages import Messages, acknowledge_role
from infra.constructs.schedules import Schedules
from socle.settings import BacktestSettings, EndBrokenSettings, JourneySettings, StartJourneysSettings


class Journeys(Construct):
    """`run_journey_step` does what a step says; `start_journeys_due` lets people enter by the clock; `end_broken_journey` ends
    the entries of executions that failed for good; `backtest_journey` walks history; `role` is what every
    journey's state machine runs as: it may call run_journey_step, and nothing else."""

    def __init__(self, scope: Construct, id_: str, *, house: House, data: Data, ingest: Ingest, messages: Messages,
                 schedules: Schedules, analytics: lambda_.ILayerVersion) -> None:
        super().__init__(scope, id_)
        self._data = data
        self.prefix = f"socle-{house.stage.name}-journey-"
        self.run_journey_step = Function(
            self, "RunJourneyStep", name="run_journey_step", house=messages.house, memory_mb=1_024,
            timeout=cdk.Duration.minutes(1), settings=JourneySettings(**messages.send_settings().model_dump()))
        messages.let_send(self.run_journey_step)
        self.role = self._role()
        self.start_journeys_due = Function(
            self, "StartJourneysDue", name="start_journeys_due", house=house, memory_mb=512, timeout=cdk.Duration.minutes(5),
            # One that failed is not repeated: the next one finds what is due.
            retry_attempts=0, max_event_age=cdk.Duration.minutes(5),
            settings=StartJourneysSettings(
                profiles_table=data.profiles.table_name, definitions_table=data.definitions.table_name,
                stream_name=ingest.stream.stream_name))
        self.end_broken_journey = Function(
            self, "EndBrokenJourney", name="end_broken_journey", house=house, memory_mb=512, timeout=cdk.Duration.minutes(1),
            settings=EndBrokenSettings(
                profiles_table=data.profiles.table_name, definitions_table=data.definitions.table_name,
                stream_name=ingest.stream.stream_name))
        self.backtest_journey = Function(
            self, "BacktestJourney", name="backtest_journey",
            house=House(house.stage, [*messages.house.layers, analytics]),
            # It ends before serve_admin gives up waiting, and that before API Gateway does.
            memory_mb=3_584, timeout=cdk.Duration.seconds(25), ephemeral_storage_size=cdk.Size.gibibytes(2),
            settings=BacktestSettings(definitions_table=data.definitions.table_name, bucket=data.bucket.bucket_name))
        self._grant(ingest)
        self._end_by_failures()
        schedules.every("Journeys", "rate(5 minutes)", self.start_journeys_due, data)

    def let_run(self, run_effects: Function) -> None:
        """Let effects start executions, answer those that hold, and stop them."""
        run_effects.may(["states:StartExecution", "states:SendTaskSuccess"], [self._machines(run_effects)])
        run_effects.may(["states:StopExecution"], [self._executions(run_effects)])
        # What happens to people in journeys, who is inside, counts, and the budget of starts.
        run_effects.may(["dynamodb:GetItem", "dynamodb:DeleteItem"], [self._data.profiles.table_arn])
        run_effects.may(["dynamodb:UpdateItem"], [self._data.definitions.table_arn])

    def open_to(self, serve_admin: Function, data: Data) -> None:
        """Let the admin API publish: make and remove state machines with this prefix that run as this role; wake the parked."""
        serve_admin.add_environment("SOCLE_JOURNEY_MACHINES", self.prefix)
        serve_admin.add_environment("SOCLE_JOURNEY_ROLE", self.role.role_arn)
        serve_admin.add_environment("SOCLE_JOURNEY_STEP", self.run_journey_step.function_arn)
        serve_admin.add_environment("SOCLE_BACKTEST_FUNCTION", self.backtest_journey.function_name)
        serve_admin.may(["lambda:InvokeFunction"], [self.backtest_journey.function_arn])
        machines = self._machines(serve_admin)
        serve_admin.may(["states:CreateStateMachine", "states:UpdateStateMachine", "states:DeleteStateMachine",
                         "states:SendTaskSuccess"], [machines])
        # The one role, to Step Functions only: whoever may pass another could do what that one may.
        serve_admin.may(["iam:PassRole"], [self.role.role_arn],
                        {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}})
        serve_admin.may(["s3:PutObject"], [serve_admin.objects(data.bucket, JOURNEYS_PREFIX)])

    def _role(self) -> iam.Role:
        stack = cdk.Stack.of(self)
        here = {"StringEquals": {"aws:SourceAccount": stack.account}}
        role = iam.Role(self, "Role", description=f"Runs the state machines of journeys ({self.prefix}*)",
                        assumed_by=iam.ServicePrincipal("states.amazonaws.com", conditions=here))
        role.add_to_policy(iam.PolicyStatement(
            actions=["lambda:InvokeFunction"], resources=[self.run_journey_step.function_arn]))
        return role

    def _grant(self, ingest: Ingest) -> None:
        data, step, due, backtest = self._data, self.run_journey_step, self.start_journeys_due, self.backtest_journey
        broken, bucket = self.end_broken_journey, data.bucket
        step.may(["s3:GetObject"], [step.objects(bucket, JOURNEYS_PREFIX)])
        # StartExecution: who is moved to a new version goes on in an execution of its state machine.
        step.may(["states:SendTaskSuccess", "states:StartExecution"], [self._machines(step)])
        step.may(["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"], [data.profiles.table_arn])
        step.lend_key(data.key, "s3")
        due.may(["dynamodb:Query", "dynamodb:BatchGetItem"], [data.profiles.table_arn])
        due.may(["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"], [data.definitions.table_arn])
        due.may(["kinesis:PutRecords"], [ingest.stream.stream_arn])
        due.lend_key(data.key, "dynamodb", writes=True)
        due.lend_key(data.key, "kinesis", writes=True)
        broken.may(["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem",
                    "dynamodb:DeleteItem"], [data.profiles.table_arn])
        broken.may(["dynamodb:UpdateItem"], [data.definitions.table_arn])
        broken.may(["kinesis:PutRecords"], [ingest.stream.stream_arn])
        broken.lend_key(data.key, "dynamodb", writes=True)
        broken.lend_key(data.key, "kinesis", writes=True)
        backtest.may(["dynamodb:Query"], [data.definitions.table_arn])
        backtest.may(["s3:GetObject"], [backtest.objects(bucket, LAKE_PREFIX)])
        backtest.lend_key(data.key, "dynamodb")
        backtest.lend_key(data.key, "s3")

    def _end_by_failures(self) -> None:
        """Step Functions announces every execution to EventBridge, free of charge. Those that were aborted are none of these:
        Socle stops everybody's who has left."""
        rule = events.CfnRule(
            self, "BrokenExecutions", description="Executions of journeys that failed for good end the entries of their people",
            event_pattern={"source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"],
                           "detail": {"status": ["FAILED", "TIMED_OUT"],
                                      "stateMachineArn": [{"prefix": self._arn("stateMachine", self.prefix)}]}},
            targets=[events.CfnRule.TargetProperty(id="end", arn=self.end_broken_journey.function_arn)])
        self.end_broken_journey.add_permission("EventBridge", principal=iam.ServicePrincipal("events.amazonaws.com"),
                                               source_arn=rule.attr_arn)

    def _machines(self, function: Function) -> str:
        """The ARNs of all journeys' state machines, which nobody knows before they are published."""
        return self._named(function, "stateMachine", f"{self.prefix}*")

    def _executions(self, function: Function) -> str:
        return self._named(function, "execution", f"{self.prefix}*:*")

    def _named(self, function: Function, resource: str, name: str) -> str:
        acknowledge_role(
            function, f"IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:{resource}:{name}]",
            "State machines of journeys are made when these are published: all that is known is how their names begin.")
        return self._arn(resource, name)

    def _arn(self, resource: str, name: str) -> str:
        return cdk.Stack.of(self).format_arn(
            service="states", resource=resource, arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME, resource_name=name)
