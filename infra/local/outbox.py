"""Everything that the stack "sent": e-mail, SMS, push and webhooks, for people and tests to look at."""

from __future__ import annotations

import base64
import email
import email.policy
import ipaddress
import json
import threading
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from moto.ses.models import SESBackend
from moto.sesv2.responses import SESV2Response
from moto.sns.models import PlatformEndpoint, SNSBackend

from infra.local.patching import replace
from socle import clock
from socle.definitions import webhooks
from socle.effects import webhook

Item = dict[str, Any]


class Outbox:
    """What was sent, newest last. An item: channel, to, from, subject, html, text, headers, tags, sent_at (ISO 8601); a mail with
    files has `attachments` too: name, kind, cid, size and url (a data: URL) of each."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._lock = threading.Lock()
        self._tags = threading.local()

    def items(self) -> list[Item]:
        """All items; None stands where a channel has no such thing."""
        with self._lock:
            return list(self._items)

    def empty(self) -> None:
        """Forget everything."""
        with self._lock:
            self._items.clear()

    def put(self, channel: str, to: str, **fields: Any) -> None:
        """Add one item as sent now, by the one clock."""
        sent_at = datetime.fromtimestamp(clock.now() / 1000, UTC).isoformat(timespec="milliseconds")
        item = {"channel": channel, "to": to, "from": None, "subject": None, "html": None, "text": None,
                "headers": {}, "tags": {}, **fields, "sent_at": sent_at.replace("+00:00", "Z")}
        with self._lock:
            self._items.append(item)

    def install(self, stack: ExitStack) -> None:
        """Record what moto sends and what leaves as a webhook, until `stack` closes."""
        self._catch_mail(stack)
        self._catch_sns(stack)
        self._catch_webhooks(stack)

    def _catch_mail(self, stack: ExitStack) -> None:
        send_v2, send, send_raw = SESV2Response.send_email, SESBackend.send_email, SESBackend.send_raw_email

        def send_email_v2(response: Any) -> Any:
            """Only the request knows the tags: the models behind it are those of version 1."""
            tags = response._get_param("EmailTags") or []
            self._tags.now = {tag["Name"]: tag["Value"] for tag in tags}
            try:
                return send_v2(response)
            finally:
                self._tags.now = {}

        def send_email(backend: Any, source: str, subject: str, body: str, destinations: Any) -> Any:
            sent = send(backend, source, subject, body, destinations)
            kind = "html" if body.lstrip().startswith("<") else "text"  # moto does not say which part it kept
            self.put("email", ", ".join(_unique(address for part in destinations.values() for address in part)),
                     subject=subject, tags=self._mail_tags(), **{"from": source, kind: body})
            return sent

        def send_raw_email(backend: Any, source: str, destinations: list[str], raw_data: str) -> Any:
            envelope = _unique(destinations)
            sent = send_raw(backend, source, destinations, raw_data)
            fields = read_mime(raw_data)
            to = ", ".join(envelope) or fields.pop("to")
            fields.pop("to", None)
            fields["tags"] = {**fields["tags"], **self._mail_tags()}
            self.put("email", to, **fields)
            return sent

        replace(stack, SESV2Response, "send_email", send_email_v2)
        replace(stack, SESBackend, "send_email", send_email)
        replace(stack, SESBackend, "send_raw_email", send_raw_email)

    def _mail_tags(self) -> dict[str, str]:
        return getattr(self._tags, "now", {})

    def _catch_sns(self, stack: ExitStack) -> None:
        publish, push = SNSBackend.publish, PlatformEndpoint.publish

        def publish_sms(backend: Any, message: str, arn: str | None, phone_number: str | None = None,
                        *args: Any, **kwargs: Any) -> Any:
            told = {name: value["Value"] for name, value in (kwargs.get("message_attributes") or {}).items()}
            self._tags.now = {name: value for name, value in told.items() if not name.startswith("AWS.")}
            try:
                sent = publish(backend, message, arn, phone_number, *args, **kwargs)
                if phone_number:
                    self.put("sms", phone_number, text=message, tags=self._mail_tags(), **{"from": _sender(told)})
            finally:
                self._tags.now = {}
            return sent

        def publish_push(endpoint: Any, message: str) -> Any:
            sent = push(endpoint, message)
            self.put("push", endpoint.token, tags=self._mail_tags(), **read_push(message))
            return sent

        replace(stack, SNSBackend, "publish", publish_sms)
        replace(stack, PlatformEndpoint, "publish", publish_push)

    def _catch_webhooks(self, stack: ExitStack) -> None:
        def post_and_record(url: str, body: bytes, headers: dict[str, str]) -> int:
            """Webhooks reach receivers on this machine, which AWS would refuse; the rest of the world is answered for."""
            self.put("webhook", url, text=body.decode(errors="replace"), headers=dict(headers))
            return webhook.send(url, body, headers) if is_loopback(url) else 200

        def exchange_and_record(url: str, body: bytes, headers: dict[str, str]) -> webhook.Answer:
            self.put("webhook", url, text=body.decode(errors="replace"), headers=dict(headers))
            return webhook.ask(url, body, headers, webhook.PATIENCE_SECONDS) if is_loopback(url) else webhook.Answer(200)

        replace(stack, webhook, "post", post_and_record)
        replace(stack, webhook, "exchange", exchange_and_record)
        replace(stack, webhooks, "LOOPBACK", ("localhost", "127.0.0.1", "::1"))


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _sender(attributes: Mapping[str, str]) -> str | None:
    return attributes.get("AWS.SNS.SMS.SenderID") or attributes.get("AWS.MM.SMS.OriginationNumber")


def read_push(message: str) -> Item:
    """The outbox fields of a notification: its title as the subject, and what its platform gets as the text."""
    try:
        outer = json.loads(message)
        inner = json.loads(next(value for name, value in outer.items() if name != "default"))
        shown = inner.get("notification") or inner["aps"]["alert"]
        return {"subject": shown["title"], "text": json.dumps(inner, ensure_ascii=False)}
    except (ValueError, TypeError, LookupError, AttributeError, StopIteration):
        return {"text": message}  # not one of ours


def read_mime(raw: str) -> Item:
    """The outbox fields of a message in MIME."""
    message = email.message_from_bytes(raw.encode(), policy=email.policy.default)
    html, text = _part(message, "html"), _part(message, "plain")
    tags = dict(pair.strip().split("=", 1) for pair in str(message.get("X-SES-MESSAGE-TAGS", "")).split(",")
                if "=" in pair)
    files = [_file(part) for part in message.walk() if _is_file(part)]
    return {"to": str(message.get("To", "")), "from": str(message.get("From", "")),
            "subject": str(message.get("Subject", "")), "html": html, "text": text, "tags": tags,
            "headers": {key: str(value) for key, value in message.items()}, **({"attachments": files} if files else {})}


def _is_file(part: Any) -> bool:
    return not part.is_multipart() and (part.get_content_disposition() == "attachment" or bool(part.get("Content-ID")))


def _file(part: Any) -> Item:
    data, kind = bytes(part.get_payload(decode=True)), str(part.get_content_type())
    return {"name": part.get_filename(), "kind": kind, "cid": str(part.get("Content-ID", "")).strip("<>"), "size": len(data),
            "url": f"data:{kind};base64,{base64.b64encode(data).decode()}"}


def _part(message: EmailMessage, subtype: str) -> str | None:
    part = message.get_body((subtype,))
    return str(part.get_content()) if isinstance(part, EmailMessage) else None


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
