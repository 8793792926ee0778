"""What SES, SNS and receivers answer, and what it means for the message: every error has its row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.error import URLError

import boto3
import botocore.session
import pytest
from botocore import exceptions as boto
from botocore.stub import ANY, Stubber

from socle.channels import store
from socle.channels.model import Ambiguous, NotSent, Taken
from socle.channels.store import Channels
from socle.effects.webhook import Answer, ask, signing_secret
from socle.errors import Rejected, Unavailable
from socle.messages.model import MARKETING, PUSH, SMS, TRANSACTIONAL, WEBHOOK, Address, Hook, Mail, Push, Sender, Text
from tests.channels.letters import AT, SENDER, Links, message

MAIL = Mail("Hello", "<p>Hello</p>", "Hello")
TO = Address("email", "ada@example.com")
NUMBER = Address(SMS, "+33612345678")
DEVICE = "a1" * 32
IOS, ANDROID = "arn:aws:sns:us-east-1:1:app/APNS/shop", "arn:aws:sns:us-east-1:1:app/GCM/shop"
STOP, AGAIN, NEVER, UNKNOWN = "stop", "again", "never", "unknown"


def client(service: str) -> Any:
    return boto3.client(service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x", config=store.ONCE)


class Raises:
    """A client all of whose calls raise."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**_: Any) -> Any:
            self.calls.append(name)
            raise self._error
        return call


def channels(ses: Any = None, sns: Any = None, post: Any = None, applications: dict[str, str] | None = None) -> Channels:
    return Channels(ses, sns, "socle-events", lambda: b"master", {"ios": IOS, "android": ANDROID} if applications is None
                    else applications, post)


def meaning(act: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises((NotSent, Ambiguous)) as raised:
        act()
    error = raised.value
    if isinstance(error, Ambiguous):
        return UNKNOWN, error.code
    assert not (error.again and error.stop)
    return STOP if error.stop else AGAIN if error.again else NEVER, error.code


def refused(code: str, status: int, text: str = "") -> boto.ClientError:
    return boto.ClientError({"Error": {"Code": code, "Message": text}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
                            "SendEmail")


NOT_VERIFIED = "Email address is not verified. The following identities failed the check in region EU-WEST-1: "
SES_ERRORS = [
    ("TooManyRequestsException", 429, "Maximum sending rate exceeded.", AGAIN, "throttled"),
    ("ThrottlingException", 400, "Rate exceeded", AGAIN, "throttled"),
    ("LimitExceededException", 400, "", AGAIN, "throttled"),
    ("TooManyRequestsException", 429, "Daily message quota exceeded.", STOP, "daily_quota"),
    ("AccountSuspendedException", 400, "", STOP, "account_suspended"),
    ("SendingPausedException", 400, "", STOP, "sending_paused"),
    ("MailFromDomainNotVerifiedException", 400, "", STOP, "sender_not_verified"),
    ("NotFoundException", 404, "Configuration set socle-events does not exist.", STOP, "misconfigured"),
    ("AccessDeniedException", 403, "", STOP, "not_allowed"),
    ("ExpiredTokenException", 403, "", STOP, "not_allowed"),
    ("MessageRejected", 400, NOT_VERIFIED + "news@shop.example", STOP, "sender_not_verified"),
    ("MessageRejected", 400, NOT_VERIFIED + "shop.example", STOP, "sender_not_verified"),
    ("MessageRejected", 400, NOT_VERIFIED + "ada@example.com", NEVER, "rejected"),
    ("MessageRejected", 400, "Illegal content", NEVER, "rejected"),
    ("BadRequestException", 400, "Missing final '@domain'", NEVER, "rejected"),
    ("InternalServerError", 500, "", UNKNOWN, "server_error"),
    ("ServiceUnavailable", 503, "", UNKNOWN, "server_error"),
    ("502", 502, "Bad Gateway", UNKNOWN, "server_error"),
]


@pytest.mark.parametrize(("code", "status", "text", "kind", "ours"), SES_ERRORS)
def test_what_ses_says_is_understood(code: str, status: int, text: str, kind: str, ours: str) -> None:
    ses = Raises(refused(code, status, text))
    assert meaning(lambda: channels(ses).send(message(), TO, MAIL, SENDER, Links())) == (kind, ours)
    assert ses.calls == ["send_email"]


def test_every_error_that_the_api_reference_lists_is_in_the_table() -> None:
    listed = botocore.session.get_session().get_service_model("sesv2").operation_model("SendEmail").error_shapes
    assert {shape.name for shape in listed} <= {row[0] for row in SES_ERRORS}


@pytest.mark.parametrize(("error", "kind", "code"), [
    (boto.ConnectTimeoutError(endpoint_url="x"), AGAIN, "unreachable"),
    (boto.EndpointConnectionError(endpoint_url="x"), AGAIN, "unreachable"),
    (boto.ReadTimeoutError(endpoint_url="x"), UNKNOWN, "no_answer"),
    (boto.ConnectionClosedError(endpoint_url="x"), UNKNOWN, "no_answer"),
    (boto.SSLError(endpoint_url="x", error="y"), UNKNOWN, "no_answer"),
    (boto.HTTPClientError(error="y"), UNKNOWN, "no_answer"),
    (boto.ResponseStreamingError(error="y"), UNKNOWN, "no_answer"),
    (ConnectionResetError(), UNKNOWN, "no_answer"),
    (boto.NoCredentialsError(), STOP, "not_allowed"),
])
@pytest.mark.parametrize("channel", ["email", "sms"])
def test_what_never_left_is_told_from_what_may_have_arrived(error: Exception, kind: str, code: str, channel: str) -> None:
    if channel == "email":
        assert meaning(lambda: channels(Raises(error)).send(message(), TO, MAIL, SENDER, Links())) == (kind, code)
    else:
        assert meaning(lambda: channels(sns=Raises(error)).send(message(SMS), NUMBER, Text("x"), SENDER)) == (kind, code)


def test_a_mistake_of_ours_is_no_answer_of_anybody() -> None:
    with pytest.raises(KeyError):
        channels(Raises(KeyError("x"))).send(message(), TO, MAIL, SENDER, Links())


def test_clients_that_send_try_once() -> None:
    assert client("sesv2").meta.config.retries == {"mode": "standard", "total_max_attempts": 1}


def test_a_mail_goes_raw_with_tags_and_the_configuration_set() -> None:
    ses = client("sesv2")
    with Stubber(ses) as stub:
        stub.add_response("send_email", {"MessageId": "0100"}, {
            "FromEmailAddress": "news@shop.example", "Destination": {"ToAddresses": ["ada@example.com"]},
            "Content": {"Raw": {"Data": ANY}}, "ConfigurationSetName": "socle-events",
            "EmailTags": [{"Name": "socle_message", "Value": message().tag}, {"Name": "socle_campaign", "Value": "autumn"}]})
        taken = channels(ses).send(message(), TO, MAIL, SENDER, Links())
        stub.add_response("send_email", {"MessageId": "0200"}, {
            "FromEmailAddress": ANY, "Destination": ANY, "Content": ANY, "ConfigurationSetName": ANY,
            "EmailTags": [{"Name": "socle_message", "Value": ANY}, {"Name": "socle_campaign", "Value": "none"}]})
        single = channels(ses).send(message(campaign=""), TO, MAIL, SENDER, Links(), TRANSACTIONAL)
    assert taken.provider_id == "0100"
    assert taken.size - single.size > len(Links.unsubscribe), "a transactional mail has no link to unsubscribe"
    assert channels().measure(message(), TO, MAIL, SENDER, Links()) == (0, taken.size)


def test_marketing_without_a_link_to_unsubscribe_is_not_sent() -> None:
    ses = Raises(AssertionError())
    assert meaning(lambda: channels(ses).send(message(), TO, MAIL, SENDER, None, MARKETING)) == (STOP, "no_unsubscribe_link")
    assert ses.calls == []


@pytest.mark.parametrize(("purpose", "kind"), [(MARKETING, "Promotional"), (TRANSACTIONAL, "Transactional")])
def test_an_sms_says_its_kind_and_counts_its_parts(purpose: str, kind: str) -> None:
    sns, text = client("sns"), "a" * 161
    with Stubber(sns) as stub:
        stub.add_response("publish", {"MessageId": "s1"}, {
            "PhoneNumber": "+33612345678", "Message": text, "MessageAttributes": {
                "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": kind},
                "AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": "MyShop"},
                "socle_message": {"DataType": "String", "StringValue": message().tag},
                "socle_campaign": {"DataType": "String", "StringValue": "autumn"}}})
        sent = channels(sns=sns).send(message(SMS), NUMBER, Text(text), Sender("", "My Shop"), None, purpose)
    assert sent == Taken("s1", parts=2)


def test_a_text_of_too_many_parts_is_refused() -> None:
    send = channels(sns=Raises(AssertionError())).send
    assert meaning(lambda: send(message(SMS), NUMBER, Text("a" * 2_000), SENDER)) == (NEVER, "too_many_parts")
    assert meaning(lambda: channels().measure(message(SMS), Address(SMS, "+1"), Text("a" * 2_000), SENDER)) == (
        NEVER, "too_many_parts")


@pytest.mark.parametrize(("code", "status", "text", "kind", "ours"), [
    ("Throttling", 400, "Rate exceeded", AGAIN, "throttled"),
    ("InvalidParameter", 400, "PhoneNumber is not valid", NEVER, "rejected"),
    ("InvalidParameter", 400, "Phone number is opted out", NEVER, "opted_out"),
    ("InternalError", 500, "", UNKNOWN, "server_error"),
    ("AuthorizationError", 403, "", STOP, "not_allowed"), ("KMSAccessDenied", 400, "", STOP, "not_allowed")])
def test_what_sns_says_is_understood(code: str, status: int, text: str, kind: str, ours: str) -> None:
    sns = Raises(refused(code, status, text))
    assert meaning(lambda: channels(sns=sns).send(message(SMS), Address(SMS, "+336"), Text("x"), SENDER)) == (kind, ours)


def notify(sns: Any, **given: Any) -> Taken:
    return channels(sns=sns, **given).send(message(PUSH), Address(PUSH, DEVICE), Push("T", "B", {"page": "cart"}), SENDER)


def test_a_push_goes_to_the_endpoint_of_the_device() -> None:
    sns = client("sns")
    with Stubber(sns) as stub:
        stub.add_response("create_platform_endpoint", {"EndpointArn": "arn:e"}, {"PlatformApplicationArn": IOS, "Token": DEVICE})
        for _ in range(2):
            stub.add_response("publish", {"MessageId": "p1"}, {"TargetArn": "arn:e", "Message": ANY, "MessageStructure": "json",
                                                               "MessageAttributes": ANY})
        sender = channels(sns=sns)
        for _ in range(2):
            sender.send(message(PUSH), Address(PUSH, DEVICE), Push("T", "B", {}), SENDER)
        stub.assert_no_pending_responses()


def test_an_endpoint_that_is_there_with_other_attributes_is_used() -> None:
    sns = client("sns")
    with Stubber(sns) as stub:
        stub.add_client_error("create_platform_endpoint", "InvalidParameter", "Invalid parameter: Token Reason: Endpoint "
                              "arn:aws:sns:us-east-1:1:endpoint/APNS/shop/u already exists with the same Token, but different "
                              "attributes.", 400)
        stub.add_response("publish", {"MessageId": "p1"}, {
            "TargetArn": "arn:aws:sns:us-east-1:1:endpoint/APNS/shop/u", "Message": ANY, "MessageStructure": ANY,
            "MessageAttributes": ANY})
        assert notify(sns).provider_id == "p1"


@pytest.mark.parametrize(("code", "status", "kind", "ours"), [
    ("InternalError", 500, AGAIN, "unreachable"), ("InvalidParameter", 400, NEVER, "rejected"),
    ("NotFound", 404, STOP, "misconfigured")])
def test_until_the_endpoint_is_known_nothing_was_sent(code: str, status: int, kind: str, ours: str) -> None:
    assert meaning(lambda: notify(Raises(refused(code, status)))) == (kind, ours)


@pytest.mark.parametrize(("code", "status", "kind", "ours"), [
    ("EndpointDisabled", 400, NEVER, "endpoint_disabled"), ("NotFound", 404, NEVER, "endpoint_disabled"),
    ("PlatformApplicationDisabled", 400, STOP, "application_disabled"), ("InternalError", 500, UNKNOWN, "server_error")])
def test_a_device_without_the_app_is_told_from_an_application_out_of_order(code: str, status: int, kind: str, ours: str) -> None:
    sns = client("sns")
    with Stubber(sns) as stub:
        stub.add_response("create_platform_endpoint", {"EndpointArn": "arn:e"})
        stub.add_client_error("publish", code, "", status)
        assert meaning(lambda: notify(sns)) == (kind, ours)


def test_without_a_platform_application_push_stops() -> None:
    assert meaning(lambda: notify(Raises(AssertionError()), applications={})) == (STOP, "misconfigured")
    assert meaning(lambda: notify(Raises(AssertionError()), applications={"android": ANDROID})) == (NEVER, "misconfigured")


def call(post: Any, template: str = "welcome") -> Taken:
    return channels(post=post).send(message(WEBHOOK), Address(WEBHOOK, "https://r.example/in"), Hook({"a": "é"}), SENDER,
                                    template=template)


@pytest.mark.parametrize(("status", "expected"), [
    (301, (NEVER, "rejected")), (400, (NEVER, "rejected")), (404, (NEVER, "rejected")), (410, (NEVER, "rejected")),
    (408, (NEVER, "rejected")), (425, (AGAIN, "throttled")), (429, (AGAIN, "throttled")), (500, (UNKNOWN, "server_error")),
    (503, (UNKNOWN, "server_error"))])
def test_what_a_receiver_answers_is_understood(status: int, expected: tuple[str, str]) -> None:
    assert meaning(lambda: call(lambda *_: Answer(status))) == expected


def test_a_webhook_is_signed_and_named_by_the_message() -> None:
    seen: list[Any] = []

    def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
        seen.append((url, body, headers))
        return Answer(204)

    assert call(post) == Taken(message().tag, len(b'{"a":"\xc3\xa9"}'))
    [(url, body, headers)] = seen
    assert (url, body, headers["webhook-id"]) == ("https://r.example/in", '{"a":"é"}'.encode(), message().tag)
    assert headers["webhook-timestamp"] == str(AT // 1_000)
    assert signing_secret(b"master", "message/welcome") != signing_secret(b"master", "welcome")


def raising(error: Exception, cause: BaseException | None = None) -> Callable[..., Answer]:
    def post(*_: Any) -> Answer:
        raise error from cause
    return post


@pytest.mark.parametrize(("post", "expected"), [
    (raising(Unavailable("webhook_slow", "")), (UNKNOWN, "no_answer")),
    (raising(Unavailable("webhook_unreachable", ""), URLError(TimeoutError())), (UNKNOWN, "no_answer")),
    (raising(Unavailable("webhook_unreachable", ""), URLError(ConnectionRefusedError())), (AGAIN, "unreachable")),
    (raising(Rejected("private_address", "")), (NEVER, "private_address"))])
def test_a_receiver_that_does_not_answer_may_have_got_it_unless_it_refused_the_connection(
        post: Any, expected: tuple[str, str]) -> None:
    assert meaning(lambda: call(post)) == expected


def test_a_port_where_nobody_listens_is_known_never_to_have_got_it() -> None:
    for url in ("http://127.0.0.1:9/", "http://nobody.invalid/"):
        assert meaning(lambda url=url: call(lambda _, body, headers: ask(url, body, headers, 2))) == (AGAIN, "unreachable")
