"""Send one message to one person, now: receipts, confirmations, what people asked for. Repeating the request sends nothing twice.

The key of the request is the occurrence of the message, so the ledger is all that remembers it: it says what became of the first
request, for as long as the person is there. Only an attempt that surely failed is followed by another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from socle.channels.model import NotSent
from socle.consent.topics import TOPICS
from socle.definitions.store import DefinitionStore
from socle.errors import NotFound, Rejected, Unavailable
from socle.iso import to_iso
from socle.messages.gate import ERASED, NO_PROFILE
from socle.messages.model import FAILED, TRANSACTIONAL, Message, message_key
from socle.messages.outcome import AGAIN, WAS_FAILED, WAS_HELD, WAS_SKIPPED, Outcome
from socle.messages.rules import Ask, SendingRules
from socle.messages.service.claims import Job
from socle.messages.service.people import look
from socle.messages.service.prepare import Prepared, Stand, prepare
from socle.messages.view import message_view
from socle.templates.model import Unrenderable
from socle.templates.service import freeze

NAME = "api"
"""Of what is sent by request."""
PATIENCE = 5_000
"""Milliseconds that somebody waits for their turn."""
TRIES = 3
"""When the channel takes no more at that moment."""
_PREPARED = 50


class Pace(Protocol):
    """How fast a channel takes messages."""

    def take(self, count: int) -> int: ...
    def slow_down(self) -> None: ...


class Request(NamedTuple):
    """What is asked for.

    key   the caller's own name for this request
    data  what the template sees as `event`
    """

    template: str
    profile: str
    key: str
    data: Mapping[str, Any] | None = None
    topic: str = ""
    purpose: str = TRANSACTIONAL


class Singles:
    """Sends single messages. `pace` makes the pace of a channel, `wait` lets ms pass."""

    def __init__(self, stand: Stand, definitions: DefinitionStore, rules: Callable[[], SendingRules],
                 pace: Callable[[str], Pace], wait: Callable[[int], None]) -> None:
        self._stand = stand
        self._definitions = definitions
        self._rules = rules
        self._pace = pace
        self._wait = wait
        self._prepared: dict[str, Prepared] = {}

    def send(self, request: Request) -> dict[str, Any]:
        """The message as it is now, with `repeated`: whether the key was known; or `{"state": "skipped", "reason", …}`.

        Raises NotFound for a template, topic or person that is not there, Rejected for what can't be rendered at all, Unavailable
        when the channel takes nothing now: then the same request again is right.
        """
        key = message_key(NAME, request.key)
        if (known := self._known(request.profile, key)) is not None and known.state != FAILED:
            return self._shown(known, repeated=True)
        prepared = self._prepare(request)
        ask = Ask(key, prepared.compiled.channel, request.purpose, request.topic, quiet="", resend=True)
        outcome = self._try(ask, request, prepared)
        if outcome.outcome in (WAS_SKIPPED, WAS_HELD):
            return self._skipped(request, key, outcome)
        if outcome.message is None:
            raise Unavailable("lost", "the message is being written by somebody else: ask again")
        return self._shown(outcome.message, repeated=False) | ({"detail": outcome.detail} if outcome.detail else {})

    def _try(self, ask: Ask, request: Request, prepared: Prepared) -> Outcome:
        pace = self._pace(ask.channel)
        sending = prepare(self._stand, {"": prepared}, request.purpose, event=request.data)
        try:
            for _ in range(TRIES):
                delay = pace.take(1)
                if delay > PATIENCE:
                    raise Unavailable("busy", f"{ask.channel} takes no more at the moment: ask again with the same key")
                if delay:
                    self._wait(delay)
                [outcome] = sending.send(ask, [Job(request.profile)], {"": prepared}, self._rules())
                if outcome.outcome != AGAIN:
                    return outcome
                pace.slow_down()
        except NotSent as error:  # the channel as a whole is out of order
            raise Unavailable(error.code, f"{error.message}; then ask again with the same key") from error
        return outcome._replace(outcome=WAS_FAILED)

    def _skipped(self, request: Request, key: str, outcome: Outcome) -> dict[str, Any]:
        if outcome.reason in (NO_PROFILE, ERASED):
            raise NotFound("unknown_profile", "nothing is known of this person (any more): send an identify with an address of "
                           "theirs first", "to")
        if (known := self._known(request.profile, key)) is not None:
            return self._shown(known, repeated=True)  # the same request came twice at the same moment
        until = {"until": to_iso(outcome.until)} if outcome.until else {}
        return {"message": None, "profile": request.profile, "state": "skipped", "reason": outcome.reason, "repeated": False,
                "detail": outcome.detail or None, **until}

    def _known(self, profile: str, key: str) -> Message | None:
        """What became of the key for this person, under any of their identities."""
        person = look(self._stand.ledger, [profile], key).get(profile)
        return max(person.rows, key=lambda row: (row.state != FAILED, row.attempt), default=None) if person else None

    def _shown(self, message: Message, repeated: bool) -> dict[str, Any]:
        return message_view(message, self._stand.clock()) | {"repeated": repeated}

    def _prepare(self, request: Request) -> Prepared:
        """The template as it is now; one that was compiled before is not compiled again."""
        topic = None
        if request.topic:
            current = self._definitions.current(TOPICS, request.topic)
            if current is None:
                raise NotFound("unknown_topic", f"there is no topic {request.topic!r}: PUT it to /api/topics first", "topic")
            topic = current.document
        frozen = freeze(self._definitions, request.template)
        name = hashlib.sha256(json.dumps([frozen, topic], sort_keys=True).encode()).hexdigest()
        if name not in self._prepared:
            if len(self._prepared) >= _PREPARED:
                self._prepared.clear()
            try:
                self._prepared[name] = Prepared(frozen, topic, self._stand)
            except Unrenderable as error:
                raise Rejected(error.code, error.message, error.field, status=422) from error
        prepared = self._prepared[name]
        if topic is not None and prepared.compiled.channel not in topic["channels"]:
            raise Rejected("other_channel", f"the topic {request.topic} is not for {prepared.compiled.channel}: take another "
                           "template, or add the channel to the topic", "topic")
        return prepared
