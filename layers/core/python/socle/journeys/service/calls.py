"""What a step does outside of messages: change what is known of the person, let them enter another journey, call a system."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from socle.effects.webhook import Answer, signed_headers, signing_secret
from socle.errors import Rejected, Unavailable
from socle.identity.service.history import find_event
from socle.journeys.model.row import DONE, FAILED, Logged
from socle.journeys.model.steps import CallWebhook, StartJourney, Update
from socle.journeys.model.task import secret_name
from socle.journeys.model.ways import WebhookDown, WebhookFailed
from socle.journeys.requests import MAX_DATA_BYTES, requested_event
from socle.journeys.service.ground import Ground
from socle.journeys.service.looking import Seen
from socle.journeys.service.sends import event_of
from socle.journeys.told import event_id, updates
from socle.messages.service.people import known_by
from socle.profiles.view import event_view, profile_view

MAX_ANSWER = 4_096
"""Bytes of an answer that is kept: it shares the person's row."""
Exchange = Callable[[str, bytes, dict[str, str]], Answer]
"""(url, body, headers) → answer."""


class Calls:
    """`master` reads the secret that webhooks' secrets are derived from."""

    def __init__(self, ground: Ground, exchange: Exchange, master: Callable[[], bytes]) -> None:
        self._ground = ground
        self._exchange = exchange
        self._master = master

    def update(self, seen: Seen, step: Update) -> Logged:
        """Put the events of an update on the stream: done again, they are the same ones."""
        at, who = self._begun(seen), known_by(seen.root)
        if who is not None:
            self._ground.tell(updates(step, seen.entry, seen.task.round, seen.root.snapshot, (who,), at))
        return Logged(seen.now, DONE)

    def start(self, seen: Seen, step: StartJourney) -> Logged:
        """Ask that they enter another journey, with this one's key and what its event said."""
        at, who = self._begun(seen), known_by(seen.root)
        data = event_of(self._ground, seen.entry) or {}
        if len(json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass")) > MAX_DATA_BYTES:
            data = {}
        if who is not None:
            self._ground.tell([requested_event(step.journey, seen.entry.key, data, who, at, seen.entry.journey,
                                               event_id(seen.entry, step.name, seen.task.round))])
        return Logged(seen.now, DONE, step.journey)

    def webhook(self, seen: Seen, step: CallWebhook) -> Logged:
        """Call it once more, always with the same webhook-id. Raises WebhookFailed, WebhookDown, which are written down."""
        entry = seen.entry
        headers, body = self._asked(seen, step)
        try:
            answer = self._exchange(step.url, body, headers)
        except Rejected as error:  # its host is not on the public internet (any more)
            raise self._failed(seen, WebhookFailed(error.code), error.code) from error
        except Unavailable as error:
            raise self._failed(seen, WebhookDown(error.code, error.message), error.code) from error
        if answer.status == 429 or answer.status >= 500:
            raise self._failed(seen, WebhookDown("webhook_refused", f"it answered {answer.status}"), f"http {answer.status}")
        if not 200 <= answer.status < 300:
            raise self._failed(seen, WebhookFailed(f"http {answer.status}"), f"http {answer.status}")
        if not step.keep:
            return Logged(seen.now, DONE)
        kept = _json(answer.body)
        if kept is None:
            return Logged(seen.now, DONE, "the answer was not kept: it is no JSON, or has more than 4 KB")
        self._ground.entries.keep(entry.part, entry.id, step.name, kept)
        return Logged(seen.now, DONE)

    def _asked(self, seen: Seen, step: CallWebhook) -> tuple[dict[str, str], bytes]:
        entry, root = seen.entry, seen.root
        found = find_event(self._ground.profiles, entry.part, entry.event) if entry.event else None
        profile = profile_view(root.id, root.snapshot, root.members)
        body = json.dumps({
            "type": "journey", "journey": entry.journey, "step": step.name, "entry": entry.id, "key": entry.key,
            "event": event_view(found[1]) if found is not None else None,
            "profile": {name: profile[name] for name in ("id", "identifiers", "traits")}}, ensure_ascii=False).encode()
        secret = signing_secret(self._master(), secret_name(entry.journey))
        return signed_headers(secret, event_id(entry, step.name, seen.task.round), seen.now, body), body

    def _begun(self, seen: Seen) -> int:
        return self._ground.entries.begin(seen.entry.part, seen.entry.id, seen.task.step, seen.task.round, seen.now)

    def _failed(self, seen: Seen, error: WebhookFailed | WebhookDown, detail: str) -> WebhookFailed | WebhookDown:
        self._ground.note(seen.entry, seen.row, seen.course, (seen.task.step, seen.task.round), Logged(seen.now, FAILED, detail))
        return error


def _json(body: bytes) -> Any:
    if len(body) > MAX_ANSWER:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return None
