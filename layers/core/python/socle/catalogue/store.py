"""The catalogue in S3, and the raw objects that it is made of.

    access                          key                           call
    the days that there are         raw/                          ListObjectsV2 by delimiter
    the objects of a day            raw/dt=<day>/                 ListObjectsV2
    one of them                     its key                       GetObject
    catalogue and progress, both    catalogue/seen.json.gz        GetObject; PutObject If-Match / If-None-Match
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from socle.aws import Client, translated
from socle.catalogue.model import Catalogue
from socle.catalogue.progress import Object, Progress
from socle.errors import Conflict

PREFIX = "catalogue/"
KEY = f"{PREFIX}seen.json.gz"
RAW = "raw/"


class CatalogueStore:
    """The bucket. Raises Unavailable in an outage."""

    def __init__(self, s3: Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def load(self) -> tuple[Catalogue, Progress, str | None]:
        """The catalogue, how far raw objects have been read into it, and the ETag of both; empty ones and None at first."""
        with translated("the bucket"):
            try:
                answer = self._s3.get_object(Bucket=self._bucket, Key=KEY)
            except ClientError as error:
                if error.response["Error"]["Code"] == "NoSuchKey":
                    return Catalogue(), Progress(), None
                raise
            document = json.loads(gzip.decompress(answer["Body"].read()))
        return Catalogue.from_json(document), Progress.from_json(document["progress"]), answer["ETag"]

    def save(self, catalogue: Catalogue, progress: Progress, etag: str | None) -> str:
        """Replace the version with `etag`; answers the new one's. Raises Conflict when that is no longer what is there."""
        document = {**catalogue.to_json(), "progress": progress.to_json()}
        body = gzip.compress(json.dumps(document, separators=(",", ":")).encode(), compresslevel=6, mtime=0)
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        with translated("the catalogue"):
            try:
                return str(self._s3.put_object(Bucket=self._bucket, Key=KEY, Body=body, ContentType="application/gzip",
                                               **condition)["ETag"])
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] in (409, 412):
                    raise Conflict("conflict", "another update of the catalogue was first") from error
                raise

    def days(self) -> list[str]:
        """Every day that has raw objects, as YYYY-MM-DD."""
        return sorted(found["Prefix"][len(f"{RAW}dt="):-1] for page in self._list(Prefix=f"{RAW}dt=", Delimiter="/")
                      for found in page.get("CommonPrefixes", ()))

    def objects(self, day: str) -> list[Object]:
        """The raw objects of a day."""
        return [Object(found["Key"], int(found["LastModified"].timestamp() * 1000))
                for page in self._list(Prefix=f"{RAW}dt={day}/") for found in page.get("Contents", ())]

    def read(self, key: str) -> bytes | None:
        """A raw object; None when it is gone."""
        with translated("the bucket"):
            try:
                return bytes(self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read())
            except ClientError as error:
                if error.response["Error"]["Code"] == "NoSuchKey":
                    return None
                raise

    def _list(self, **asked: Any) -> Iterator[dict[str, Any]]:
        while True:
            with translated("the bucket"):
                answer = self._s3.list_objects_v2(Bucket=self._bucket, **asked)
            yield answer
            if "NextContinuationToken" not in answer:
                return
            asked["ContinuationToken"] = answer["NextContinuationToken"]
