"""Exports in DynamoDB and S3: runs, whose turn it is, when each is due; files, plans, and what the next delta compares with.

    access                                key                                               call
    a run                                 `export-runs#<export>` / `<run>`                  GetItem; PutItem over a version
    the runs of an export, newest first   `export-runs#<export>`                            Query
    the run under way                     `export-turn` / `<export>`                        GetItem; PutItem, DeleteItem if ours
    when an export is due                 `export-due` / `<export>`                         GetItem; PutItem if unchanged
    files of a run, its manifest          exports/<export>/<run>/…                          PutObject, GetObject
    what the workflow keeps of a run      exports/<export>/<run>/_…                         PutObject, GetObject
    the last finished run                 exports/<export>/latest.json                      PutObject
    state of the last delta               export-state/<export>/<run>/…                     PutObject, GetObject, DeleteObject
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from socle.aws import Client, translated
from socle.errors import Conflict, NotFound
from socle.exports.model.run import Run

GOOD_FOR = 3_600
"""Seconds for which a link to download is good."""
_RUNS, _TURN, _DUE = "export-runs", "export-turn", "export-due"


class RunStore:
    """The definitions table, where runs are kept. Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def load(self, export: str, id_: str) -> Run:
        """A run. Raises NotFound(`unknown_run`)."""
        item = self._get(f"{_RUNS}#{export}", id_)
        if item is None:
            raise NotFound("unknown_run", f"there is no such run: GET /api/exports/{export}/runs lists them", "run")
        return Run(**json.loads(item["document"]["S"]))

    def save(self, run: Run) -> None:
        """Write a run over the version before it; version 1 is a new one. Raises Conflict."""
        guard: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(PK)"}
        if run.version > 1:
            guard = {"ConditionExpression": "version = :before",
                     "ExpressionAttributeValues": {":before": {"N": str(run.version - 1)}}}
        self._put(f"{_RUNS}#{run.export}", run.id, {"version": {"N": str(run.version)},
                                                    "document": {"S": json.dumps(run.to_row())}}, guard)

    def page(self, export: str, limit: int, before: str | None) -> list[Run]:
        """Up to `limit` runs older than the id `before`, newest first."""
        with translated("the exports"):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table, ScanIndexForward=False, ConsistentRead=True,
                KeyConditionExpression="PK = :pk AND SK < :before",
                ExpressionAttributeValues={":pk": {"S": f"{_RUNS}#{export}"}, ":before": {"S": before or "~"}},
                PaginationConfig={"MaxItems": limit, "PageSize": limit})
            return [Run(**json.loads(item["document"]["S"])) for page in pages for item in page["Items"]]

    def turn(self, export: str) -> str | None:
        """The run that is under way, as far as is known."""
        item = self._get(_TURN, export)
        return str(item["run"]["S"]) if item else None

    def take_turn(self, export: str, id_: str, after: str | None) -> None:
        """Let a run be the one under way, in the place of `after`. Raises Conflict when another one is."""
        guard: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(PK)"}
        if after is not None:
            guard = {"ConditionExpression": "run = :after", "ExpressionAttributeValues": {":after": {"S": after}}}
        self._put(_TURN, export, {"run": {"S": id_}}, guard)

    def end_turn(self, export: str, id_: str) -> None:
        """Let the next run begin."""
        try:
            with translated("the export"):
                self._dynamodb.delete_item(
                    TableName=self._table, Key={"PK": {"S": _TURN}, "SK": {"S": export}},
                    ConditionExpression="run = :run", ExpressionAttributeValues={":run": {"S": id_}})
        except Conflict:
            pass  # it is another run's, or nobody's

    def due(self, export: str) -> tuple[str, int] | None:
        """(the schedule, when it is due next in epoch ms), as last written."""
        item = self._get(_DUE, export)
        return (item["schedule"]["S"], int(item["due"]["N"])) if item else None

    def set_due(self, export: str, schedule: str, due: int, before: int | None) -> None:
        """Write when an export is due next, over what was due `before`. Raises Conflict."""
        guard: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(PK)"}
        if before is not None:
            guard = {"ConditionExpression": "due = :before", "ExpressionAttributeValues": {":before": {"N": str(before)}}}
        self._put(_DUE, export, {"schedule": {"S": schedule}, "due": {"N": str(due)}}, guard)

    def _get(self, partition: str, sort: str) -> dict[str, Any] | None:
        with translated("the export"):
            item: dict[str, Any] | None = self._dynamodb.get_item(
                TableName=self._table, ConsistentRead=True, Key={"PK": {"S": partition}, "SK": {"S": sort}}).get("Item")
        return item

    def _put(self, partition: str, sort: str, content: dict[str, Any], guard: dict[str, Any]) -> None:
        with translated("the export"):
            self._dynamodb.put_item(TableName=self._table, Item={"PK": {"S": partition}, "SK": {"S": sort}, **content}, **guard)


class ExportFiles:
    """The bucket. Raises Unavailable in an outage."""

    def __init__(self, s3: Client, bucket: str) -> None:
        self._s3 = s3
        self.bucket = bucket

    def read(self, key: str) -> bytes | None:
        """An object whole; None when it is not there."""
        with translated("the bucket"):
            try:
                return bytes(self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchKey":
                    raise
        return None

    def read_json(self, key: str) -> Any:
        """An object of JSON; None when it is not there."""
        data = self.read(key)
        return None if data is None else json.loads(data)

    def write(self, key: str, data: bytes, kind: str = "application/json") -> None:
        """Write an object, whatever was there."""
        with translated("the bucket"):
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=data, ContentType=kind)

    def upload(self, path: Path, key: str, kind: str) -> None:
        """Write a file, of at most 5 GB, whatever was there."""
        with translated("the bucket"), path.open("rb") as file:
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=file, ContentType=kind)

    def download(self, key: str, path: Path) -> Path:
        """Copy an object to the disk. Raises NotFound(`file_gone`)."""
        with translated("the bucket"):
            try:
                body = self._s3.get_object(Bucket=self.bucket, Key=key)["Body"]
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchKey":
                    raise
                raise NotFound("file_gone", f"{key} is not there any more: run the export again") from error
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                for chunk in body.iter_chunks(1 << 20):
                    file.write(chunk)
        return path

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; those that are not there are fine."""
        for key in keys:
            with translated("the bucket"):
                self._s3.delete_object(Bucket=self.bucket, Key=key)

    def download_link(self, key: str) -> str:
        """A URL that answers the object for GOOD_FOR seconds."""
        name = key.rpartition("/")[2]
        return self._link("get_object", {"Key": key, "ResponseContentDisposition": f'attachment; filename="{name}"'})

    def _link(self, operation: str, asked: dict[str, Any], seconds: int = GOOD_FOR) -> str:
        return str(self._s3.generate_presigned_url(operation, Params={"Bucket": self.bucket, **asked}, ExpiresIn=seconds))
