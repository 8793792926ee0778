"""Campaigns in DynamoDB and S3: runs, whose turn it is, when each is due, counts; audiences, chunks, what became of them.

    access                                 key                                                call
    a run                                  `campaign-runs#<campaign>` / `<run>`               GetItem; PutItem over a version
    its state alone                        the same                                           GetItem, one attribute
    a new run that takes its turn          the same and `campaign-turn` / `<campaign>`        TransactWriteItems
    the runs of a campaign, newest first   `campaign-runs#<campaign>`                         Query
    the runs under way                     `campaign-turn` / `<campaign>`                     GetItem, Query; DeleteItem if ours
    when a campaign is due                 `campaign-due` / `<campaign>`                      GetItem; PutItem if unchanged
    counts of a run, of each variant       `campaign-counts#<campaign>#<run>` / `<variant>`   UpdateItem (ADD), Query
    plan, chunks, progress, outcomes       campaigns/<campaign>/<run>/…                       PutObject, GetObject, ListObjectsV2

A forecast takes the turn `<campaign>#forecast`, so that it never holds up a campaign.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from socle.aws import Client, attempts, translated
from socle.campaigns.guard import ONCE
from socle.campaigns.model.run import PAUSED, RUNNING, Run
from socle.errors import Conflict, NotFound
from socle.journeys.model.entry import is_entry_id

_RUNS, _TURN, _DUE, _COUNTS = "campaign-runs", "campaign-turn", "campaign-due", "campaign-counts"
_NO_VARIANT = "-"


class Turn(NamedTuple):
    """Which run of a campaign is under way, as far as is known. `forecast`: of its forecasts."""

    campaign: str
    forecast: bool
    run: str


class RunStore:
    """The definitions table, where runs are kept. Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def load(self, campaign: str, id_: str) -> Run:
        """A run. Raises NotFound(`unknown_run`)."""
        item = self._get(f"{_RUNS}#{campaign}", id_)
        if item is None:
            raise NotFound("unknown_run", f"there is no such run: GET /api/campaigns/{campaign}/runs lists them", "run")
        return Run.from_row(json.loads(item["document"]["S"]))

    def state(self, campaign: str, id_: str) -> str:
        """The state of a run; "" of one that is not there."""
        item = self._brief(campaign, id_)
        return str(item["state"]["S"]) if item else ""

    def is_sending(self, campaign: str, id_: str, attempt: int) -> bool:
        """Whether a run goes on, by this execution of its workflow: who was paused and resumed is not sent by two. Whoever sends
        asks before each batch."""
        item = self._brief(campaign, id_)
        return item is not None and item["state"]["S"] == RUNNING and int(item["attempt"]["N"]) == attempt

    def save(self, run: Run) -> None:
        """Write a run over the version before it; version 1 is a new one. Raises Conflict."""
        with translated("the campaign"):
            self._dynamodb.put_item(TableName=self._table, Item=_item(run), **_over(run))

    def begin(self, run: Run, after: str | None) -> None:
        """Write a run, a new one or over the version before it, that takes its campaign's turn in the place of the run `after`,
        both or neither. Raises Conflict."""
        guard: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(PK)"}
        if after is not None:
            guard = {"ConditionExpression": "#run = :after", "ExpressionAttributeNames": {"#run": "run"},
                     "ExpressionAttributeValues": {":after": {"S": after}}}
        turn = {**_key(_TURN, _turn(run.campaign, run.is_forecast)), "run": {"S": run.id}}
        with translated("the campaign"):
            self._dynamodb.transact_write_items(TransactItems=[
                {"Put": {"TableName": self._table, "Item": turn, **guard}},
                {"Put": {"TableName": self._table, "Item": _item(run), **_over(run)}}])

    def change(self, campaign: str, id_: str, what: Any) -> Run:
        """Save what `what(run)` makes of a run, again if somebody else wrote meanwhile; None leaves it as it is. Answers the run
        as it is then. Raises NotFound, Conflict when others keep writing, and what `what` raises."""
        for _ in attempts():
            run = self.load(campaign, id_)
            after: Run | None = what(run)
            if after is None:
                return run
            try:
                self.save(after)
                return after
            except Conflict as error:
                lost = error
        raise lost

    def pause(self, campaign: str, id_: str, reason: str, at: int, by: str = "guard") -> bool:
        """Let a run that is sending send no more, whoever found out why; whether this call did it. An unknown run is none."""
        def paused(run: Run) -> Run | None:
            if run.state != RUNNING or run.is_forecast:
                return None
            if reason in ONCE and any((state, why) == (PAUSED, reason) for state, _, _, why in run.history):
                return None  # somebody has resumed it all the same
            return run.become(PAUSED, at, by, reason)
        try:
            before = self.load(campaign, id_).version
            after = self.change(campaign, id_, paused)
        except NotFound:
            return False
        return after.version > before and after.state == PAUSED and after.history[-1] == (PAUSED, at, by, reason)

    def page(self, campaign: str, limit: int, before: str | None, forecasts: bool = False) -> list[Run]:
        """Up to `limit` runs, or forecasts, older than the id `before`, newest first."""
        # Ids of forecasts begin with f, others with a digit.
        low, high = ("f", before or "g") if forecasts else ("0", before or "a")
        with translated("the campaigns"):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table, ScanIndexForward=False, ConsistentRead=True,
                KeyConditionExpression="PK = :pk AND SK BETWEEN :low AND :high", PaginationConfig={
                    "MaxItems": limit + 1, "PageSize": limit + 1},
                ExpressionAttributeValues={":pk": {"S": f"{_RUNS}#{campaign}"}, ":low": {"S": low}, ":high": {"S": high}})
            found = [Run.from_row(json.loads(item["document"]["S"])) for page in pages for item in page["Items"]]
        return [run for run in found if run.id != before][:limit]

    def turn(self, campaign: str, forecast: bool = False) -> str | None:
        """The run that is under way, as far as is known."""
        item = self._get(_TURN, _turn(campaign, forecast))
        return str(item["run"]["S"]) if item else None

    def turns(self) -> list[Turn]:
        """Of all campaigns."""
        with translated("the campaigns"):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table, ConsistentRead=True, KeyConditionExpression="PK = :pk",
                ExpressionAttributeValues={":pk": {"S": _TURN}})
            items = [item for page in pages for item in page["Items"]]
        return [Turn(name.removesuffix("#forecast"), name.endswith("#forecast"), item["run"]["S"])
                for item in items for name in (item["SK"]["S"],)]

    def end_turn(self, run: Run) -> None:
        """Let the next run begin."""
        try:
            with translated("the campaign"):
                self._dynamodb.delete_item(
                    TableName=self._table, Key=_key(_TURN, _turn(run.campaign, run.is_forecast)),
                    ConditionExpression="#run = :run", ExpressionAttributeNames={"#run": "run"},
                    ExpressionAttributeValues={":run": {"S": run.id}})
        except Conflict:
            pass  # it is another run's, or nobody's

    def due(self, campaign: str) -> tuple[str, int] | None:
        """(the schedule, when it is due next in epoch ms), as last written."""
        item = self._get(_DUE, campaign)
        return (item["schedule"]["S"], int(item["due"]["N"])) if item else None

    def set_due(self, campaign: str, schedule: str, due: int, before: int | None) -> None:
        """Write when a campaign is due next, over what was due `before`. Raises Conflict."""
        guard: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(PK)"}
        if before is not None:
            guard = {"ConditionExpression": "due = :before", "ExpressionAttributeValues": {":before": {"N": str(before)}}}
        with translated("the campaign"):
            self._dynamodb.put_item(TableName=self._table, Item={
                **_key(_DUE, campaign), "schedule": {"S": schedule}, "due": {"N": str(due)}}, **guard)

    def _brief(self, campaign: str, id_: str) -> dict[str, Any] | None:
        with translated("the campaign"):
            item: dict[str, Any] | None = self._dynamodb.get_item(
                TableName=self._table, ConsistentRead=True, Key=_key(f"{_RUNS}#{campaign}", id_),
                ProjectionExpression="#state, attempt", ExpressionAttributeNames={"#state": "state"}).get("Item")
        return item

    def _get(self, partition: str, sort: str) -> dict[str, Any] | None:
        with translated("the campaign"):
            item: dict[str, Any] | None = self._dynamodb.get_item(
                TableName=self._table, ConsistentRead=True, Key=_key(partition, sort)).get("Item")
        return item


class Counters:
    """What a run comes to while it is under way, by variant: for the guard and for choosing a winner. A retry may count twice,
    so reports do not use them. Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def add(self, campaign: str, run: str, counts: Mapping[tuple[str, str], int]) -> dict[str, int]:
        """Add to (variant, metric); answers metric → total of the run, over all variants. Of messages of journeys, whose run is
        an entry, nothing is counted here: each entry would have counts of its own, for ever."""
        if is_entry_id(run):
            return {}
        by_variant: dict[str, dict[str, int]] = {}
        for (variant, metric), number in counts.items():
            if number:
                by_variant.setdefault(variant, {})[metric] = number
        for variant, metrics in by_variant.items():
            names = {f"#m{place}": metric for place, metric in enumerate(metrics)}
            values = {f":n{place}": {"N": str(number)} for place, number in enumerate(metrics.values())}
            with translated("the counts"):
                self._dynamodb.update_item(
                    TableName=self._table, Key=_key(f"{_COUNTS}#{campaign}#{run}", variant or _NO_VARIANT),
                    UpdateExpression="ADD " + ", ".join(f"#m{place} :n{place}" for place in range(len(metrics))),
                    ExpressionAttributeNames=names, ExpressionAttributeValues=values)
        totals: dict[str, int] = {}
        for metrics in self.load(campaign, run).values():
            for metric, number in metrics.items():
                totals[metric] = totals.get(metric, 0) + number
        return totals

    def load(self, campaign: str, run: str) -> dict[str, dict[str, int]]:
        """Variant → metric → messages."""
        with translated("the counts"):
            items = self._dynamodb.query(
                TableName=self._table, ConsistentRead=True, KeyConditionExpression="PK = :pk",
                ExpressionAttributeValues={":pk": {"S": f"{_COUNTS}#{campaign}#{run}"}})["Items"]
        return {"" if item["SK"]["S"] == _NO_VARIANT else item["SK"]["S"]: {
            name: int(value["N"]) for name, value in item.items() if name not in ("PK", "SK")} for item in items}


class RunFiles:
    """The bucket. Raises Unavailable in an outage."""

    def __init__(self, s3: Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def read(self, key: str) -> bytes | None:
        """An object whole; None when it is not there."""
        with translated("the bucket"):
            try:
                return bytes(self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read())
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
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=kind)

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        """The keys that begin with `prefix`, those after the key `after`, in order."""
        start = {"StartAfter": after} if after else {}
        with translated("the bucket"):
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix, **start):
                yield from (one["Key"] for one in page.get("Contents", ()))

    def all(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """(key, object) of those that are there."""
        for key in keys:
            data = self.read(key)
            if data is not None:
                yield key, data


def _key(partition: str, sort: str) -> dict[str, Any]:
    return {"PK": {"S": partition}, "SK": {"S": sort}}


def _turn(campaign: str, forecast: bool) -> str:
    return f"{campaign}#forecast" if forecast else campaign


def _item(run: Run) -> dict[str, Any]:
    return {**_key(f"{_RUNS}#{run.campaign}", run.id), "version": {"N": str(run.version)}, "state": {"S": run.state},
            "attempt": {"N": str(run.attempt)},
            "document": {"S": json.dumps(run.to_row())}}


def _over(run: Run) -> dict[str, Any]:
    if run.version == 1:
        return {"ConditionExpression": "attribute_not_exists(PK)"}
    return {"ConditionExpression": "version = :before", "ExpressionAttributeValues": {":before": {"N": str(run.version - 1)}}}
