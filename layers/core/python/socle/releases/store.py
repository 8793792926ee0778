"""Releases of journeys in DynamoDB, S3 and Step Functions.

    access                              key                                              call
    how a journey stands                `journey-releases` / `<name>`                    GetItem; PutItem over a revision
    one release                         `journey-releases` / `<name>#V#<8 digits>`       GetItem; PutItem
    all releases and how they stand     `journey-releases`                               Query
    the releases of one journey         the same, begins with `<name>#V#`                Query, consistent
    publish                             both rows                                        TransactWriteItems
    what a release froze                journeys/<name>/<version>/<digest>.json          PutObject, GetObject
    its state machine                   by its name                                      CreateStateMachine, UpdateStateMachine,
                                                                                         DeleteStateMachine
    let somebody go on who is parked    by the token                                     SendTaskSuccess
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from socle.aws import Client, translated
from socle.errors import Conflict, Rejected
from socle.journeys.model.release import LIVE, Release

_ALL = "journey-releases"
_ATTEMPTS = 5
_DEAD_TOKENS = frozenset(("TaskDoesNotExist", "TaskTimedOut", "InvalidToken"))


class Standing(NamedTuple):
    """How a journey stands.

    version   of its newest release, 0 before there is one
    state     see socle.journeys.model.release
    stopped   when it was stopped last, epoch ms; 0: never
    revision  counts the changes of this row
    """

    version: int = 0
    state: str = LIVE
    stopped: int = 0
    revision: int = 0


class ReleaseStore:
    """The definitions table, where releases are kept. Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def standing(self, name: str) -> Standing:
        """How the journey stands; version 0 when it was never published."""
        item = self._get(name)
        return _standing(item) if item else Standing()

    def load(self, name: str, version: int) -> Release | None:
        """One release; None when there is none (any more)."""
        item = self._get(_key_of(name, version))
        return _release(name, version, item, self.standing(name)) if item else None

    def of(self, name: str) -> list[Release]:
        """The releases of a journey, newest first."""
        items = self._query(ConsistentRead=True, KeyConditionExpression="PK = :pk AND begins_with(SK, :name)",
                            ExpressionAttributeValues={":pk": {"S": _ALL}, ":name": {"S": f"{name}#V#"}})
        standing = self.standing(name)
        return [_release(name, _version_of(item), item, standing) for item in reversed(items)]

    def all(self) -> list[Release]:
        """Every release of every journey, by name and version: one eventually consistent Query a MB; callers may cache it."""
        items = self._query(KeyConditionExpression="PK = :pk", ExpressionAttributeValues={":pk": {"S": _ALL}})
        standings = {item["SK"]["S"]: _standing(item) for item in items if "#" not in item["SK"]["S"]}
        return [_release(name, _version_of(item), item, standings.get(name, Standing()))
                for item in items if "#" in item["SK"]["S"] for name in (item["SK"]["S"].partition("#")[0],)]

    def publish(self, release: Release, before: Standing) -> Standing:
        """Write a release and make it the current one, both or neither, of a journey that stood as `before`. Its own `state`
        becomes the journey's. Raises Conflict when it stands otherwise now."""
        after = Standing(release.version, release.state, before.stopped, before.revision + 1)
        with translated("the journey"):
            self._dynamodb.transact_write_items(TransactItems=[
                {"Put": {"TableName": self._table, "Item": _item(release)}},
                {"Put": {"TableName": self._table, **_over(release.name, after)}}])
        return after

    def change(self, name: str, what: Callable[[Standing], Standing]) -> Standing:
        """Save what `what(standing)` makes of how a journey stands, again if somebody else wrote meanwhile; the same leaves it as
        it is. Raises Conflict when others are always faster."""
        for _ in range(_ATTEMPTS):
            before = self.standing(name)
            after = what(before)
            if after == before:
                return before
            after = after._replace(revision=before.revision + 1)
            try:
                with translated("the journey"):
                    self._dynamodb.put_item(TableName=self._table, **_over(name, after))
            except Conflict as error:
                lost = error
                continue
            return after
        raise lost

    def retire(self, release: Release) -> None:
        """Write that the machine of a release is gone."""
        with translated("the journey"):
            self._dynamodb.put_item(TableName=self._table, Item=_item(release._replace(machine="")))

    def _get(self, sort: str) -> dict[str, Any] | None:
        with translated("the journey"):
            item: dict[str, Any] | None = self._dynamodb.get_item(
                TableName=self._table, ConsistentRead=True, Key={"PK": {"S": _ALL}, "SK": {"S": sort}}).get("Item")
        return item

    def _query(self, **request: Any) -> list[dict[str, Any]]:
        with translated("the journeys"):
            pages = self._dynamodb.get_paginator("query").paginate(TableName=self._table, **request)
            return [item for page in pages for item in page["Items"]]


class PlanFiles:
    """The bucket, where plans lie: what a release froze. Raises Unavailable in an outage."""

    def __init__(self, s3: Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def write(self, name: str, version: int, plan: Mapping[str, Any]) -> str:
        """Keep a plan; answers its key, which the same plan always has."""
        body = json.dumps(plan, sort_keys=True, separators=(",", ":")).encode()
        key = f"journeys/{name}/{version}/{hashlib.sha256(body).hexdigest()[:16]}.json"
        with translated("the bucket"):
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")
        return key

    def read(self, key: str) -> dict[str, Any]:
        """The plan under a key that a release names: it is there."""
        with translated("the bucket"):
            return dict(json.loads(self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()))


class Machines:
    """The state machines of releases. role: ARN of what they run as; function: of what they call, in whose account they are made.
    Raises Unavailable in an outage."""

    def __init__(self, states: Client, role: str, function: str) -> None:
        self._states = states
        self._role = role
        self._function = function

    def write(self, name: str, definition: Mapping[str, Any]) -> str:
        """Make the machine, or bring it to this definition; answers its ARN. Raises Rejected for what Step Functions refuses."""
        text = json.dumps(definition, separators=(",", ":"), ensure_ascii=False)
        _, partition, _, region, account, *_ = self._function.split(":")
        arn = f"arn:{partition}:states:{region}:{account}:stateMachine:{name}"
        with translated("Step Functions"):
            try:
                return str(self._states.create_state_machine(name=name, definition=text, roleArn=self._role, type="STANDARD")[
                    "stateMachineArn"])
            except ClientError as error:
                if error.response["Error"]["Code"] == "InvalidDefinition":
                    raise Rejected("cannot_run", "Step Functions refuses its state machine, which is our fault: say it in "
                                   f"another way, and report it ({error.response['Error'].get('Message', '')[:200]})",
                                   "steps") from error
                if error.response["Error"]["Code"] != "StateMachineAlreadyExists":
                    raise
            self._states.update_state_machine(stateMachineArn=arn, definition=text, roleArn=self._role)
        return arn

    def delete(self, machine: str) -> None:
        """Remove a machine that nobody is in: executions that are under way would end."""
        with translated("Step Functions"):
            self._states.delete_state_machine(stateMachineArn=machine)

    def wake(self, token: str) -> bool:
        """Let somebody go on who waits with this token; False when nobody does any more."""
        with translated("Step Functions"):
            try:
                self._states.send_task_success(taskToken=token, output="{}")
            except ClientError as error:
                if error.response["Error"]["Code"] in _DEAD_TOKENS:
                    return False
                raise
        return True


def _key_of(name: str, version: int) -> str:
    return f"{name}#V#{version:08}"


def _version_of(item: Mapping[str, Any]) -> int:
    return int(item["SK"]["S"].rpartition("#")[2])


def _over(name: str, after: Standing) -> dict[str, Any]:
    """A request that writes how a journey stands over the revision before."""
    item = {"PK": {"S": _ALL}, "SK": {"S": name}, "version": {"N": str(after.version)}, "state": {"S": after.state},
            "stopped": {"N": str(after.stopped)}, "revision": {"N": str(after.revision)}}
    if after.revision == 1:
        return {"Item": item, "ConditionExpression": "attribute_not_exists(PK)"}
    return {"Item": item, "ConditionExpression": "revision = :before",
            "ExpressionAttributeValues": {":before": {"N": str(after.revision - 1)}}}


def _standing(item: Mapping[str, Any]) -> Standing:
    return Standing(int(item["version"]["N"]), item["state"]["S"], int(item["stopped"]["N"]), int(item["revision"]["N"]))


def _item(release: Release) -> dict[str, Any]:
    document = json.dumps(release.document, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    return {"PK": {"S": _ALL}, "SK": {"S": _key_of(release.name, release.version)}, "document": {"S": document},
            "machine": {"S": release.machine}, "at": {"N": str(release.at)}, "plan": {"S": release.plan}}


def _release(name: str, version: int, item: Mapping[str, Any], standing: Standing) -> Release:
    return Release(name, version, json.loads(item["document"]["S"]), item["machine"]["S"], int(item["at"]["N"]),
                   version == standing.version, standing.state, item["plan"]["S"], standing.stopped)
