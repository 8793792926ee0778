"""What forms and surveys become: messages as a client would send them, and the answer to a survey. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from socle.errors import Rejected
from socle.events import parse
from socle.events.model import Event, Identifier
from socle.events.receive import Origin, receive
from socle.forms.check import Filled
from socle.forms.document import FormDocument, SurveyDocument
from socle.links.model import GOOD_FOR, SURVEY, Claims
from socle.messages.events import SOURCE

ANSWERED, SUBMITTED = "Survey Answered", "Form Submitted"


def answered(who: Identifier, claims: Claims, survey: SurveyDocument, score: int, comment: str, campaign: str, now: int) -> Event:
    """The answer to a survey. Answering again from the same message corrects it: the same key, a higher revision."""
    asked = claims.expires - GOOD_FOR[SURVEY]
    properties: dict[str, Any] = {"survey": claims.survey, "kind": survey.kind, "score": score, "comment": comment,
                                  "campaign": campaign}
    return Event(asked, f"survey.{claims.survey}.{claims.key}", max(0, now - asked) // 1000, now, now, SOURCE, "track", ANSWERED,
                 (who,), {"properties": {name: value for name, value in properties.items() if value != ""}})


def submitted(name: str, form: FormDocument, filled: Filled, once: str, agent: str, locale: str, now: int) -> list[Event]:
    """identify and `Form Submitted`. `once` makes them the same events when the form is sent twice, and is the visitor's id when
    they left no address. Raises Rejected for what no event can hold."""
    traits = {one.trait or one.type: filled.values[one.name] for one in form.fields
              if one.name in filled.values and (one.trait or one.type in ("email", "phone"))}
    known = {kind: value for kind, value in (("email", filled.email), ("phone", filled.phone)) if value}
    context: dict[str, Any] = {"traits": known}
    traits |= known
    who = {} if known else {"anonymousId": f"form-{once}"}
    if agent:
        context["userAgent"] = agent[:500]
    if locale:
        context["locale"] = locale
    messages = [
        {"type": "identify", "messageId": f"form.{name}.{once}.identify", "traits": traits, "context": context, **who},
        {"type": "track", "event": SUBMITTED, "messageId": f"form.{name}.{once}", "context": context, **who,
         "properties": {"form": name, **filled.values}}]
    return _events(messages, now)


def _events(messages: Sequence[dict[str, Any]], now: int) -> list[Event]:
    """By the way that all events come in: with its checks and its normalised traits."""
    body = parse.parse(json.dumps({"batch": list(messages)}).encode(), is_batch=True)
    events, quarantined = receive(body, Origin(SOURCE, now))
    if quarantined:
        fault = quarantined[0]
        raise Rejected(fault.code, fault.message, fault.field)
    return events
