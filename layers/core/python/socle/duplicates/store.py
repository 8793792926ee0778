"""Candidates beside the definitions, and the papers of a run in S3.

    access                                    key                                           call
    one candidate, or many                    `duplicates#<left>` / `<right>`               BatchGetItem, 100 a call
    the candidates of a profile               `duplicates#<profile>`                        Query
    the queue of a state, most probable first `duplicate-queue#<state>` / `<rank>#<pair>`   Query
    write a candidate                         all of its rows                               TransactWriteItems on its revision
    delete a candidate                        all of its rows                               TransactWriteItems on its revision
    what the last run came to                 `duplicate-runs` / `latest`                   PutItem, GetItem
    people as they are compared, by part      duplicate-runs/<run>/people/<part>.ndjson.gz  PutObject, GetObject, DeleteObject
    what a run goes by, and what it proposes  duplicate-runs/<run>/<name>.json.gz           PutObject, GetObject

A candidate has three rows: itself under its left profile, a pointer under the right one, and its place in the queue.
They stand beside the definitions: a replay that fills another table for profiles must not forget what people decided.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from socle.aws import Client, attempts, translated
from socle.duplicates.model import Candidate, Level, Pair, Person
from socle.errors import Unavailable

RUNS_PREFIX = "duplicate-runs/"
_BATCH = 100
_MOST = 5_000
"""Above every match weight: the queue sorts by what is left of it."""


class CandidateStore:
    """The candidates. Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def load(self, ids: Iterable[str]) -> dict[str, Candidate]:
        """Those of the candidates that there are, by id."""
        rest, found = iter(dict.fromkeys(ids)), {}
        while chunk := list(islice(rest, _BATCH)):
            keys = [_key(*pair.split("-")) for pair in chunk]
            for _ in attempts():
                with translated("the candidates"):
                    answer = self._dynamodb.batch_get_item(RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}})
                for item in answer["Responses"].get(self._table, ()):
                    if "candidate" in item:
                        candidate = _read(item)
                        found[candidate.id] = candidate
                keys = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
                if not keys:
                    break
            else:
                raise Unavailable("throttled", "the candidates are throttled: try again later")
        return found

    def of_profile(self, profile: str) -> list[str]:
        """The ids of the candidates that a profile is in."""
        return ["-".join(sorted((profile, item["SK"]["S"]))) for item in self._query(
            KeyConditionExpression="PK = :pk", ExpressionAttributeValues={":pk": {"S": f"duplicates#{profile}"}},
            ProjectionExpression="SK")]

    def page(self, state: str, limit: int, after: str | None = None) -> list[tuple[str, Candidate]]:
        """Up to `limit` candidates of a state with their places, those whose place comes after `after`; most probable first."""
        with translated("the candidates"):
            answer = self._dynamodb.query(
                TableName=self._table, Limit=limit, ConsistentRead=True, KeyConditionExpression="PK = :pk AND SK > :after",
                ExpressionAttributeValues={":pk": {"S": f"duplicate-queue#{state}"}, ":after": {"S": after or " "}})
        return [(item["SK"]["S"], _read(item)) for item in answer["Items"]]

    def ids(self, state: str) -> list[str]:
        """The ids of all candidates of a state."""
        return [item["SK"]["S"].partition("#")[2] for item in self._query(
            KeyConditionExpression="PK = :pk", ExpressionAttributeValues={":pk": {"S": f"duplicate-queue#{state}"}},
            ProjectionExpression="SK")]

    def save(self, candidate: Candidate, before: Candidate | None = None) -> None:
        """Write a candidate in place of `before`. Raises Conflict when another writer was first."""
        pair = candidate.pair
        place, guard = _place(candidate), _guard(before)
        row = _write(candidate)
        actions: list[dict[str, Any]] = [
            {"Put": {"TableName": self._table, "Item": {**_key(pair.left, pair.right), **row}, **guard}},
            {"Put": {"TableName": self._table, "Item": {**place, **row}}}]
        if before is None:
            actions.append({"Put": {"TableName": self._table, "Item": _key(pair.right, pair.left)}})
        elif _place(before) != place:
            actions.append({"Delete": {"TableName": self._table, "Key": _place(before)}})
        with translated("the candidate"):
            self._dynamodb.transact_write_items(TransactItems=actions)

    def delete(self, candidate: Candidate) -> None:
        """Delete a candidate as it was read. Raises Conflict when another writer was first."""
        pair = candidate.pair
        guard = _guard(candidate)
        keys: list[tuple[dict[str, Any], dict[str, Any]]] = [
            (_key(pair.left, pair.right), guard), (_key(pair.right, pair.left), {}), (_place(candidate), {})]
        with translated("the candidate"):
            self._dynamodb.transact_write_items(TransactItems=[
                {"Delete": {"TableName": self._table, "Key": key, **condition}} for key, condition in keys])

    def save_report(self, report: dict[str, Any]) -> None:
        """Keep what a run came to as that of the last one."""
        with translated("the report"):
            self._dynamodb.put_item(TableName=self._table, Item={**_REPORT, "report": {"S": json.dumps(report)}})

    def report(self) -> dict[str, Any] | None:
        """What the last run came to; None before the first."""
        with translated("the report"):
            item = self._dynamodb.get_item(TableName=self._table, Key=_REPORT).get("Item")
        return dict(json.loads(item["report"]["S"])) if item else None

    def _query(self, **request: Any) -> list[dict[str, Any]]:
        with translated("the candidates"):
            pages = self._dynamodb.get_paginator("query").paginate(TableName=self._table, ConsistentRead=True, **request)
            return [item for page in pages for item in page["Items"]]


class RunStore:
    """The papers of a run. Raises Unavailable in an outage."""

    def __init__(self, s3: Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def save(self, run: str, name: str, document: Any) -> None:
        """Keep a document of a run."""
        self._put(f"{RUNS_PREFIX}{run}/{name}.json.gz", json.dumps(document, separators=(",", ":")).encode())

    def load(self, run: str, name: str) -> Any:
        """A document of a run."""
        return json.loads(gzip.decompress(self._get(f"{RUNS_PREFIX}{run}/{name}.json.gz")))

    def save_people(self, run: str, part: int, people: Iterable[Person]) -> int:
        """Keep people as they are compared; answers how many they are."""
        lines = [json.dumps(person._asdict(), ensure_ascii=False, separators=(",", ":")) for person in people]
        self._put(_people(run, part), "\n".join(lines).encode())
        return len(lines)

    def load_people(self, run: str, part: int) -> bytes:
        """NDJSON, compressed by gzip."""
        return self._get(_people(run, part))

    def delete_people(self, run: str, parts: Sequence[int]) -> None:
        """Their values are needed no more."""
        for part in parts:
            with translated("the bucket"):
                self._s3.delete_object(Bucket=self._bucket, Key=_people(run, part))

    def _put(self, key: str, data: bytes) -> None:
        with translated("the bucket"):
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=gzip.compress(data, compresslevel=4, mtime=0))

    def _get(self, key: str) -> bytes:
        with translated("the bucket"):
            return bytes(self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read())


_REPORT = {"PK": {"S": "duplicate-runs"}, "SK": {"S": "latest"}}


def _people(run: str, part: int) -> str:
    return f"{RUNS_PREFIX}{run}/people/{part}.ndjson.gz"


def _key(profile: str, other: str) -> dict[str, Any]:
    return {"PK": {"S": f"duplicates#{profile}"}, "SK": {"S": other}}


def _guard(before: Candidate | None) -> dict[str, Any]:
    if before is None:
        return {"ConditionExpression": "attribute_not_exists(PK)"}
    return {"ConditionExpression": "v = :was", "ExpressionAttributeValues": {":was": {"N": str(before.revision)}}}


def _place(candidate: Candidate) -> dict[str, Any]:
    rank = round((_MOST - candidate.pair.weight) * 100)
    return {"PK": {"S": f"duplicate-queue#{candidate.state}"}, "SK": {"S": f"{rank:08}#{candidate.id}"}}


def _write(candidate: Candidate) -> dict[str, Any]:
    document = [*candidate.pair, candidate.state, candidate.found, candidate.decided, candidate.by]
    return {"candidate": {"S": json.dumps(document, separators=(",", ":"))}, "v": {"N": str(candidate.revision)}}


def _read(item: Any) -> Candidate:
    *pair, state, found, decided, by = json.loads(item["candidate"]["S"])
    return Candidate(pair_of(pair), state, found, decided, by, int(item["v"]["N"]))


def pair_of(row: Sequence[Any]) -> Pair:
    """A pair that went through JSON."""
    left, right, versions, probability, weight, levels, certain = row
    return Pair(left, right, (versions[0], versions[1]), probability, weight, tuple(Level(*level) for level in levels), certain)
