"""Assets in S3, under a prefix of their own.

    access                 key               call
    write, read, delete    assets/<name>     PutObject, GetObject, HeadObject, DeleteObject
    all, by name           assets/           ListObjectsV2
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from socle.assets.model import NAME, Asset, media_type
from socle.aws import Client, translated

PREFIX = "assets/"
_GONE = {"NoSuchKey", "404", "NotFound"}


class AssetStore:
    """The bucket. Raises Unavailable in an outage."""

    def __init__(self, s3: Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, name: str, data: bytes) -> None:
        """Write an asset, whatever was there."""
        with translated("the asset"):
            self._s3.put_object(Bucket=self._bucket, Key=PREFIX + name, Body=data, ContentType=media_type(name))

    def read(self, name: str) -> bytes | None:
        """The bytes; None for a name that there is none of, also one that no asset can have."""
        if not NAME.fullmatch(name):
            return None
        with translated("the asset"):
            try:
                return bytes(self._s3.get_object(Bucket=self._bucket, Key=PREFIX + name)["Body"].read())
            except ClientError as error:
                if error.response["Error"]["Code"] not in _GONE:
                    raise
        return None

    def find(self, name: str) -> Asset | None:
        """What is known of an asset."""
        if not NAME.fullmatch(name):
            return None
        with translated("the asset"):
            try:
                found = self._s3.head_object(Bucket=self._bucket, Key=PREFIX + name)
            except ClientError as error:
                if error.response["Error"]["Code"] not in _GONE:
                    raise
                return None
        return Asset(name, int(found["ContentLength"]), round(found["LastModified"].timestamp() * 1000))

    def delete(self, name: str) -> None:
        """Delete an asset; one that is not there is fine."""
        with translated("the asset"):
            self._s3.delete_object(Bucket=self._bucket, Key=PREFIX + name)

    def page(self, limit: int, after: str | None = None) -> tuple[list[Asset], bool]:
        """Up to `limit` assets whose names come after `after`, by name; whether there are more."""
        more = {"StartAfter": PREFIX + after} if after else {}
        with translated("the assets"):
            answer = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=PREFIX, MaxKeys=limit, **more)
        found = [Asset(one["Key"].removeprefix(PREFIX), int(one["Size"]), round(one["LastModified"].timestamp() * 1000))
                 for one in answer.get("Contents", ())]
        return found, bool(answer.get("IsTruncated"))
