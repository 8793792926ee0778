"""Campaigns: a workflow that freezes an audience and sends to it chunk by chunk, what starts it by the clock, and reports."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.data import CAMPAIGNS_PREFIX, LAKE_PREFIX, Data
from infra.constructs.function import Function, House
from infra.constructs.layers import ROOT
from infra.constructs.messages import Messages, acknowledge_role
from infra.constructs.schedules import Schedules
from infra.constructs.workflow import may_run, workflow
from socle.settings import CampaignSettings, ReportSettings, StartCampaignsSettings

DEFINITION = ROOT / "infra/workflows/campaign.asl.json"
_COMMANDS = ("states:DescribeExecution", "states:StopExecution")


class Campaigns(Construct):
    """`machine` runs `run_campaign` for the steps of a run and `send_campaign` for each chunk; `start_campaigns_due` starts it
    for campaigns with a schedule; `report_campaign` answers serve_admin from the lake."""

    def __init__(self, scope: Construct, id_: str, *, house: House, data: Data, messages: Messages, schedules: Schedules,
                 analytics: lambda_.ILayerVersion) -> None:
        super().__init__(scope, id_)
        self._data, minutes = data, cdk.Duration.minutes(15)
        bucket, table = data.bucket.bucket_name, data.definitions.table_name
        self.run_campaign = Function(
            self, "RunCampaign", name="run_campaign", house=house, memory_mb=1_769, timeout=minutes,
            settings=CampaignSettings(profiles_table=data.profiles.table_name, definitions_table=table, bucket=bucket))
        # One whole core: a mail is made, signed and handed over while the next ones wait for SES.
        self.send_campaign = Function(
            self, "SendCampaign", name="send_campaign", house=messages.house, memory_mb=1_769, timeout=minutes,
            settings=messages.send_settings())
        messages.let_send(self.send_campaign)
        self.machine = workflow(
            self, house=house, definition=DEFINITION,
            functions={"RunCampaign": self.run_campaign, "SendCampaign": self.send_campaign},
            comment="Sends a campaign to its audience",
            untraced="Executions show every step, and outcomes are kept for each person; traces would be paid per task.")
        self.start_campaigns_due = Function(
            self, "StartCampaignsDue", name="start_campaigns_due", house=house, memory_mb=512, timeout=cdk.Duration.minutes(2),
            # One that failed is not repeated: the next one finds what is due.
            retry_attempts=0, max_event_age=cdk.Duration.minutes(5),
            settings=StartCampaignsSettings(
                definitions_table=table, bucket=bucket, campaign_machine=self.machine.state_machine_arn))
        self.report_campaign = Function(
            self, "ReportCampaign", name="report_campaign", house=House(house.stage, [*house.layers, analytics]),
            # It ends before serve_admin gives up waiting, and that before API Gateway does.
            memory_mb=3_584, timeout=cdk.Duration.seconds(25), ephemeral_storage_size=cdk.Size.gibibytes(2),
            settings=ReportSettings(bucket=bucket))
        self._grant()
        schedules.every("Campaigns", "rate(5 minutes)", self.start_campaigns_due, data)

    def open_to(self, serve_admin: Function, data: Data) -> None:
        """Let the admin API start and stop runs, read what became of people, and ask for reports."""
        serve_admin.add_environment("SOCLE_CAMPAIGN_MACHINE", self.machine.state_machine_arn)
        serve_admin.add_environment("SOCLE_REPORT_FUNCTION", self.report_campaign.function_name)
        serve_admin.may(["lambda:InvokeFunction"], [self.report_campaign.function_arn])
        serve_admin.may(["s3:GetObject"], [serve_admin.objects(data.bucket, CAMPAIGNS_PREFIX)])
        may_run(serve_admin, self.machine, *_COMMANDS)
        # S3 says 404 of a missing object only to those who may list.
        serve_admin.may(["s3:ListBucket"], [data.bucket.bucket_arn], {
            "StringLikeIfExists": {"s3:prefix": [f"{CAMPAIGNS_PREFIX}*"]}})

    def _grant(self) -> None:
        data, run, send, due, report = (
            self._data, self.run_campaign, self.send_campaign, self.start_campaigns_due, self.report_campaign)
        bucket = data.bucket
        run.may(["dynamodb:Query", "dynamodb:BatchGetItem"], [data.profiles.table_arn])
        for function in (run, due):
            function.may(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:DeleteItem"],
                         [data.definitions.table_arn])
        run.may(["s3:GetObject", "s3:PutObject"], [run.objects(bucket, CAMPAIGNS_PREFIX)])
        send.may(["s3:GetObject", "s3:PutObject"], [send.objects(bucket, CAMPAIGNS_PREFIX)])
        send.lend_key(data.key, "s3", writes=True)
        may_run(due, self.machine, *_COMMANDS)
        # What SES lets be sent is how long sending takes.
        report.may(["ses:GetAccount"], ["*"])
        acknowledge_role(report, "IAM5[Resource::*]", "ses:GetAccount, which tells the sending rate, knows no resources.")
        report.may(["s3:GetObject"], [report.objects(bucket, prefix) for prefix in (LAKE_PREFIX, CAMPAIGNS_PREFIX)])
        run.may(["s3:ListBucket"], [bucket.bucket_arn], {"StringLikeIfExists": {"s3:prefix": [f"{CAMPAIGNS_PREFIX}*"]}})
        report.may(["s3:ListBucket"], [bucket.bucket_arn], {
            "StringLikeIfExists": {"s3:prefix": [f"{CAMPAIGNS_PREFIX}*", f"{LAKE_PREFIX}*"]}})
        for function in (run, due):
            function.lend_key(data.key, "dynamodb", writes=True)
        run.lend_key(data.key, "s3", writes=True)
        for function in (due, report):
            function.lend_key(data.key, "s3")
