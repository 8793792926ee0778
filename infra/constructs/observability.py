"""Who is told when, and one dashboard: alarms to an e-mail address through SNS."""

from __future__ import annotations

from typing import NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.constructs.admin import Admin
from infra.constructs.campaigns import Campaigns
from infra.constructs.data import Data
from infra.constructs.duplicates import Duplicates
from infra.constructs.exports import Exports
from infra.constructs.function import Function
from infra.constructs.imports import Imports
from infra.constructs.ingest import Api, Ingest
from infra.constructs.journeys import Journeys
from infra.constructs.lake import Lake
from infra.constructs.messages import Messages
from infra.constructs.public import Public
from infra.constructs.quality import Quality
from infra.constructs.replay import Replay
from infra.constructs.rfm import Rfm
from infra.constructs.schedules import Schedules
from infra.constructs.segments import Segments
from infra.constructs.segments_api import SegmentsApi
from infra.settings import StageSettings

NAMESPACE = "Socle"
FIVE_MINUTES = cdk.Duration.minutes(5)
WIDTH = 12


class Watched(NamedTuple):
    """An own metric with an alarm: `service` is the function that emits it, `threshold` a sum over 5 minutes."""

    metric: str
    service: str
    threshold: int
    meaning: str


WATCHED = (
    Watched("EventsQuarantined", "collect_events", 100,
            "Clients send events that are refused: GET /api/quarantine says which."),
    Watched("EventsQuarantined", "apply_events", 1,
            "An accepted event could not be applied: a bug, and GET /api/quarantine has the event."),
    Watched("BatchesFailed", "apply_events", 1,
            "apply_events gave part of a batch back: a dependency is down or there is a bug."),
    Watched("EffectsFailed", "run_effects", 10,
            "Effects fail and are tried again; after five times they are dead letters."),
    Watched("CampaignsPaused", "receive_feedback", 1,
            "A campaign paused itself, for mails bounced or were marked as spam: GET /api/campaigns/{name}/runs says which."),
    Watched("CampaignFailed", "run_campaign", 10,
            "Messages of a campaign could not be sent: its run's people say why, and POST …/resend tries those again."),
    Watched("JourneysParked", "run_journey_step", 1,
            "People wait at a step that failed: GET /api/journeys/{name}/parked says why; when that is mended, POST …/redrive."),
    Watched("JourneysBroken", "end_broken_journey", 1,
            "An execution of a journey failed for good, and who was in it is out: the function's log names it, its history why."),
    Watched("SegmentDrift", "recompute_segments", 1,
            "Somebody is in a segment live who is not in it by the lake, or the other way: reports/segments.json names some."),
)
"""Every own metric that an alarm waits for. One that no code emits would be an alarm that never rings."""

ALARMED_METRICS = tuple(sorted({watched.metric for watched in WATCHED}))


class Observability(Construct):
    """`topic`, which every alarm notifies when it rings and when it is over, and `dashboard`."""

    def __init__(self, scope: Construct, id_: str, *, stage: StageSettings, data: Data, api: Api, ingest: Ingest,
                 admin: Admin, schedules: Schedules, replay: Replay, quality: Quality,
                 imports: Imports, duplicates: Duplicates, exports: Exports, lake: Lake, rfm: Rfm,
                 segments: Segments, segments_api: SegmentsApi, messages: Messages, public: Public,
                 campaigns: Campaigns, journeys: Journeys) -> None:
        super().__init__(scope, id_)
        self.topic = sns.Topic(self, "Alarms", display_name=f"Socle {stage.name}", master_key=data.key,
                               enforce_ssl=True)
        # A topic policy of ours (TLS only) replaces the one that lets the account's alarms publish; and to an encrypted
        # topic CloudWatch publishes only if the key's own policy lets it.
        cloudwatch_here = {"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}}
        self.topic.add_to_resource_policy(iam.PolicyStatement(
            sid="AlarmsThroughCloudWatch", principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"], resources=[self.topic.topic_arn], conditions=cloudwatch_here))
        data.key.add_to_resource_policy(iam.PolicyStatement(
            sid="AlarmsThroughCloudWatch", principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=["*"],  # in a key's policy: this key
            conditions=cloudwatch_here))
        if stage.alarm_address is not None:
            self.topic.add_subscription(subscriptions.EmailSubscription(stage.alarm_address))
        functions = (ingest.collect_events, ingest.apply_events, ingest.run_effects, schedules.sweep_due,
                     exports.export_segments_due,
                     admin.serve_admin, quality.update_catalogue, imports.start_import, imports.collect_hooks,
                     segments_api.preview_segment, messages.send_message, messages.receive_feedback, public.serve_public,
                     campaigns.start_campaigns_due, campaigns.report_campaign, journeys.start_journeys_due,
                     journeys.end_broken_journey, journeys.backtest_journey)
        self._watch_functions(functions)
        # What it raises are ways of a journey; for a failure that is none somebody is parked (WATCHED).
        self._watch_throttles(journeys.run_journey_step)
        self._watch_stream(stage, ingest)
        self._watch_mail(messages)
        for watched in WATCHED:
            self._alarm(f"{watched.service}{watched.metric}", _own(watched.metric, watched.service), watched.threshold,
                        watched.meaning)
        for name, queue in (("Effects", ingest.effects_dead_letters), ("Schedules", schedules.dead_letters),
                            ("Feedback", messages.feedback_dead_letters)):
            self._alarm(f"{name}DeadLetters", queue.metric_approximate_number_of_messages_visible(
                statistic="Maximum", period=FIVE_MINUTES), 1,
                "Something was given up after its retries: read the queue, repair the cause, redrive.")
        self._alarm("ReplayFailed", replay.machine.metric_failed(statistic="Sum", period=FIVE_MINUTES), 1,
                    "A replay did not rebuild every profile: its execution says what is missing.")
        self._alarm("QualityFailed", quality.machine.metric_failed(statistic="Sum", period=FIVE_MINUTES), 1,
                    "A survey or a clean-up broke off: its execution says where; start it anew.")
        self._alarm("ImportFailed", imports.machine.metric_failed(statistic="Sum", period=FIVE_MINUTES), 1,
                    "A file was not imported: GET /api/imports says which and why; start it again when that is mended.")
        self._alarm("DuplicatesFailed", duplicates.machine.metric_failed(statistic="Sum", period=FIVE_MINUTES), 1,
                    "A search for near-duplicates broke off: its execution says where; the next one starts anew.")
        self._alarm("ExportFailed", exports.machine.metric_failed(statistic="Sum", period=FIVE_MINUTES), 1,
                    "An export failed: GET /api/exports/{name}/runs says why; run it again when that is mended.")
        self._alarm("CompactionFailed", lake.machine.metric_failed(statistic="Sum", period=FIVE_MINUTES), 1,
                    "The lake was not compacted: its execution says where it broke off; the next one takes in all that is left.")
        self._alarm("SegmentsFailed", segments.machine.metric_failed(statistic="Sum", period=FIVE_MINUTES), 1,
                    "A recompute of segments broke off: its execution says where; the next one starts anew.")
        self._alarm("RfmFailed", rfm.machine.metric_failed(statistic="Sum", period=FIVE_MINUTES), 1,
                    "Customers were not scored, or not all of them told: its execution says why; the next run makes up for it.")
        self._alarm("CampaignFailed", campaigns.machine.metric_failed(statistic="Sum", period=FIVE_MINUTES), 1,
                    "A campaign broke off: GET /api/campaigns/{name}/runs says why; resume it when that is mended.")
        self._alarm("ApiServerErrors", api.api.metric_server_error(statistic="Sum", period=FIVE_MINUTES), 10,
                    "The API answers 5xx: clients keep their events and retry, but not for ever.")
        self.dashboard = self._dashboard(stage, api, ingest, messages, functions)

    def _watch_functions(self, functions: tuple[Function, ...]) -> None:
        for function in functions:
            self._alarm(f"{function.name}Errors", function.metric_errors(period=FIVE_MINUTES), 3,
                        f"{function.name} raises: its log group says what.")
            self._watch_throttles(function)

    def _watch_throttles(self, function: Function) -> None:
        self._alarm(f"{function.name}Throttles", function.metric_throttles(period=FIVE_MINUTES), 1,
                    f"{function.name} lacks concurrency: raise the account's limit or find who takes it.")

    def _watch_stream(self, stage: StageSettings, ingest: Ingest) -> None:
        age = ingest.apply_events.metric("IteratorAge", statistic="Maximum", period=FIVE_MINUTES)
        self._alarm("IteratorAge", age, 5 * 60_000, "Profiles are more than five minutes behind the events.")
        self._alarm("IteratorAgeNearsTheEnd", age, stage.record_age_hours * 3_600_000 // 2,
                    "Half the time is gone after which apply_events gives records up to S3.")
        self._alarm("StreamThrottled", ingest.stream.metric(
            "WriteProvisionedThroughputExceeded", statistic="Sum", period=FIVE_MINUTES), 100,
            "The stream takes less than is sent: clients are told to retry while it grows.")
        self._alarm("EventsNotApplied", cloudwatch.MathExpression(
            expression="IF(FILL(sent, 0) > 0 AND FILL(batches, 0) == 0, 1, 0)", period=cdk.Duration.minutes(15),
            using_metrics={"sent": ingest.stream.metric("IncomingRecords", statistic="Sum"),
                           "batches": ingest.apply_events.metric_invocations()}), 1,
            "Events arrive and apply_events is not called: its mapping is off, or lacks a permission.")
        self._alarm("EffectsWait", ingest.effects.metric_approximate_age_of_oldest_message(
            statistic="Maximum", period=FIVE_MINUTES), 3_600,
            "Effects have waited for an hour: a receiver is down or slow, and holds up the others.")
        for name, meaning in (
            ("OnFailureDestinationDeliveredEventCount", "Records were given up and lie in S3: replay them."),
            ("DroppedEventCount", "Records were lost: they expired, or S3 refused them."),
        ):
            self._alarm(name, cloudwatch.Metric(
                namespace="AWS/Lambda", metric_name=name, statistic="Sum", period=FIVE_MINUTES,
                dimensions_map={"EventSourceMappingUUID": ingest.apply_mapping_id}), 1, meaning)

    def _watch_mail(self, messages: Messages) -> None:
        """Before AWS acts: it reviews an account at 5 % and 0.1 %, and stops it at twice that."""
        for name, rate, meaning in (
            ("BounceRate", 0.03, "More than 3 % of mails bounce, and AWS reviews at 5 %: stop what goes to old addresses."),
            ("ComplaintRate", 0.0005, "More than 0.05 % are marked as spam, and AWS reviews at 0.1 %: see which campaign's."),
        ):
            self._alarm(name, cloudwatch.Metric(namespace="AWS/SES", metric_name=f"Reputation.{name}", statistic="Maximum",
                                                period=cdk.Duration.hours(1)), rate, meaning)
        self._alarm("FeedbackWaits", messages.feedback.metric_approximate_age_of_oldest_message(
            statistic="Maximum", period=FIVE_MINUTES), 900,
            "What became of messages has waited for 15 minutes: bounces and complaints do not suppress anybody meanwhile.")

    def _alarm(self, id_: str, metric: cloudwatch.IMetric, threshold: float, meaning: str) -> None:
        alarm = cloudwatch.Alarm(
            self, id_, metric=metric, threshold=threshold, evaluation_periods=1, alarm_description=meaning,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING)
        notify = actions.SnsAction(self.topic)
        alarm.add_alarm_action(notify)
        alarm.add_ok_action(notify)

    def _dashboard(self, stage: StageSettings, api: Api, ingest: Ingest, messages: Messages,
                   functions: tuple[Function, ...]) -> cloudwatch.Dashboard:
        dashboard = cloudwatch.Dashboard(self, "Dashboard", default_interval=cdk.Duration.hours(3))
        graph = cloudwatch.GraphWidget
        dashboard.add_widgets(
            graph(title="Events: collected, applied, duplicate, quarantined", width=WIDTH, left=[
                _own("EventsCollected", "collect_events"), _own("EventsApplied", "apply_events"),
                _own("EventsDuplicate", "apply_events"), _own("EventsQuarantined", "collect_events"),
                _own("EventsQuarantined", "apply_events")]),
            graph(title="How far profiles are behind (ms)", width=WIDTH, left=[
                ingest.apply_events.metric("IteratorAge", statistic="Maximum")]))
        dashboard.add_widgets(
            graph(title="API: requests, refused, failed", width=WIDTH, left=[
                api.api.metric_count(), api.api.metric_client_error(), api.api.metric_server_error()]),
            graph(title="API: latency p50, p99 (ms)", width=WIDTH, left=[
                api.api.metric_latency(statistic="p50"), api.api.metric_latency(statistic="p99")]))
        dashboard.add_widgets(
            graph(title="Mail: bounce and complaint rates of the account", width=WIDTH, left=[
                _of_ses("Reputation.BounceRate", "Average"), _of_ses("Reputation.ComplaintRate", "Average")]),
            graph(title="Mail: sent, delivered, bounced, complained", width=WIDTH, left=[
                _of_ses(name) for name in ("Send", "Delivery", "Bounce", "Complaint")],
                right=[messages.feedback.metric_approximate_number_of_messages_visible(label="feedback waiting")]))
        dashboard.add_widgets(
            graph(title="Effects: run, failed, waiting, ticks sent", width=WIDTH, left=[
                _own("EffectsRun", "run_effects"), _own("EffectsFailed", "run_effects"),
                _own("TicksSent", "sweep_due")],
                right=[ingest.effects.metric_approximate_number_of_messages_visible()]),
            graph(title="Functions: errors, throttles", width=WIDTH,
                  left=[function.metric_errors(label=f"{function.name} errors") for function in functions],
                  right=[function.metric_throttles(label=f"{function.name} throttles") for function in functions]))
        return dashboard


def _of_ses(metric: str, statistic: str = "Sum") -> cloudwatch.Metric:
    return cloudwatch.Metric(namespace="AWS/SES", metric_name=metric, statistic=statistic, period=FIVE_MINUTES)


def _own(metric: str, service: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(namespace=NAMESPACE, metric_name=metric, dimensions_map={"service": service},
                             statistic="Sum", period=FIVE_MINUTES)
