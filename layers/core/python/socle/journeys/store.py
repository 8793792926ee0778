"""People in journeys in the profiles table, and what a journey comes to in the definitions table.

    access                                  key                                            call
    somebody enters                         P#<part> / J#<entry>                           PutItem if it is not there
    what happened to somebody, to many      P#<part> / J#<entry>                           GetItem, BatchGetItem
    a step's outcome, token, answer         P#<part> / J#<entry>                           UpdateItem if it is there
    who is inside, one more, one less       journey-people#<journey>#<shard> / <entry>     Query, PutItem, DeleteItem
    who is parked, one more, one less       journey-parked#<journey> / <entry>             Query, PutItem, DeleteItem
    counts, more of them                    journey-counts#<journey>#<version> / <shard>   Query, UpdateItem ADD

A row is deleted with its person (socle.profiles.store), and never made anew by a step that comes later. The lists say who is
inside and who is parked as far as the last write reached; whether somebody is inside is decided by their aggregate alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from socle.aws import Client, attempts, translated
from socle.errors import Conflict, Unavailable
from socle.journeys.items import (
    BEGUN,
    HOLD,
    LOG,
    PARK,
    RESPONSE,
    ROUNDS,
    Item,
    attribute,
    inside_item,
    inside_key,
    inside_of,
    parked_item,
    parked_key,
    parked_of,
    parked_partition,
    people_partition,
    row_item,
    row_key,
    row_of,
    shard_of,
)
from socle.journeys.model.row import Inside, Logged, Parked, Place, Row

_BATCH = 100


class EntryStore:
    """Reads of single rows are strongly consistent. Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def enter(self, journey: str, one: Inside, at: int) -> bool:
        """Make the row of somebody who entered at `at` (epoch ms); False when there was one."""
        try:
            with translated("a journey's people"):
                self._dynamodb.put_item(TableName=self._table, Item=row_item(one.part, one.entry, journey, one.version, at),
                                        ConditionExpression="attribute_not_exists(PK)")
            is_new = True
        except Conflict:
            is_new = False
        return is_new

    def inside(self, journey: str, one: Inside) -> None:
        """List somebody as inside."""
        self._put(inside_item(journey, one))

    def leave(self, journey: str, entry: str) -> None:
        """Somebody is inside no more, and not parked."""
        self._delete(inside_key(journey, entry))
        self._delete(parked_key(journey, entry))

    def get(self, part: str, entry: str) -> Row | None:
        """What happened to somebody; None when there is no row (any more)."""
        with translated("a journey's people"):
            item = self._dynamodb.get_item(TableName=self._table, Key=row_key(part, entry), ConsistentRead=True).get("Item")
        return row_of(item) if item else None

    def load(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Row]:
        """(part, entry) → what happened to them, of those who have a row."""
        left = iter(dict.fromkeys(keys))
        found: dict[tuple[str, str], Row] = {}
        while chunk := [row_key(*key) for key in islice(left, _BATCH)]:
            for _ in attempts():
                with translated("a journey's people"):
                    answer = self._dynamodb.batch_get_item(RequestItems={self._table: {"Keys": chunk}})
                found |= {(item["PK"]["S"][2:], item["SK"]["S"][2:]): row_of(item)
                          for item in answer["Responses"].get(self._table, ())}
                chunk = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
                if not chunk:
                    break
            else:
                raise Unavailable("throttled", "the people of a journey are throttled: try again later")
        return found

    def log(self, part: str, entry: str, what: Mapping[Place, Logged], *, once: bool = False, token: str = "",
            stale: Iterable[Place] = ()) -> bool:
        """Write what became of steps in their rounds; False when the row is gone, or, `once`, if the first of them was there.

        token  by which the first of them, a hold, is ended: the newest attempt's; stale: holds whose tokens nobody waits with
        """
        values = {attribute(LOG, *place): json.dumps(list(one), ensure_ascii=False) for place, one in what.items()}
        if token:
            values[attribute(HOLD, *next(iter(what)))] = token
        old = [attribute(LOG, step, round_ - ROUNDS) for step, round_ in what if round_ >= ROUNDS]
        old += [attribute(HOLD, *place) for place in stale]
        return self._set(part, entry, values, old, " AND attribute_not_exists(#a0)" if once else "")

    def begin(self, part: str, entry: str, step: str, round_: int, now: int) -> int:
        """When a step was begun first, epoch ms: `now`, unless it was begun before."""
        name = attribute(BEGUN, step, round_)
        try:
            self._update(part, entry, {name: str(now)}, "attribute_exists(PK) AND attribute_not_exists(#a0)")
        except Conflict:
            row = self.get(part, entry)
            return row.begun.get((step, round_), now) if row else now
        return now

    def keep(self, part: str, entry: str, step: str, answer: Any) -> bool:
        """Remember what a webhook answered. False when the row is gone."""
        return self._set(part, entry, {f"{RESPONSE}:{step}": json.dumps(answer, ensure_ascii=False)})

    def park(self, journey: str, one: Parked, token: str) -> bool:
        """Remember by which token somebody goes on who stopped at a step, and list them. False when the row is gone."""
        if not self._set(one.part, one.entry, {attribute(PARK, one.step, one.round): token}):
            return False
        self._put(parked_item(journey, one))
        return True

    def unpark(self, journey: str, one: Parked) -> None:
        """Somebody is parked no more, unless they were parked anew since."""
        try:
            with translated("a journey's people"):
                self._dynamodb.delete_item(
                    TableName=self._table, Key=parked_key(journey, one.entry), ConditionExpression="#at = :at",
                    ExpressionAttributeNames={"#at": "at"}, ExpressionAttributeValues={":at": {"N": str(one.at)}})
        except Conflict:
            pass

    def people(self, journey: str, shard: int, after: str = "", limit: int = 1_000) -> list[Inside]:
        """Who is inside, by entry, those after the entry `after`; there are socle.journeys.items.SHARDS."""
        return [inside_of(item) for item in self._query(people_partition(journey, shard), after, limit)]

    def parked(self, journey: str, after: str = "", limit: int = 1_000) -> list[Parked]:
        """Who is parked, by entry, those after the entry `after`."""
        return [parked_of(item) for item in self._query(parked_partition(journey), after, limit)]

    def _query(self, partition: str, after: str, limit: int) -> Iterator[Item]:
        left, start = limit, after
        while left > 0:
            with translated("a journey's people"):
                answer = self._dynamodb.query(
                    TableName=self._table, Limit=left, KeyConditionExpression="PK = :pk AND SK > :after",
                    ExpressionAttributeValues={":pk": {"S": partition}, ":after": {"S": start or " "}})
            for item in answer["Items"][:left]:
                left, start = left - 1, item["SK"]["S"]
                yield item
            if "LastEvaluatedKey" not in answer:
                return

    def mark(self, part: str, entry: str, name: str, now: int) -> bool:
        """Note that something was done; False when that was noted before, or the row is gone."""
        return self._set(part, entry, {attribute(BEGUN, name, 0): str(now)}, (), " AND attribute_not_exists(#a0)")

    def _set(self, part: str, entry: str, values: Mapping[str, str], remove: Sequence[str] = (), also: str = "") -> bool:
        try:
            self._update(part, entry, values, f"attribute_exists(PK){also}", remove)
        except Conflict:
            return False
        return True

    def _update(self, part: str, entry: str, values: Mapping[str, str], condition: str, remove: Sequence[str] = ()) -> None:
        names = {f"#a{place}": name for place, name in enumerate(values)}
        names |= {f"#r{place}": name for place, name in enumerate(remove)}
        expression = "SET " + ", ".join(f"#a{place} = :a{place}" for place in range(len(values)))
        if remove:
            expression += " REMOVE " + ", ".join(f"#r{place}" for place in range(len(remove)))
        with translated("a journey's people"):
            self._dynamodb.update_item(
                TableName=self._table, Key=row_key(part, entry), UpdateExpression=expression, ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={f":a{place}": {"S": value} for place, value in enumerate(values.values())})

    def _put(self, item: Item) -> None:
        with translated("a journey's people"):
            self._dynamodb.put_item(TableName=self._table, Item=item)

    def _delete(self, key: Item) -> None:
        with translated("a journey's people"):
            self._dynamodb.delete_item(TableName=self._table, Key=key)


class Counters:
    """What a journey comes to while it runs. Where a function or a call breaks off at the wrong moment, a count may be lost, or
    made twice: reports count in the lake. Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def add(self, journey: str, version: int, counts: Mapping[tuple[str, str], int], entry: str = "0000") -> None:
        """Add (step, what) → number, by an entry, which says in which shard; the step "" is the journey itself."""
        if not counts:
            return
        names = {f"#c{place}": f"{step}|{what}" for place, (step, what) in enumerate(counts)}
        values = {f":c{place}": {"N": str(number)} for place, number in enumerate(counts.values())}
        with translated("the counts"):
            self._dynamodb.update_item(
                TableName=self._table, Key={"PK": {"S": _counts(journey, version)}, "SK": {"S": str(shard_of(entry))}},
                UpdateExpression="ADD " + ", ".join(f"#c{place} :c{place}" for place in range(len(names))),
                ExpressionAttributeNames=names, ExpressionAttributeValues=values)

    def read(self, journey: str, version: int) -> dict[tuple[str, str], int]:
        """(step, what) → number."""
        with translated("the counts"):
            items = self._dynamodb.query(
                TableName=self._table, KeyConditionExpression="PK = :pk",
                ExpressionAttributeValues={":pk": {"S": _counts(journey, version)}})["Items"]
        found: dict[tuple[str, str], int] = {}
        for item in items:
            for name, value in item.items():
                step, bar, what = name.partition("|")
                if bar:
                    found[step, what] = found.get((step, what), 0) + int(value["N"])
        return found


def _counts(journey: str, version: int) -> str:
    return f"journey-counts#{journey}#{version}"
