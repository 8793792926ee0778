"""What feedback changes: who may be written to, the ledger, the person's events, counts; and what does not change it."""

from __future__ import annotations

import json

import pytest

from socle.consent.model import ALL, COMPLAINT, HARD_BOUNCE, SOFT_BOUNCES
from socle.errors import Unavailable
from socle.messages.model import BOUNCED, CLAIMED, COMPLAINED, DELAYED, DELIVERED, EMAIL, FAILED, REJECTED, SENT, Address
from tests.feedback.world import MAIL, bounce, complaint, event, worlds
from tests.tracking.world import ANN, AT

DAY = 86_400_000
BOB = Address(EMAIL, "bob@example.com")


@pytest.fixture
def world():
    with worlds() as one:
        yield one


def test_a_delivery_is_a_state_an_event_at_the_server_s_time_and_a_count(world):
    world.have(MAIL)
    report = world.take(event("Delivery", 1_500, processingTimeMillis=1, recipients=["ann@example.com"]))
    assert (report.failed, report.kinds) == ([], ["delivery"])
    assert world.row().state == DELIVERED
    [found] = world.stream.events
    assert (found.name, found.ts, found.message_id, found.ids) == (
        "Email Delivered", AT + 1_500, f"{MAIL.tag}.delivered", (MAIL.who,))
    assert world.counts() == {"delivered": 1}
    assert not world.standing(ANN).reason


def test_a_hard_bounce_ends_mails_to_the_address_at_once_and_says_why(world):
    world.have(MAIL)
    world.take(bounce())
    assert world.standing(ANN).reason == HARD_BOUNCE
    assert world.listed() == ["ann@example.com"]
    assert (world.row().state, world.row().reason) == (BOUNCED, "Permanent/General")
    [found] = world.stream.events
    assert found.name == "Email Bounced"
    assert found.body["properties"] | {"reason": "Permanent/General", "status": "5.1.1", "hard": True,
                                       "diagnostic": "smtp; 550 user unknown"} == found.body["properties"]
    assert world.counts() == {"bounced": 1}


def test_a_complaint_ends_mails_to_the_address_at_once_and_outweighs_a_bounce(world):
    world.have(MAIL)
    world.take(bounce())
    world.take(complaint())
    assert world.standing(ANN).reason == COMPLAINT
    assert (world.row().state, world.row().reason) == (COMPLAINED, "abuse")
    assert world.stream.names() == ["Email Bounced", "Email Marked as Spam"]
    assert world.counts() == {"bounced": 1, "complained": 1}


def test_that_something_is_not_spam_is_no_complaint(world):
    world.have(MAIL)
    world.take(complaint(complaintFeedbackType="not-spam"))
    assert not world.standing(ANN).reason
    assert world.row().state == DELIVERED
    assert world.stream.events == []


def test_what_ses_did_not_send_because_of_its_own_list_is_suppressed_but_is_nobody_s_fault_now(world):
    world.have(MAIL)
    world.take(complaint(complaintSubType="OnAccountSuppressionList"))
    assert world.standing(ANN).reason == COMPLAINT
    assert world.row().state == REJECTED
    world.take(bounce(subtype="OnAccountSuppressionList", to="bob@example.com", message=None))
    assert world.standing(BOB).reason == HARD_BOUNCE
    assert world.counts() == {"failed": 1}


@pytest.mark.parametrize(("body", "why"), [
    (event("Reject", reason="Bad content"), "Bad content"),
    (event("Rendering Failure", errorMessage="x is missing", templateName="T"), "x is missing")])
def test_what_ses_refused_after_all_is_rejected_with_its_reason(world, body, why):
    world.have(MAIL)
    world.take(body)
    assert (world.row().state, world.row().reason) == (REJECTED, why)
    assert world.stream.names() == ["Email Rejected"]
    assert world.counts() == {"failed": 1}
    assert not world.standing(ANN).reason


def test_a_delay_is_a_state_and_an_event_with_the_server_s_words(world):
    world.have(MAIL)
    world.take(event("DeliveryDelay", delayType="MailboxFull", delayedRecipients=[
        {"emailAddress": "ann@example.com", "status": "4.2.2", "diagnosticCode": "smtp; 452 mailbox full"}]))
    assert world.row().state == DELAYED
    [found] = world.stream.events
    assert (found.name, found.body["properties"]["reason"], found.body["properties"]["status"]) == (
        "Email Delayed", "MailboxFull", "4.2.2")


@pytest.mark.parametrize("state", [CLAIMED, FAILED])
@pytest.mark.parametrize("body", [event("Send"), event("Delivery"), bounce(), event("Open", ipAddress="192.0.2.1"),
                                  event("Click", link="https://x.example")])
def test_any_report_settles_a_send_that_nobody_knew_the_end_of(world, state, body):
    """The worker died, or heard nothing, after SES took the mail."""
    world.have(MAIL.next(state=state))
    world.take(body)
    assert world.row().state not in (CLAIMED, FAILED)
    sent = [found for found in world.stream.events if found.name == "Email Sent"]
    assert [(found.ts, found.message_id) for found in sent] == [(AT, f"{MAIL.tag}.sent")]


def test_of_an_erased_person_nothing_is_kept_but_the_address_is_not_written_to_again(world):
    """The row is gone with the person; the address is suppressed by its digest, and on no list."""
    report = world.take(event("Send"), event("Delivery"), bounce(), complaint())
    assert report.failed == []
    assert world.stream.events == []
    assert world.row() is None
    assert world.standing(ANN).reason == COMPLAINT
    assert world.listed() == []


def test_mails_that_socle_did_not_send_suppress_too(world):
    """The same account may send from elsewhere: its complaints count against it all the same."""
    world.take(bounce(message=None), complaint(message=None, to="Bob <BOB@Example.com>"))
    assert (world.standing(ANN).reason, world.standing(BOB).reason) == (HARD_BOUNCE, COMPLAINT)
    assert world.stream.events == []
    assert sorted(world.listed()) == ["ann@example.com", "bob@example.com"]


def test_a_forwarded_mail_that_bounces_elsewhere_is_about_the_address_that_was_written_to(world):
    world.have(MAIL)
    body = json.loads(bounce())
    body["bounce"]["bouncedRecipients"][0]["emailAddress"] = "forwarded@elsewhere.example"
    world.take(json.dumps(body))
    assert world.standing(ANN).reason == HARD_BOUNCE
    assert not world.standing(Address(EMAIL, "forwarded@elsewhere.example")).reason


def test_soft_bounces_end_mails_after_five_over_three_days_and_not_before(world):
    for number, day in enumerate((0, 0.5, 1, 2)):
        world.take(bounce("Transient", "MailboxFull", int(day * DAY), message=MAIL.next(attempt=number + 1)))
        assert not world.standing(ANN).reason
    world.take(bounce("Transient", "MailboxFull", 3 * DAY - 1))
    assert not world.standing(ANN).reason
    world.take(bounce("Undetermined", "Undetermined", 3 * DAY))
    assert world.standing(ANN).reason == SOFT_BOUNCES


def test_a_soft_bounce_again_counts_once_and_an_old_one_no_more(world):
    for _ in range(6):
        world.take(bounce("Transient", "General", 0))
    for day in range(40, 44):
        world.take(bounce("Transient", "General", day * DAY))
    assert not world.standing(ANN).reason
    world.take(bounce("Transient", "General", 44 * DAY))
    assert world.standing(ANN).reason == SOFT_BOUNCES


def test_a_delivery_in_between_forgets_soft_bounces(world):
    for day in range(4):
        world.take(bounce("Transient", "MailboxFull", day * DAY))
    world.take(event("Delivery", 4 * DAY))
    for day in range(5, 9):
        world.take(bounce("Transient", "MailboxFull", day * DAY))
    assert not world.standing(ANN).reason
    world.take(bounce("Transient", "MailboxFull", 9 * DAY))
    assert world.standing(ANN).reason == SOFT_BOUNCES


def test_a_message_that_was_refused_for_its_content_says_nothing_about_the_address(world):
    world.have(MAIL)
    for subtype in ("MessageTooLarge", "ContentRejected", "AttachmentRejected"):
        for day in range(6):
            world.take(bounce("Transient", subtype, day * DAY))
    assert world.standing(ANN).bounced == ()
    assert world.row().state == BOUNCED
    assert world.counts() == {}, "only what bounced for good counts towards the limits of SES"


def test_who_leaves_a_list_of_ses_leaves_ours(world):
    world.have(MAIL)
    world.take(event("Subscription", contactList="c", newTopicPreferences={
        "unsubscribeAll": False, "topicSubscriptionStatus": [
            {"topicName": "news", "subscriptionStatus": "OptOut"}, {"topicName": "offers", "subscriptionStatus": "OptIn"}]}))
    assert world.standing(ANN).withdrawn == {"news": AT + 1_000}
    [found] = world.stream.events
    assert found.name == "Consent Updated"
    assert found.body["properties"] | {"channel": "email", "topic": "news", "state": "unsubscribed"} == found.body["properties"]
    world.take(event("Subscription", 5_000, contactList="c", newTopicPreferences={"unsubscribeAll": True}))
    assert world.standing(ANN).withdrawn[ALL] == AT + 5_000


def test_a_run_with_too_many_bounces_is_stopped_once(world):
    world.counters.add("spring", "r1", {("a", "delivered"): 48})
    rows = [MAIL.next(profile=f"p{number}") for number in range(3)]
    for row in rows:
        world.have(row)
    assert world.take(bounce(message=rows[0])).stopped == []
    assert world.take(bounce(message=rows[1])).stopped == []
    assert world.runs.paused == []
    report = world.take(bounce(message=rows[2]))
    assert report.stopped == [("spring", "r1", "bounces")]
    assert world.runs.paused == [("spring", "r1", "bounces")]


def test_what_is_heard_of_an_attempt_that_failed_is_kept_as_its_own_and_leaves_the_new_attempt_alone(world):
    world.have(MAIL.next(attempt=2, state=CLAIMED, at=AT + DAY))
    world.take(event("Send"), event("Delivery"))
    assert (world.row().attempt, world.row().state) == (2, CLAIMED)
    assert [(found.name, found.message_id) for found in world.stream.events] == [
        ("Email Sent", f"{MAIL.tag}.sent"), ("Email Delivered", f"{MAIL.tag}.delivered")]
    assert world.counts() == {}


def test_a_tag_of_an_attempt_that_never_was_is_not_believed(world):
    world.have(MAIL)
    world.take(event("Delivery", message=MAIL.next(attempt=2)), event("Delivery", message=MAIL.next(attempt=0)))
    assert world.stream.events == []
    assert world.row().state == SENT


def test_an_sms_that_says_stop_is_heard(world):
    def sms(text):
        return json.dumps({"originationNumber": "+33612345678", "destinationNumber": "+33100000000", "messageKeyword": "K",
                           "messageBody": text, "inboundMessageId": "i"})
    report = world.take(sms("Stop."), sms("hello"), sms("START"))
    assert (report.failed, report.kinds) == ([], ["sms"] * 3)
    assert [(what, phone) for what, phone, _ in world.texts.heard] == [("stop", "+33612345678"), ("start", "+33612345678")]


@pytest.mark.parametrize("body", ["", "x", "[]", "7", "null", "{}", '{"eventType": 1}', '{"eventType": "Bounce"}',
                                  '{"eventType": "Bounce", "mail": {}}', '{"eventType": "Send", "mail": {"timestamp": "never"}}',
                                  '{"Type": "Notification", "Message": "x"}', '{"eventType": "Send", "mail": []}', "[" * 100_000,
                                  '{"originationNumber": 7}'])
def test_what_can_t_be_read_comes_again_alone(world, body):
    world.have(MAIL)
    report = world.take(event("Send"), body, event("Delivery"))
    assert report.failed == report.unreadable == ["m1"]
    assert world.row().state == DELIVERED


def test_when_the_stream_is_down_all_comes_again_and_the_address_is_suppressed_already(world):
    world.have(MAIL)
    world.stream.down = True
    assert world.take(event("Send"), bounce()).failed == ["m0", "m1"]
    assert world.standing(ANN).reason == HARD_BOUNCE
    assert world.row().state == SENT
    world.stream.down = False
    assert world.take(event("Send"), bounce()).failed == []
    assert world.row().state == BOUNCED
    assert world.stream.names() == ["Email Sent", "Email Bounced"]
    assert world.counts() == {"bounced": 1}


def test_an_address_that_can_t_be_suppressed_now_comes_again_and_holds_up_nobody(world, monkeypatch):
    world.have(MAIL)
    suppress = world.standings.suppress

    def down_for_bob(address, *more):
        if address == BOB:
            raise Unavailable("unavailable", "the address can't be reached")
        return suppress(address, *more)

    monkeypatch.setattr(world.standings, "suppress", down_for_bob)
    report = world.take(bounce(to="bob@example.com", message=None), bounce())
    assert report.failed == ["m0"]
    assert world.row().state == BOUNCED
    assert world.standing(ANN).reason == HARD_BOUNCE


def test_a_report_that_comes_again_counts_once(world):
    world.have(MAIL)
    for _ in range(3):
        world.take(event("Delivery"), event("Delivery"))
    assert world.counts() == {"delivered": 1}
