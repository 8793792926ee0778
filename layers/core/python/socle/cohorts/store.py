"""Timetables of journeys with a schedule, in the definitions table.

    access              key                            call
    all timetables      `journey-due`                  Query
    write one           `journey-due` / `<journey>`    PutItem, over the version that was read
"""

from __future__ import annotations

import json
from typing import Any

from socle.aws import Client, translated
from socle.cohorts.model import Timetable

_PK = "journey-due"


class TimetableStore:
    """Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def all(self) -> dict[str, Timetable]:
        """Every journey's that has one."""
        with translated("the timetables"):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self._table, ConsistentRead=True, KeyConditionExpression="PK = :pk",
                ExpressionAttributeValues={":pk": {"S": _PK}})
            items = [item for page in pages for item in page["Items"]]
        return {item["SK"]["S"]: Timetable.from_row(item["SK"]["S"], json.loads(item["document"]["S"]), int(item["n"]["N"]))
                for item in items}

    def save(self, table: Timetable) -> Timetable:
        """Write a timetable over the version that it was made from; answers it as it is stored. Raises Conflict."""
        guard: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(PK)"}
        if table.number:
            guard = {"ConditionExpression": "n = :before", "ExpressionAttributeValues": {":before": {"N": str(table.number)}}}
        after = table._replace(number=table.number + 1)
        with translated("the timetable"):
            self._dynamodb.put_item(TableName=self._table, Item={
                "PK": {"S": _PK}, "SK": {"S": table.journey}, "n": {"N": str(after.number)},
                "document": {"S": json.dumps(after.to_row())}}, **guard)
        return after
