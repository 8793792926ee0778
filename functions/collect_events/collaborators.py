"""What the handler works with, made once per container and kept, with its cache of write keys."""

from __future__ import annotations

import os
from functools import cache

from socle.events.service import Collector
from socle.events.store import EventStream
from socle.settings import CollectSettings
from socle.sources.find import KeyFinder
from socle.sources.store import KeyStore


@cache
def collector() -> Collector:
    """The collector of this deployment."""
    settings = CollectSettings.from_env()
    return Collector(KeyFinder(KeyStore(settings.definitions_table)), EventStream(settings.stream_name))


if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    collector()  # AWS clients take as long to make as all imports: the snapshot holds them, ready
