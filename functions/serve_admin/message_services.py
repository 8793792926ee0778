"""The services of single messages, for the routes of messages.py."""

from __future__ import annotations

from functools import cached_property

import boto3
from botocore.config import Config

from socle.messages.service.reading import Messages
from socle.messages.store import Ledger
from socle.profiles.store import ProfileStore
from socle.workflows.store import AnsweringFunction

from .clients import CONFIG, Clients


class MessageServices(Clients):
    """Of one deployment."""

    @cached_property
    def messages(self) -> Messages:
        return Messages(Ledger(self._dynamodb, self._settings.profiles_table),
                        ProfileStore(self._dynamodb, self._settings.profiles_table))

    @cached_property
    def sender(self) -> AnsweringFunction:
        # It may take as long as API Gateway waits. Trying again would be harmless, and too late.
        patient = CONFIG.merge(Config(read_timeout=27, retries={"mode": "standard", "total_max_attempts": 1}))
        return AnsweringFunction(boto3.client("lambda", config=patient), self._settings.send_function, "sending the message")
