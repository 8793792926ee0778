"""Run effects: each is looked up afresh, done once more than never, and safe to do again."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any, Protocol

from socle.definitions.webhooks import WebhookDocument
from socle.effects.model import ACCOUNT, ACCOUNTS, CONFIRM, GOAL, JOURNEY, MEMBERS, OUT, RESUME, SEGMENT, WEBHOOK, Effect
from socle.effects.webhook import signed_headers, signing_secret
from socle.errors import Rejected, Unavailable
from socle.events.model import Event
from socle.identity.service.history import find_event
from socle.profiles.model import Aggregate
from socle.profiles.store import ProfileStore
from socle.profiles.view import event_view, profile_view

_JOURNEYS = (JOURNEY, RESUME, OUT, GOAL)
Post = Callable[[str, bytes, dict[str, str]], int]
"""(url, body, headers) -> HTTP status."""


class Documents(Protocol):
    """Where webhook documents come from: the document of a name, or None when there is none any more."""

    def __call__(self, name: str) -> dict[str, Any] | None: ...


class Accounts(Protocol):
    """Where accounts are written; False when there is nothing to write any more."""

    def take(self, group: str, profile: str, event: Event) -> bool: ...


class Members(Protocol):
    """Where it is kept who is in a segment; False when there is nothing to keep any more."""

    def take(self, effect: Effect) -> bool: ...


class Facts(Protocol):
    """Where people are given what segments ask of their accounts."""

    def moved(self, segment: str, profile: str) -> None: ...
    def refresh(self, group: str, also: Collection[str] = ()) -> None: ...
    def walk(self, after: str) -> None: ...


class Confirmations(Protocol):
    """Asks people by mail whether they want a topic; False when there is nothing to ask any more."""

    def ask(self, root: Aggregate, event: Event) -> bool: ...


class Journeys(Protocol):
    """Where people in journeys begin, go on and end; False when there is nothing to do any more."""

    def run(self, effect: Effect, now: int) -> bool: ...


class EffectRunner:
    """Does what a decision wanted done."""

    def __init__(self, store: ProfileStore, webhooks: Documents, master: Callable[[], bytes], post: Post,
                 accounts: Accounts, members: Members | None = None, facts: Facts | None = None,
                 confirmations: Confirmations | None = None, journeys: Journeys | None = None) -> None:
        self._store = store
        self._accounts = accounts
        self._members = members
        self._facts = facts
        self._confirmations = confirmations
        self._journeys = journeys
        self._webhooks = webhooks
        self._master = master
        self._post = post

    def run(self, effect: Effect, now: int) -> bool:
        """Do one effect. False when there is nothing to do any more: its webhook, account or segment is gone, its person erased.

        Raises Unavailable or Rejected when the receiver did not take it: the queue brings it again, then keeps it as a
        dead letter.
        """
        if effect.kind == ACCOUNT:
            about = self._find(effect)
            return about is not None and self._accounts.take(effect.name, effect.profile, about[1])
        if effect.kind == SEGMENT and self._members is not None:
            done = self._members.take(effect)
            if self._facts is not None:
                self._facts.moved(effect.name, effect.profile)
            return done
        if effect.kind in (MEMBERS, ACCOUNTS):
            return self._look_again(effect)
        if effect.kind == CONFIRM and self._confirmations is not None:
            about = self._find(effect)
            return about is not None and self._confirmations.ask(*about)
        if effect.kind in _JOURNEYS and self._journeys is not None:
            return self._journeys.run(effect, now)
        if effect.kind != WEBHOOK:
            raise Rejected("unknown_effect", f"there are no effects of kind {effect.kind!r}", "kind")
        stored = self._webhooks(effect.name)
        if stored is None:
            return False
        webhook = WebhookDocument.model_validate(stored)
        if not webhook.enabled:
            return False
        found = self._find(effect)
        if found is None:
            return False
        root, event = found
        profile = profile_view(root.id, root.snapshot, root.members)
        body = json.dumps({"type": "event", "event": event_view(event), "profile": {
            name: profile[name] for name in ("id", "identifiers", "traits")}}, ensure_ascii=False).encode()
        headers = signed_headers(signing_secret(self._master(), effect.name), effect.id, now, body)
        status = self._post(webhook.url, body, headers)
        if not 200 <= status < 300:
            raise Unavailable("webhook_refused", f"webhook {effect.name} answered {status}")
        return True

    def _look_again(self, effect: Effect) -> bool:
        if self._facts is None:
            return False
        if effect.kind == ACCOUNTS:
            self._facts.walk(effect.name)
        else:
            self._facts.refresh(effect.name, (effect.profile,))
        return True

    def _find(self, effect: Effect) -> tuple[Aggregate, Event] | None:
        # An account's: an unmerge gave the event to somebody else, and asked for the account again on their behalf.
        return find_event(self._store, effect.profile, effect.key, effect.revision, only_here=effect.kind == ACCOUNT)
