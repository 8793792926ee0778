"""What the handler works with, made once per container and kept, with its caches of write keys and mappings."""

from __future__ import annotations

from functools import cache

from socle.aws import client
from socle.definitions.store import DefinitionStore
from socle.events.service import Collector
from socle.events.store import EventStream
from socle.imports.service.hooks import Hooks
from socle.settings import CollectSettings
from socle.sources.find import KeyFinder
from socle.sources.store import KeyStore


@cache
def hooks() -> Hooks:
    """The hooks of this deployment."""
    settings = CollectSettings.from_env()
    stream = EventStream(settings.stream_name)
    return Hooks(Collector(KeyFinder(KeyStore(settings.definitions_table)), stream), stream,
                 DefinitionStore(client("dynamodb"), settings.definitions_table))
