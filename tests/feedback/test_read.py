"""The texts that SES and SNS send: the published examples of SES, and what else comes through the topic."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from socle.errors import Rejected
from socle.feedback.model import KINDS, Feedback, Inbound
from socle.feedback.read import read
from socle.iso import from_iso, to_iso
from tests.feedback.world import bounce, event, worlds

EXAMPLES = Path(__file__).resolve().parents[3] / "shared/data/ses_events"
"""Of the Amazon SES developer guide (awsdocs/amazon-ses-developer-guide); not part of this repository."""
QUEUED = 1_790_000_000_000
AT = from_iso("2017-08-05T00:41:02.669Z")
SAID = {
    "event_01_Bounce": ("bounce", AT, "Permanent/General", "5.1.1"),
    "event_02_Complaint": ("complaint", AT, "abuse", ""),
    "event_03_Delivery": ("delivery", from_iso("2016-10-19T23:21:04.133Z"), "", ""),
    "event_04_Send": ("send", None, "", ""),
    "event_05_Reject": ("reject", None, "Bad content", ""),
    "event_06_Open": ("open", from_iso("2017-08-09T22:00:19.652Z"), "", ""),
    "event_07_Click": ("click", from_iso("2017-08-09T23:51:25.570Z"), "", ""),
    "event_08_RenderingFailure": ("renderingfailure", from_iso("2018-01-22T18:43:06.197Z"),
                                  "Attribute 'attributeName' is not present in the rendering data.", ""),
    "event_09_DeliveryDelay": ("deliverydelay", from_iso("2020-06-16T00:25:40.095Z"), "TransientCommunicationFailure", "4.4.1"),
    "event_10_Subscription": ("subscription", from_iso("2022-01-12T01:00:17.910Z"), "", ""),
    "notification_01_Bounce": ("bounce", from_iso("2016-01-27T14:59:38.237Z"), "Permanent/General", "5.1.1"),
    "notification_02_Bounce": ("bounce", from_iso("2016-01-27T14:59:38.237Z"), "Permanent/General", ""),
    "notification_03_Complaint": ("complaint", from_iso("2016-01-27T14:59:38.237Z"), "abuse", ""),
    "notification_04_Complaint": ("complaint", from_iso("2016-01-27T14:59:38.237Z"), "", ""),
    "notification_05_Delivery": ("delivery", from_iso("2016-01-27T14:59:38.237Z"), "", ""),
}
published = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the published examples are not here")


def example(name: str) -> str:
    return (EXAMPLES / f"{name}.json").read_text()


@published
def test_all_published_examples_are_looked_at():
    assert {path.stem for path in EXAMPLES.glob("*.json")} == set(SAID)
    assert {kind for kind, *_ in SAID.values()} == set(KINDS)


@published
@pytest.mark.parametrize("name", SAID)
def test_the_published_examples_are_understood(name):
    found = read(example(name), QUEUED)
    kind, at, reason, status = SAID[name]
    assert isinstance(found, Feedback)
    assert (found.kind, found.reason, found.status, found.tag) == (kind, reason, status, "")
    assert found.at == (at if at is not None else from_iso(json.loads(example(name))["mail"]["timestamp"]))
    if name.startswith("event") and name != "event_05_Reject":  # which names its sender
        assert found.addresses == ("recipient@example.com",)


@published
def test_of_the_published_notifications_only_those_who_bounced_or_complained_are_meant():
    assert [read(example(f"notification_{name}"), QUEUED).addresses for name in (
        "01_Bounce", "02_Bounce", "03_Complaint", "05_Delivery")] == [
        ("jane@example.com",), ("jane@example.com", "richard@example.com"), ("richard@example.com",), ("jane@example.com",)]


@published
def test_the_published_examples_are_taken_in_and_suppress_whom_they_name():
    with worlds() as world:
        report = world.take(*[example(name) for name in SAID])
        assert report.failed == []
        assert sorted(report.kinds) == sorted(kind for kind, *_ in SAID.values())
        assert world.listed() == ["jane@example.com", "recipient@example.com", "richard@example.com"]
        assert world.stream.events == []


def test_our_tag_is_read():
    assert read(event("Send"), QUEUED).tag.startswith("mfrggzdfmztwq2lknnw-")
    assert read(event("Send", message=None), QUEUED).tag == ""


def test_with_or_without_the_envelope_of_sns_a_report_says_the_same():
    body = bounce()
    wrapped = json.dumps({"Type": "Notification", "MessageId": "i", "TopicArn": "arn", "Timestamp": to_iso(5), "Message": body})
    assert read(wrapped, QUEUED) == read(body, QUEUED)


def test_an_sms_has_the_time_of_its_queueing():
    body = json.dumps({"originationNumber": "+33612345678", "messageBody": "STOP"})
    assert read(body, QUEUED) == Inbound("+33612345678", "STOP", QUEUED)
    wrapped = json.dumps({"Type": "Notification", "Timestamp": to_iso(7_000), "Message": body})
    assert read(wrapped, QUEUED) == Inbound("+33612345678", "STOP", 7_000)


@pytest.mark.parametrize("body", [
    "Successfully validated SNS topic for Amazon SES event publishing.",
    json.dumps({"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have successfully subscribed"}),
    json.dumps({"Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": "https://sns.example"}),
    json.dumps({"eventType": "Something New", "mail": {}})])
def test_what_says_nothing_of_a_mail_is_passed_over(body):
    assert read(body, QUEUED) is None


def test_what_is_neither_is_unreadable():
    with pytest.raises(Rejected) as found:
        read('{"hello": "you"}', QUEUED)
    assert found.value.code == "unreadable"


def test_fields_that_ses_may_add_or_leave_out_do_not_matter():
    body = json.loads(bounce())
    body["mail"] |= {"newField": {"a": 1}, "tags": None}
    body["bounce"] |= {"newField": [1], "bouncedRecipients": [{"emailAddress": "ann@example.com"}]}
    found = read(json.dumps(body), QUEUED)
    assert (found.addresses, found.status, found.diagnostic, found.tag) == (("ann@example.com",), "", "", "")
