"""Recomputes in S3.

    access                               key                                        call
    the newest report                    reports/segments.json                      GetObject, PutObject
    what definitions meant               reports/segment-meanings.json              GetObject, PutObject
    what a run goes by                   segments/runs/<run>/frozen.json            GetObject, PutObject
    what a part came to                  segments/runs/<run>/part-<bucket>.json     GetObject, PutObject
    who is in which segment              segments/runs/<run>/bucket=<nn>.parquet    PutObject
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from socle.aws import Client, translated
from socle.recompute.model import Frozen, Meanings, Part, meanings_of

LATEST = "reports/segments.json"
MEANINGS = "reports/segment-meanings.json"
RUNS_PREFIX = "segments/runs/"
"""Ends after some days."""


class RecomputeStore:
    """The bucket. Raises Unavailable in an outage."""

    def __init__(self, s3: Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def latest(self) -> dict[str, Any] | None:
        """The newest report (model.report); None before the first."""
        found: dict[str, Any] | None = self._read(LATEST)
        return found

    def meanings(self) -> Meanings:
        """What definitions meant under the numbers of their sets."""
        return meanings_of(self._read(MEANINGS) or {})

    def freeze(self, frozen: Frozen) -> None:
        """Keep what a run goes by, and what definitions mean now: first that, so that no number stays unknown."""
        self._write(MEANINGS, json.dumps({str(number): one for number, one in frozen.meanings.items()}))
        self._write(f"{RUNS_PREFIX}{frozen.run}/frozen.json", json.dumps(frozen.to_json()))

    def frozen(self, run: str) -> Frozen:
        """What a run goes by."""
        return Frozen.from_json(self._read(f"{RUNS_PREFIX}{run}/frozen.json"))

    def save(self, run: str, bucket: int, part: Part) -> None:
        """Keep what the part whose first bucket this is came to."""
        self._write(f"{RUNS_PREFIX}{run}/part-{bucket:02}.json", part.to_json())

    def part(self, run: str, bucket: int) -> Part:
        """What a part came to."""
        return Part(**self._read(f"{RUNS_PREFIX}{run}/part-{bucket:02}.json"))

    def save_members(self, run: str, bucket: int, file: Path) -> None:
        """Keep who is in which segment of a bucket."""
        with translated("the bucket"):
            self._s3.put_object(Bucket=self._bucket, Key=f"{RUNS_PREFIX}{run}/bucket={bucket:02}.parquet", Body=file.read_bytes(),
                                ContentType="application/vnd.apache.parquet")

    def publish(self, report: dict[str, Any]) -> None:
        """Make a report the newest one."""
        self._write(LATEST, json.dumps(report))

    def _read(self, key: str) -> Any:
        with translated("the bucket"):
            try:
                return json.loads(self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read())
            except ClientError as error:
                if error.response["Error"]["Code"] == "NoSuchKey":
                    return None
                raise

    def _write(self, key: str, text: str) -> None:
        with translated("the bucket"):
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=text.encode(), ContentType="application/json")
