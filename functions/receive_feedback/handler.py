"""Feedback queue -> what became of messages: bounces and complaints end mails to an address at once, all are events."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import SQSEvent
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.campaigns import guard
from socle.feedback.model import SEND, Arrived

from .collaborators import logger, make_taker, metrics

METRICS = {guard.DELIVERED: "MailsDelivered", guard.BOUNCED: "MailsBounced", guard.COMPLAINED: "MailsComplained",
           guard.FAILED: "MailsRejected"}
"""What is counted of a run → metric of all mails. Bounced: for good."""

taker = make_taker()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Take in a batch; what was not done comes again by itself, and what can't be read ends as a dead letter."""
    report = taker.take([Arrived(record.message_id, record.body, int(record.attributes.sent_timestamp or clock.now()))
                         for record in SQSEvent(event).records], clock.now())
    for id_ in report.unreadable:
        logger.error("feedback can't be read: it comes again until it is a dead letter", extra={"message_id": id_})
    for campaign, run, why in report.stopped:
        logger.error("a campaign is paused: too many " + why, extra={"campaign": campaign, "run": run})
    counts = {"FeedbackReceived": len(report.kinds), "MailsSent": report.kinds.count(SEND),
              "AddressesSuppressed": report.suppressed, "CampaignsPaused": len(report.stopped),
              "FeedbackUnreadable": len(report.unreadable), "FeedbackFailed": len(report.failed) - len(report.unreadable),
              **{name: report.metrics.count(metric) for metric, name in METRICS.items()}}
    for name, number in counts.items():
        if number or name == "FeedbackReceived":
            metrics.add_metric(name, MetricUnit.Count, number)
    return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in report.failed]}
