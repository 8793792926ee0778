"""What SES does after it took a mail: it reports, over the topic of the configuration set's event destination.

moto keeps destinations and reports to none of them, and refuses senders whom nobody verified: here everybody is verified.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from typing import Any

from moto.ses.models import SESBackend, ses_backends
from moto.sesv2.responses import SESV2Response
from moto.sns.models import sns_backends

from infra.local.cloud import ACCOUNT, REGION
from infra.local.patching import replace
from infra.local.resources import EVENT_TYPES
from infra.local.ses_events import SentMail, events_of
from socle import clock

_NAMES = {"RenderingFailure": "RENDERING_FAILURE", "DeliveryDelay": "DELIVERY_DELAY"}
"""Of the types whose name as a setting is not simply theirs in capitals."""


def install(stack: ExitStack) -> None:
    """Until `stack` closes, a mail sent with a configuration set is reported to the topic that the set names."""
    send = SESV2Response.send_email

    def send_email(response: Any) -> str:
        answer = str(send(response))
        # moto keeps every mail for ever; the outbox has it.
        ses_backends[ACCOUNT][REGION].sent_messages.clear()
        for topic, event in _reports(json.loads(response.body), json.loads(answer)["MessageId"]):
            sns_backends[ACCOUNT][REGION].publish(json.dumps(event), topic)
            sns_backends[ACCOUNT][REGION].topics[topic].sent_notifications.clear()
        return answer

    replace(stack, SESV2Response, "send_email", send_email)
    replace(stack, SESBackend, "_is_verified_address", lambda _backend, _address: True)


def _reports(request: dict[str, Any], message_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(topic, event) for what becomes of a mail, of the kinds that are asked for."""
    name = request.get("ConfigurationSetName")
    destination = ses_backends[ACCOUNT][REGION].config_set_event_destination.get(name or "")
    if not destination or not destination["Enabled"]:
        return
    topic = destination["SNSDestination"]["TopicARN"]
    for event in events_of(_sent(request, message_id, str(name))):
        kind = _NAMES.get(event["eventType"], event["eventType"].upper())
        if EVENT_TYPES.get(kind, kind) in destination["MatchingEventTypes"]:
            yield topic, event


def _sent(request: dict[str, Any], message_id: str, configuration_set: str) -> SentMail:
    raw = request.get("Content", {}).get("Raw", {}).get("Data")
    mime = message_from_bytes(base64.b64decode(raw).partition(b"\r\n\r\n")[0]) if raw else Message()
    subject = str(mime.get("Subject", request.get("Content", {}).get("Simple", {}).get("Subject", {}).get("Data", "")))
    asked = request.get("Destination", {})
    addresses = [one for part in ("ToAddresses", "CcAddresses", "BccAddresses") for one in asked.get(part, ())]
    return SentMail(message_id, parseaddr(str(request.get("FromEmailAddress") or mime.get("From", "")))[1], addresses, subject,
                    {key: str(value) for key, value in mime.items()},
                    {tag["Name"]: tag["Value"] for tag in request.get("EmailTags", ())}, configuration_set, clock.now())
