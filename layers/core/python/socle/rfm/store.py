"""RFM in S3.

    access                              key                                     call
    the newest report                   reports/rfm.json                        GetObject; PutObject If-Match / If-None-Match
    the report of a run                 reports/rfm/<run>.json                  GetObject, PutObject
    the scores of all customers         reports/rfm/<run>.parquet               GetObject, PutObject
    who must be told                    reports/rfm/<run>.changes.parquet       GetObject, PutObject
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from socle.aws import Client, translated
from socle.errors import Conflict

PREFIX = "reports/"
LATEST = f"{PREFIX}rfm.json"
RUNS_PREFIX = f"{PREFIX}rfm/"
"""Ends after some days; the newest report stays."""
_ATTEMPTS = 5


class RfmStore:
    """The bucket. Raises Unavailable in an outage."""

    def __init__(self, s3: Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def latest(self) -> dict[str, Any] | None:
        """The newest report; None before the first."""
        found: dict[str, Any] | None = self._read(LATEST)[0]
        return found

    def report(self, run: str) -> dict[str, Any] | None:
        """The report of a run, which is written when everything else of it is there."""
        found: dict[str, Any] | None = self._read(f"{RUNS_PREFIX}{run}.json")[0]
        return found

    def save(self, run: str, scores: Path, changes: Path, report: dict[str, Any]) -> None:
        """Keep what a run came to, its report last."""
        self._put(f"{RUNS_PREFIX}{run}.parquet", scores.read_bytes(), "application/vnd.apache.parquet")
        self._put(f"{RUNS_PREFIX}{run}.changes.parquet", changes.read_bytes(), "application/vnd.apache.parquet")
        self._put(f"{RUNS_PREFIX}{run}.json", json.dumps(report).encode(), "application/json")

    def publish(self, report: dict[str, Any]) -> None:
        """Make a report the newest one, unless a later one is there. Raises Conflict when others are always faster."""
        for _ in range(_ATTEMPTS):
            found, etag = self._read(LATEST)
            if found is not None and found["at"] >= report["at"]:
                return
            try:
                self._put(LATEST, json.dumps(report).encode(), "application/json",
                          **({"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}))
                return
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (409, 412):
                    raise
        raise Conflict("conflict", "other reports were first each time: try again")

    def fetch_scores(self, run: str, target: Path) -> Path | None:
        """The scores of a run as a file; None when they are there no more."""
        return self._fetch(f"{RUNS_PREFIX}{run}.parquet", target)

    def fetch_changes(self, run: str, target: Path) -> Path | None:
        """Who must be told by a run, as a file."""
        return self._fetch(f"{RUNS_PREFIX}{run}.changes.parquet", target)

    def _fetch(self, key: str, target: Path) -> Path | None:
        with translated("the bucket"):
            try:
                answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if error.response["Error"]["Code"] == "NoSuchKey":
                    return None
                raise
            with target.open("wb") as file:
                for chunk in answer["Body"].iter_chunks(1 << 20):
                    file.write(chunk)
        return target

    def _read(self, key: str) -> tuple[Any, str | None]:
        with translated("the bucket"):
            try:
                answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if error.response["Error"]["Code"] == "NoSuchKey":
                    return None, None
                raise
            return json.loads(answer["Body"].read()), answer["ETag"]

    def _put(self, key: str, body: bytes, kind: str, **condition: str) -> None:
        with translated("the bucket"):
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=kind, **condition)
