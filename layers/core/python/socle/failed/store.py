"""Batches that Lambda gave up, as it leaves them in S3: one object each, by shard, oldest first when listed.

    access        key                                                                      call
    list          `aws/lambda/`                                                            ListObjectsV2
    read          `aws/lambda/<mapping>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<uuid>`     GetObject, its beginning or all
    take away     the same                                                                 DeleteObject

Lambda fixes the names (developer guide, "Retain discarded batch records for a Kinesis Data Streams event source"). An
id is what follows the prefix. Objects never change, so nothing is conditional.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from socle.aws import Client, translated

PREFIX = "aws/lambda/"


class FailedStore:
    """The given-up batches of one bucket. Raises Unavailable in an outage."""

    def __init__(self, client: Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def ids(self, after: str = "") -> Iterator[str]:
        """The ids behind `after`, in order."""
        request = {"Bucket": self._bucket, "Prefix": PREFIX, "StartAfter": PREFIX + after}
        pages = iter(self._client.get_paginator("list_objects_v2").paginate(**request))
        while page := self._next(pages):
            for entry in page.get("Contents", []):
                if not entry["Key"].endswith("/"):  # the S3 console marks a folder so
                    yield entry["Key"][len(PREFIX):]

    def load(self, identifier: str, size: int | None = None) -> bytes | None:
        """The object, or its first `size` bytes; None when it is gone."""
        only: dict[str, str] = {} if size is None else {"Range": f"bytes=0-{size - 1}"}
        with translated("what was given up"):
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=PREFIX + identifier, **only)
                data: bytes = found["Body"].read()
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code")
                if code == "NoSuchKey":
                    return None
                if code == "InvalidRange":  # an empty object has no first byte
                    return b""
                raise
        return data

    def delete(self, identifier: str) -> None:
        """Take the object away; that it is gone already is as good."""
        with translated("what was given up"):
            self._client.delete_object(Bucket=self._bucket, Key=PREFIX + identifier)

    @staticmethod
    def _next(pages: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
        with translated("what was given up"):
            return next(pages, None)
