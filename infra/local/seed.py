"""The one thing that a new machine knows: the source `local` with the published write key."""

from __future__ import annotations

import boto3

from infra.local.cloud import REGION
from socle import clock
from socle.definitions.service import Definitions
from socle.definitions.store import DefinitionStore
from socle.sources.model import KIND, SourceDocument
from socle.sources.service import WriteKeys
from socle.sources.store import KeyStore

SOURCE = "local"
WRITE_KEY = "local-write-key"


def source(definitions_table: str) -> None:
    """Make the source and its key."""
    client = boto3.client("dynamodb", region_name=REGION)
    document = SourceDocument(description="What is sent to this machine with the key local-write-key")
    Definitions(DefinitionStore(client, definitions_table)).put(KIND, SOURCE, document, clock.now())
    WriteKeys(KeyStore(definitions_table, client), lambda _source: True).issue(SOURCE, "local", WRITE_KEY, clock.now())
