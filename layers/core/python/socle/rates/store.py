"""Shared budgets in DynamoDB.

    access                    key                      call
    take places               `rates` / `<name>`       UpdateItem: behind what is taken, or from now on when nothing is
    slow down                 `rates` / `<name>`       GetItem, UpdateItem if nobody else did

What is taken only ever grows, so workers do not wait for each other: one call takes a batch of a busy budget.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from socle.aws import Client, translated
from socle.errors import Conflict, Unavailable
from socle.rates.model import HORIZON, Budget
from socle.rates.pace import cost, rate_at, slowed, wait_until

_PARTITION = "rates"
_TRIES = 10
"""A try is lost to somebody who took places at the same moment, or when the budget was not as remembered."""


class RateStore:
    """The definitions table. Raises Unavailable in an outage. May be used by several threads."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._known: dict[str, Budget] = {}

    def take(self, name: str, count: int, limit: float, now: int) -> int:
        """Take `count` places of a budget of `limit` a second: milliseconds from `now` (epoch ms) until they begin.

        More than HORIZON: nothing was taken.
        """
        known = self._known.get(name) or self._load(name)
        size = cost(count, rate_at(known, limit, now))
        is_busy = known.free > now * 1_000
        for _ in range(_TRIES):
            try:
                taken = self._queue(name, size, now) if is_busy else self._begin(name, size, now)
            except Conflict:
                is_busy = not is_busy
                if is_busy:
                    continue
                # It is not busy, or so busy that there is no place.
                known = self._load(name)
                if known.free > (now + HORIZON) * 1_000:
                    return wait_until(known.free, now)
                continue
            self._known[name] = taken
            return wait_until(taken.free - size, now)
        raise Unavailable("contended", f"the rate of {name} is asked for by too many at once: try again later")

    def slow_down(self, name: str, limit: float, now: int) -> None:
        """Somebody was refused: everybody goes half as fast, for a while."""
        before = self._load(name)
        after = slowed(before, limit, now)
        if after is None:
            return
        with suppress(Conflict):  # somebody else was refused at the same time
            self._known[name] = self._update(
                name, "SET slowed = :slowed, slowed_at = :now", "attribute_not_exists(slowed_at) OR slowed_at = :before",
                {":slowed": after.slowed, ":now": now, ":before": before.slowed_at})

    def _queue(self, name: str, size: int, now: int) -> Budget:
        return self._update(name, "ADD free_from :size", "free_from > :now AND free_from <= :horizon",
                            {":size": size, ":now": now * 1_000, ":horizon": (now + HORIZON) * 1_000})

    def _begin(self, name: str, size: int, now: int) -> Budget:
        return self._update(name, "SET free_from = :free", "attribute_not_exists(free_from) OR free_from <= :now",
                            {":free": now * 1_000 + size, ":now": now * 1_000})

    def _update(self, name: str, expression: str, condition: str, values: dict[str, float]) -> Budget:
        with translated("the shared rate"):
            answer = self._dynamodb.update_item(
                TableName=self._table, Key=_key(name), UpdateExpression=expression, ConditionExpression=condition,
                ExpressionAttributeValues={key: {"N": format(value, ".3f") if isinstance(value, float) else str(value)}
                                           for key, value in values.items()},
                ReturnValues="ALL_NEW")
        return _budget(answer["Attributes"])

    def _load(self, name: str) -> Budget:
        with translated("the shared rate"):
            item = self._dynamodb.get_item(TableName=self._table, Key=_key(name), ConsistentRead=True).get("Item")
        found = self._known[name] = _budget(item or {})
        return found


def _key(name: str) -> dict[str, Any]:
    return {"PK": {"S": _PARTITION}, "SK": {"S": name}}


def _budget(item: dict[str, Any]) -> Budget:
    def number(field: str) -> str:
        return str(item.get(field, {}).get("N", "0"))

    return Budget(int(number("free_from")), float(number("slowed")), int(number("slowed_at")))
