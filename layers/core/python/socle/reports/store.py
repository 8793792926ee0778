"""What became of a run's people in S3, and the function that reads the lake.

    access                          key                                              call
    what became of people           campaigns/<campaign>/<run>/outcomes/…            ListObjectsV2, GetObject
    what was frozen of a run        campaigns/<campaign>/<run>/plan.json             GetObject
    ask for a report                report_campaign                                  Invoke
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from socle.aws import Client, translated
from socle.campaigns.model.run import PLAN, key_of
from socle.errors import NotFound, Rejected, Unavailable
from socle.lake.store import LakeStore

_AT_ONCE = 200
"""Objects that are held in memory together."""


class OutcomeFiles:
    """The files of campaigns' runs; `bucket` reads objects of any prefix. Raises Unavailable in an outage."""

    def __init__(self, bucket: LakeStore) -> None:
        self._bucket = bucket

    def plan(self, campaign: str, run: str) -> dict[str, Any]:
        """What was frozen when the run began. Raises NotFound(`unknown_run`)."""
        found = next(self._bucket.objects(key_of(campaign, run, PLAN)), None)
        if found is None:
            raise NotFound("unknown_run", "there is no such run, or its audience is not frozen yet: GET "
                           f"/api/campaigns/{campaign}/runs lists them", "run")
        return dict(json.loads(self._bucket.read(found.key)))

    def outcomes(self, campaign: str, run: str, target: Path) -> Path | None:
        """All lines of a run's outcomes in one file, NDJSON; None when there are none yet."""
        keys = [one.key for one in self._bucket.objects(key_of(campaign, run, "outcomes/"))]
        if not keys:
            return None
        with target.open("wb") as file:
            for first in range(0, len(keys), _AT_ONCE):
                for data in self._bucket.read_all(keys[first:first + _AT_ONCE]):
                    lines = gzip.decompress(data)
                    file.write(lines if lines.endswith(b"\n") or not lines else lines + b"\n")
        return target


class ReportFunction:
    """Asks report_campaign, which has the libraries to read the lake, and waits for it."""

    def __init__(self, functions: Client, name: str) -> None:
        self._functions = functions
        self._name = name

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """What the function answers. Raises what it raises, or Unavailable when it broke off."""
        with translated("the report"):
            answer = self._functions.invoke(FunctionName=self._name, Payload=json.dumps(question).encode())
            found = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise Unavailable("report_failed", "the report broke off, perhaps for want of time or memory: try again, or ask the "
                              "lake's tables themselves")
        if "refused" in found:
            raise Rejected(**found["refused"])
        return dict(found["report"])
