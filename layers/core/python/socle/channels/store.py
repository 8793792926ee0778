"""Where messages leave: SES, SNS, webhooks. One call is one attempt; nothing here tries again.

    access                        call
    an e-mail                     ses SendEmail, Raw, with tags and the configuration set
    an SMS                        sns Publish to a phone number
    a push notification           sns CreatePlatformEndpoint (idempotent; its answer is remembered), Publish to the endpoint
    a webhook                     POST, signed (socle.effects.webhook)
    what SES lets us send         ses GetAccount, remembered for five minutes
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import boto3
from botocore import exceptions as boto
from botocore.config import Config

from socle.aws import CONFIG, Client, translated
from socle.channels import answers, headers, mime, push, sms
from socle.channels.model import Ambiguous, NotSent, Quota, Taken
from socle.effects import webhook
from socle.errors import Rejected, Unavailable
from socle.messages.model import MARKETING, Address, Hook, Mail, Message, Push, Rendered, Sender, Text
from socle.templates.model import MessageLinks

ONCE = CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}, max_pool_connections=32, tcp_keepalive=True))
"""Without retries: botocore would send a mail a second time whose answer got lost."""
QUOTA_FOR = 300_000
"""Milliseconds for which what SES said of the account is believed."""
_EXISTS = re.compile(r"Endpoint (arn:[^ ]+) already exists")
_NEVER_LEFT = (boto.ConnectTimeoutError, boto.EndpointConnectionError, boto.ProxyConnectionError)
_NO_ACCESS = (boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError, boto.NoRegionError,
              boto.TokenRetrievalError)
_ENDPOINTS = 10_000

Post = Callable[[str, bytes, dict[str, str]], webhook.Answer]


def sending_client(service: str) -> Client:
    """A boto3 client that tries once."""
    return boto3.client(service, config=ONCE)  # type: ignore[call-overload]  # the stubs want a literal


class Channels:
    """Sends. May be used by several threads.

    configuration_set  of SES, through which its events come back
    master             answers the deployment's signing secret; asked when the first webhook is sent
    applications       platform (`ios`, `android`) → ARN of the platform application
    """

    def __init__(self, ses: Client, sns: Client, configuration_set: str, master: Callable[[], bytes],
                 applications: Mapping[str, str], post: Post | None = None, max_parts: int = sms.MAX_PARTS) -> None:
        self._ses, self._sns = ses, sns
        self._configuration_set = configuration_set
        self._master = master
        self._applications = applications
        self._post = post
        self._max_parts = max_parts
        self._endpoints: dict[str, str] = {}

    def send(self, message: Message, address: Address, rendered: Rendered, sender: Sender, links: MessageLinks | None = None,
             purpose: str = MARKETING, template: str = "") -> Taken:
        """One attempt. `template`: name by which a webhook's secret is known. Raises NotSent or Ambiguous."""
        if isinstance(rendered, Mail):
            return self._mail(message, address.value, rendered, sender, links, purpose)
        if isinstance(rendered, Text):
            return self._sms(message, address.value, rendered, sender, purpose)
        if isinstance(rendered, Push):
            return self._notify(message, address.value, rendered)
        return self._call(message, address.value, rendered, template)

    def measure(self, message: Message, address: Address, rendered: Rendered, sender: Sender, links: MessageLinks | None = None,
                purpose: str = MARKETING) -> tuple[int, int]:
        """(parts of an SMS, bytes) that `send` would send; 0 for what has no such thing. Raises NotSent for what it would refuse
        without asking anybody."""
        if isinstance(rendered, Mail):
            return 0, len(self._raw(message, address.value, rendered, sender, links, purpose))
        if isinstance(rendered, Text):
            return self._parts(rendered), 0
        if isinstance(rendered, Push):
            application = push.application_for(address.value, self._applications)
            return 0, len(push.payload(rendered, application, message.tag).encode(errors="replace"))
        return 0, len(_json(rendered))

    def _raw(self, message: Message, to: str, mail: Mail, sender: Sender, links: MessageLinks | None, purpose: str) -> bytes:
        unsubscribe = links.unsubscribe if links and purpose == MARKETING else ""
        if purpose == MARKETING and not unsubscribe:
            raise NotSent("no_unsubscribe_link", "a marketing mail needs a link to unsubscribe", stop=True)
        return mime.build(mail, to, sender, message, unsubscribe)

    def _parts(self, text: Text) -> int:
        parts = sms.measure(text.text).parts
        if parts > self._max_parts:
            raise NotSent("too_many_parts", f"the text makes {parts} SMS, at most {self._max_parts}: shorten it")
        return parts

    def _mail(self, message: Message, to: str, mail: Mail, sender: Sender, links: MessageLinks | None, purpose: str) -> Taken:
        raw = self._raw(message, to, mail, sender, links, purpose)
        source = headers.address(sender.address, "invalid_sender")
        with _understood(source):
            answer = self._ses.send_email(
                FromEmailAddress=source, Destination={"ToAddresses": [headers.address(to)]},
                Content={"Raw": {"Data": raw}}, ConfigurationSetName=self._configuration_set,
                EmailTags=[{"Name": name, "Value": value} for name, value in _tags(message).items()])
        return Taken(_id(answer), len(raw))

    def _sms(self, message: Message, to: str, text: Text, sender: Sender, purpose: str) -> Taken:
        parts = self._parts(text)
        attributes = sms.attributes(sender, purpose) | _tags(message)
        with _understood():
            answer = self._sns.publish(PhoneNumber=to, Message=text.text, MessageAttributes=_attributes(attributes))
        return Taken(_id(answer), parts=parts)

    def _notify(self, message: Message, token: str, notification: Push) -> Taken:
        application = push.application_for(token, self._applications)
        body = push.payload(notification, application, message.tag)
        endpoint = self._endpoint(application, token)
        try:
            with _understood():
                answer = self._sns.publish(TargetArn=endpoint, Message=body, MessageStructure="json",
                                           MessageAttributes=_attributes(_tags(message)))
        except NotSent as error:
            if error.code == "misconfigured":  # the endpoint is gone: another attempt makes it anew
                self._endpoints.pop(token, None)
                raise NotSent("endpoint_disabled", "the device's endpoint is not there any more") from error
            raise
        return Taken(_id(answer), len(body.encode()))

    def _endpoint(self, application: str, token: str) -> str:
        """Until it is known nothing was sent, whatever goes wrong."""
        if token in self._endpoints:
            return self._endpoints[token]
        try:
            with _understood():
                arn = str(self._sns.create_platform_endpoint(PlatformApplicationArn=application, Token=token)["EndpointArn"])
        except Ambiguous as error:
            raise NotSent("unreachable", "SNS could not be asked for the device", again=True) from error
        except NotSent as error:
            found = _EXISTS.search(str(error.__cause__))
            if found is None:
                raise
            arn = found[1]
        if len(self._endpoints) >= _ENDPOINTS:
            self._endpoints.clear()
        self._endpoints[token] = arn
        return arn

    def _call(self, message: Message, url: str, hook: Hook, template: str) -> Taken:
        body, url = _json(hook), url.partition("#")[0]
        secret = webhook.signing_secret(self._master(), secret_name(template))
        try:
            answer = (self._post or webhook.exchange)(url, body, webhook.signed_headers(secret, message.tag, message.at, body))
        except Rejected as error:
            raise NotSent(error.code, error.message) from error
        except Unavailable as error:
            if _never_reached(error):
                raise NotSent("unreachable", "the receiver could not be reached", again=True) from error
            raise Ambiguous("no_answer") from error
        if problem := answers.of_webhook(answer.status):
            raise problem
        return Taken(message.tag, len(body))


class Quotas:
    """What the account may send by e-mail. `ses` may be a client that tries again."""

    def __init__(self, ses: Client) -> None:
        self._ses = ses
        self._known: tuple[int, Quota] | None = None

    def email(self, now: int) -> Quota:
        """Raises NotSent(`sending_paused`, `daily_quota`), or Unavailable when SES can't be asked and never could."""
        at, quota = self._known or self._ask(now)
        if not at <= now < at + QUOTA_FOR:
            with suppress(Unavailable):  # then what was true five minutes ago
                quota = self._ask(now)[1]
        if quota.left is not None and quota.left <= 0:
            raise NotSent("daily_quota", "the day's quota of SES is used up: resume tomorrow, or ask AWS for more", stop=True)
        return quota

    def _ask(self, now: int) -> tuple[int, Quota]:
        with translated("the quota of SES"):
            account = self._ses.get_account()
        self._known = known = now, _quota(account)
        return known


def secret_name(template: str) -> str:
    """By which the secret of a template's webhook is derived; `GET /api/templates/<name>/secret` shows it."""
    return f"message/{template}"


def _json(hook: Hook) -> bytes:
    return json.dumps(hook.body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _quota(account: Mapping[str, Any]) -> Quota:
    if not account.get("SendingEnabled", True) or account.get("EnforcementStatus") == "SHUTDOWN":
        raise NotSent("sending_paused", "AWS paused sending for this account: see its reputation in the SES console", stop=True)
    quota = account.get("SendQuota", {})
    most = float(quota.get("Max24HourSend", -1))
    left = None if most < 0 else max(0, int(most - float(quota.get("SentLast24Hours", 0))))
    return Quota(float(quota.get("MaxSendRate") or 1), left)


@contextmanager
def _understood(sender: str = "") -> Iterator[None]:
    """Within it errors of AWS become NotSent or Ambiguous; a mistake of ours propagates."""
    try:
        yield
    except boto.ClientError as error:
        said = error.response.get("Error", {})
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        raise answers.of_error(str(said.get("Code", "")), status, str(said.get("Message", "")), sender) from error
    except _NEVER_LEFT as error:
        raise NotSent("unreachable", "AWS could not be reached", again=True) from error
    except _NO_ACCESS as error:
        raise NotSent("not_allowed", f"this function has no credentials ({type(error).__name__})", stop=True) from error
    except (boto.BotoCoreError, OSError) as error:
        raise Ambiguous("no_answer") from error


def _id(answer: Mapping[str, Any]) -> str:
    return str(answer.get("MessageId", ""))


def _never_reached(error: BaseException | None) -> bool:
    """Whether a refused connection or a name without address is behind it; urllib keeps its reason in an attribute."""
    seen = 0
    while error is not None and seen < 5:
        if isinstance(error, (ConnectionRefusedError, socket.gaierror)):
            return True
        reason = getattr(error, "reason", None)
        error = reason if isinstance(reason, BaseException) else error.__cause__
        seen += 1
    return False


def _tags(message: Message) -> dict[str, str]:
    """What comes back with each event of SES."""
    return {"socle_message": message.tag, "socle_campaign": headers.token(message.campaign) or "none"}


def _attributes(values: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}
