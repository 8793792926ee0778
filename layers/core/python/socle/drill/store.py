"""Which profiles a table holds, part by part.

    access                       key                  call
    profiles in one segment      P#<id> / A           Scan with Segment, TotalSegments; what is no aggregate is left out
"""

from __future__ import annotations

from collections.abc import Iterator

from socle.aws import Client, translated


class Segments:
    """A profiles table from end to end, read in parallel. Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def profiles(self, segment: int, segments: int) -> Iterator[str]:
        """The ids of the profiles in segment number `segment` of `segments`, those merged away or erased included."""
        asked = {"TableName": self._table, "Segment": segment, "TotalSegments": segments, "ProjectionExpression": "PK",
                 "FilterExpression": "SK = :aggregate", "ExpressionAttributeValues": {":aggregate": {"S": "A"}}}
        while True:
            with translated("the profiles table"):
                answer = self._dynamodb.scan(**asked)
            yield from (item["PK"]["S"][2:] for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
