"""Erasure markers in S3: small, kept for ever, read only by a replay.

    access                      key                              call
    keep a marker               erasures/<profile id>.json       PutObject; the same person's marker again is the same object
"""

from __future__ import annotations

import json

from socle.aws import Client, translated
from socle.erasures.model import Erasure

PREFIX = "erasures/"


class ErasureStore:
    """Raises Unavailable in an outage."""

    def __init__(self, s3: Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def save(self, erasure: Erasure) -> None:
        """Keep the marker of a person."""
        with translated("the bucket"):
            self._s3.put_object(Bucket=self._bucket, Key=f"{PREFIX}{erasure.profiles[0]}.json",
                                Body=json.dumps(erasure.to_json()).encode(), ContentType="application/json")
