"""The AWS clients that the admin API works with, and the definitions that all of it reads; each made on first use."""

from __future__ import annotations

from functools import cached_property
from typing import Self

import boto3
from botocore.config import Config

from socle.aws import Client
from socle.definitions.store import DefinitionStore, ProposedStore
from socle.settings import AdminSettings

# The gateway gives up after 30 s; a person is less patient.
CONFIG = Config(connect_timeout=2, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 3})


class Clients:
    """Of one deployment."""

    def __init__(self, settings: AdminSettings) -> None:
        self._settings = settings

    def proposing(self) -> Self:
        """The same deployment, where definitions are written nowhere, and seen all the same."""
        other = type(self)(self._settings)
        other._dynamodb, other._s3 = self._dynamodb, self._s3
        other._definition_store = ProposedStore(self._dynamodb, self._settings.definitions_table)
        return other

    @cached_property
    def _dynamodb(self) -> Client:
        return boto3.client("dynamodb", config=CONFIG)

    @cached_property
    def _s3(self) -> Client:
        return boto3.client("s3", config=CONFIG)

    @cached_property
    def _linking_s3(self) -> Client:
        # A link must be signed in version 4 and name the bucket's own host, or regions with our kind of encryption refuse it.
        return boto3.client("s3", config=CONFIG.merge(Config(signature_version="s3v4", s3={"addressing_style": "virtual"})))

    @cached_property
    def _kinesis(self) -> Client:
        return boto3.client("kinesis", config=CONFIG)

    @cached_property
    def _sqs(self) -> Client:
        return boto3.client("sqs", config=CONFIG)

    @cached_property
    def _definition_store(self) -> DefinitionStore:
        return DefinitionStore(self._dynamodb, self._settings.definitions_table)
