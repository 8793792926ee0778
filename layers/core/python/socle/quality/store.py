"""Surveys in S3.

    access                          key                                              call
    the newest survey, with trend   quality/latest.json                              GetObject; PutObject If-Match / If-None-Match
    the survey of a day             quality/dt=<day>.json                            PutObject, GetObject
    what a run is about             quality-runs/<run>/plan.json                     PutObject, GetObject
    what a part came to             quality-runs/<run>/<segment>.json                PutObject, GetObject
    events that a part decided on   quality-runs/<run>/<segment>-<n>.ndjson.gz       PutObject, GetObject
    what a run came to              quality-runs/<run>/sum.json                      PutObject, GetObject
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

from socle.aws import Client, translated
from socle.errors import Conflict
from socle.events.model import Event

PREFIX = "quality/"
RUNS_PREFIX = "quality-runs/"
"""Apart, because it ends after some days: what a clean-up changed is people's data."""
LATEST = f"{PREFIX}latest.json"


class QualityStore:
    """The bucket. Raises Unavailable in an outage."""

    def __init__(self, s3: Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def latest(self) -> tuple[dict[str, Any] | None, str | None]:
        """The newest survey and its ETag; (None, None) before the first."""
        return self._read(LATEST)

    def of_day(self, day: str) -> dict[str, Any] | None:
        """The last survey of a day (YYYY-MM-DD), if there was one."""
        found: dict[str, Any] | None = self._read(f"{PREFIX}dt={day}.json")[0]
        return found

    def filled(self) -> tuple[dict[str, int], int]:
        """(trait → profiles that have it, profiles) of the newest survey; ({}, 0) before the first."""
        found, _ = self.latest()
        return (found["traits"], found["people"] + found["anonymous"]) if found else ({}, 0)

    def save_survey(self, document: dict[str, Any], trend: dict[str, Any], etag: str | None) -> None:
        """Keep a survey, as that of its day and as the newest one in place of that with `etag`. Raises Conflict."""
        self._write(f"{PREFIX}dt={document['day']}.json", document)
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        with translated("the newest survey"):
            try:
                self._s3.put_object(Bucket=self._bucket, Key=LATEST, Body=json.dumps(trend).encode(),
                                    ContentType="application/json", **condition)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] in (409, 412):
                    raise Conflict("conflict", "another survey was first: read it and try again") from error
                raise

    def save(self, run: str, name: str, document: Any) -> None:
        """Keep a document of a run."""
        self._write(f"{RUNS_PREFIX}{run}/{name}.json", document)

    def load(self, run: str, name: str) -> Any:
        """A document of a run, or None."""
        return self._read(f"{RUNS_PREFIX}{run}/{name}.json")[0]

    def save_events(self, run: str, name: str, events: Iterable[Event]) -> None:
        """Keep events that a run is about to send."""
        lines = "\n".join(json.dumps(event.to_row(), separators=(",", ":")) for event in events)
        with translated("the bucket"):
            self._s3.put_object(Bucket=self._bucket, Key=f"{RUNS_PREFIX}{run}/{name}.ndjson.gz",
                                Body=gzip.compress(lines.encode(), compresslevel=4, mtime=0))

    def load_events(self, run: str, name: str) -> list[Event]:
        """What `save_events` kept."""
        with translated("the bucket"):
            data = self._s3.get_object(Bucket=self._bucket, Key=f"{RUNS_PREFIX}{run}/{name}.ndjson.gz")["Body"].read()
        return [Event.from_row(json.loads(line)) for line in gzip.decompress(data).decode().splitlines()]

    def _read(self, key: str) -> tuple[Any, str | None]:
        with translated("the bucket"):
            try:
                answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if error.response["Error"]["Code"] == "NoSuchKey":
                    return None, None
                raise
            return json.loads(answer["Body"].read()), answer["ETag"]

    def _write(self, key: str, document: Any) -> None:
        with translated("the bucket"):
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=json.dumps(document).encode(), ContentType="application/json")
