"""The visits of a message in the last days, in the profiles table: what tells bursts, and bounds what one link can write.

    access                                        key                            call
    remember a visit, see the others              `T#<tag>` / `T`                UpdateItem (ADD to a set), if there is room
    the visits of a message                       `T#<tag>` / `T`                GetItem
    a first visit that was a machine's after all  `P#<profile>` / `M#<key>`      UpdateItem (REMOVE), if it is that one

Of the row: v visits, each `<o or k>.<number>.<epoch ms>.<h or a>`; ttl. It names nobody, and is gone after KEPT days.
"""

from __future__ import annotations

from typing import Any

from socle.aws import Client, translated
from socle.errors import Conflict
from socle.messages.items import message_key_of
from socle.messages.model import Message
from socle.tracking.model import CLICKED, OPENED, Visit

MOST = 100
"""Visits of one message that are kept, and become events, in KEPT days: whoever goes on fetching says nothing new."""
KEPT = 2
_LETTERS = {OPENED: "o", CLICKED: "k"}
_NAMES = {letter: what for what, letter in _LETTERS.items()}


class VisitStore:
    """Raises Unavailable in an outage."""

    def __init__(self, dynamodb: Client, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def add(self, message: Message, visit: Visit) -> list[Visit] | None:
        """Remember a visit; the others of the message. None when there have been MOST of them: this one is not kept."""
        ttl = visit.at // 1_000 + KEPT * 86_400
        try:
            with translated("the visits"):
                row = self._dynamodb.update_item(
                    TableName=self._table, Key=_key(message), ReturnValues="ALL_NEW",
                    UpdateExpression="ADD v :visit SET #ttl = if_not_exists(#ttl, :ttl)",
                    ConditionExpression="attribute_not_exists(v) OR size(v) < :most",
                    ExpressionAttributeNames={"#ttl": "ttl"},
                    ExpressionAttributeValues={":visit": {"SS": [_text(visit)]}, ":ttl": {"N": str(ttl)},
                                               ":most": {"N": str(MOST)}})["Attributes"]
        except Conflict:
            return None
        return [one for one in _visits(row) if one != visit]

    def of(self, message: Message) -> list[Visit]:
        """Those that are kept, by time."""
        with translated("the visits"):
            row = self._dynamodb.get_item(TableName=self._table, Key=_key(message), ConsistentRead=True).get("Item")
        return _visits(row or {})

    def not_the_first(self, message: Message, visit: Visit) -> bool:
        """Take back that `visit` was the first of its kind; whether it was. The next one by a person will be."""
        try:
            with translated("the ledger"):
                self._dynamodb.update_item(
                    TableName=self._table, Key=message_key_of(message.profile, message.key), UpdateExpression="REMOVE #what",
                    ConditionExpression="#what = :at", ExpressionAttributeNames={"#what": _LETTERS[visit.what]},
                    ExpressionAttributeValues={":at": {"N": str(visit.at)}})
        except Conflict:
            return False
        return True


def _key(message: Message) -> dict[str, Any]:
    return {"PK": {"S": f"T#{message.tag}"}, "SK": {"S": "T"}}


def _text(visit: Visit) -> str:
    return f"{_LETTERS[visit.what]}.{visit.number}.{visit.at}.{'h' if visit.human else 'a'}"


def _visits(row: Any) -> list[Visit]:
    parts = (text.split(".") for text in row.get("v", {}).get("SS", ()))
    return sorted((Visit(_NAMES[what], int(number), int(at), who == "h") for what, number, at, who in parts),
                  key=lambda one: (one.at, one))
