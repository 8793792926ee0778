"""What a recompute of segments works with, in one deployment."""

from __future__ import annotations

from socle.aws import client
from socle.definitions.store import DefinitionStore
from socle.events.store import EventStream
from socle.journeys.dates import dated_by
from socle.lake.store import LakeStore
from socle.recompute.service import Recompute
from socle.recompute.store import RecomputeStore
from socle.releases.store import ReleaseStore
from socle.settings import RecomputeSettings


def recompute(settings: RecomputeSettings) -> Recompute:
    """Recomputes of this deployment's segments."""
    s3, dynamodb = client("s3"), client("dynamodb")
    definitions = DefinitionStore(dynamodb, settings.definitions_table)
    releases = ReleaseStore(dynamodb, settings.definitions_table)
    return Recompute(RecomputeStore(s3, settings.bucket), LakeStore(s3, settings.bucket), definitions.list_current,
                     EventStream(settings.stream_name), dated=lambda: dated_by(releases.all()))
