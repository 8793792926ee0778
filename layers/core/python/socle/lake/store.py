"""The raw objects in S3: written once, never changed.

    access                    key                                                          call
    keep a batch              raw/dt=<day>/<shard>-<first>-<last>-<hash>.ndjson.gz         PutObject, If-None-Match: *
    keep what moves           raw/dt=<day>/unmerge-<profile>-<version>.ndjson.gz           PutObject, If-None-Match: *
"""

from __future__ import annotations

from collections.abc import Iterable

from botocore.exceptions import ClientError

from socle.aws import Client, translated
from socle.events.model import Event
from socle.iso import to_iso
from socle.lake.raw import encode_moved

PREFIX = "raw/"


class RawStore:
    """Raises Unavailable in an outage."""

    def __init__(self, s3: Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def save(self, batch: str, arrival: int, data: bytes) -> None:
        """Keep a batch that arrived at `arrival` (epoch ms); one that is there already stays as it is."""
        with translated("the bucket"):
            try:
                self._s3.put_object(Bucket=self._bucket, Key=f"{PREFIX}dt={to_iso(arrival)[:10]}/{batch}.ndjson.gz", Body=data,
                                    IfNoneMatch="*", ContentType="application/x-ndjson", ContentEncoding="gzip")
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 412:  # 412: it is there
                    raise

    def save_moved(self, name: str, now: int, moved: Iterable[tuple[str, str, Event]]) -> None:
        """Keep what an unmerge moves, (from, to, event), at `now` (epoch ms)."""
        self.save(name, now, encode_moved(moved))
