"""The events that SES publishes about a mail: pure. Source: SES developer guide, "Contents of event data that Amazon
SES publishes to Amazon SNS"; simulator addresses: "Using the Amazon SES mailbox simulator"."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from infra.local.cloud import ACCOUNT, REGION

SIMULATOR = "@simulator.amazonses.com"


class SentMail(NamedTuple):
    """What SES knows of a mail that it took; `sent` in epoch ms."""

    message_id: str
    source: str
    destinations: list[str]
    subject: str
    headers: dict[str, str]
    tags: dict[str, str]
    configuration_set: str
    sent: int


def events_of(mail: SentMail) -> list[dict[str, Any]]:
    """Send, then what became of it: a bounce, a delivery, or a delivery and a complaint for the simulator's addresses."""
    moment = _iso(mail.sent)
    events = [_event("Send", mail, {})]
    bounced = [address for address in mail.destinations if _simulates(address, "bounce")]
    complained = [address for address in mail.destinations if _simulates(address, "complaint")]
    delivered = [address for address in mail.destinations if address not in bounced]
    if bounced:
        events.append(_event("Bounce", mail, {
            "bounceType": "Permanent", "bounceSubType": "General", "feedbackId": f"{mail.message_id}-b",
            "bouncedRecipients": [{
                "emailAddress": address, "action": "failed", "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown"} for address in bounced],
            "timestamp": moment, "reportingMTA": "dsn; localhost"}))
    if delivered:
        events.append(_event("Delivery", mail, {
            "timestamp": moment, "processingTimeMillis": 1, "recipients": delivered,
            "smtpResponse": "250 2.6.0 Message received", "reportingMTA": "localhost"}))
    if complained:
        events.append(_event("Complaint", mail, {
            "complainedRecipients": [{"emailAddress": address} for address in complained], "timestamp": moment,
            "feedbackId": f"{mail.message_id}-c", "complaintSubType": None,
            "userAgent": "Amazon SES Mailbox Simulator", "complaintFeedbackType": "abuse", "arrivalDate": moment}))
    return events


def _simulates(address: str, outcome: str) -> bool:
    """Labels are allowed: bounce+anything@simulator.amazonses.com."""
    local, _, domain = address.lower().rpartition("@")
    return f"@{domain}" == SIMULATOR and local.partition("+")[0] == outcome


def _event(kind: str, mail: SentMail, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "eventType": kind,
        "mail": {
            "timestamp": _iso(mail.sent), "source": mail.source, "sendingAccountId": ACCOUNT,
            "sourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{mail.source}", "messageId": mail.message_id,
            "destination": mail.destinations, "headersTruncated": False,
            "headers": [{"name": name, "value": value} for name, value in mail.headers.items()],
            "commonHeaders": {"from": [mail.source], "to": mail.destinations, "messageId": mail.message_id,
                              "subject": mail.subject},
            "tags": {"ses:configuration-set": [mail.configuration_set],
                     **{name: [value] for name, value in mail.tags.items()}}},
        kind.lower(): detail,
    }


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
