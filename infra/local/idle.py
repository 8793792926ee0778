"""Which calls by the clock could not do anything: a month holds 43,200 sweeps, and the clock passes over those of no use."""

from __future__ import annotations

import re
from collections.abc import Mapping

from moto.s3.models import s3_backends

from infra.local import dynamodb, workflows
from infra.local.cloud import ACCOUNT
from infra.local.runtime import Runtime
from socle import clock
from socle.erasures.store import PREFIX as ERASURES
from socle.lake.store import PREFIX as RAW
from socle.settings import SweepSettings

SWEEP = "sweep_due.handler.handler"
DUE_INDEX = "due"
COMPACTION = "-LakeMachine"
"""In the name of its workflow."""
NEEDS: Mapping[str, tuple[str, ...]] = {
    "start_campaigns_due.handler.handler": ("campaigns",),
    "export_segments_due.handler.handler": ("exports",),
    "start_journeys_due.handler.handler": ("journey-due", "journey-releases"),
}
"""Function → partitions of the definitions table without which it has nothing to do."""
_SCHEDULED = re.compile(r'"trigger": ?{[^{}]*"type": ?"schedule"')


class Idle:
    """What a call by the clock would find."""

    def __init__(self, runtime: Runtime, outputs: Mapping[str, str]) -> None:
        self._runtime = runtime
        self._outputs = outputs
        self._compacted: tuple[int, int] | None = None

    def matters(self, arn: str, at: int) -> bool:
        """Whether a call of this function or workflow at `at` (epoch ms) may do anything."""
        if workflows.is_one(arn):
            return COMPACTION not in arn or self._is_news(at)
        function = self._runtime.named(arn)
        if function.handler == SWEEP:
            earliest = dynamodb.lowest(SweepSettings.from_env(function.environment).profiles_table, DUE_INDEX)
            return earliest is not None and earliest <= at
        return any(map(self._holds, NEEDS[function.handler])) if function.handler in NEEDS else True

    def _holds(self, partition: str) -> bool:
        """Whether there is anything in it; of journeys, anything with a schedule."""
        found = dynamodb.texts(self._outputs["DefinitionsTable"], partition)
        return any(map(_SCHEDULED.search, found)) if partition == "journey-releases" else bool(found)

    def _is_news(self, at: int) -> bool:
        """Whether raw objects or erasures came since this was asked last, or another day began: its first compaction looks for
        columns. Objects are never deleted, so their number says it."""
        keys = s3_backends[ACCOUNT]["aws"].buckets[self._outputs["BucketName"]].keys
        found = (at // clock.DAY, sum(key.startswith((RAW, ERASURES)) for key in list(keys)))
        before, self._compacted = self._compacted, found
        return found != before


