"""What addresses refuse, in DynamoDB: the only file that knows these keys.

    access                                   key                                          call
    rows of some addresses                   profiles: C#<channel>#<digest> / C           BatchGetItem, 100 a call
    suppress, release, withdraw, count       the same                                     UpdateItem on what it says
    the list for people: write, delete       definitions: suppressions / <channel>#<address>   PutItem, DeleteItem
    a page of it                             the same                                     Query

Of the row, attributes: s reason of a suppression · sr its rank · sa since when · r when it was released · w:<topic> when a
topic was withdrawn · b times of soft bounces. It names nobody, and outlives the person: who was erased and did not want to be
written to still does not. Messages are claimed on condition of these rows (socle.messages.store). The list is readable, and is
deleted with the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from socle.aws import Client, attempts, translated
from socle.consent.model import FREE, RANKS, Place, Standing, Suppressed, place_of
from socle.errors import Conflict, Unavailable
from socle.messages.model import Address

LIST = "suppressions"
_BATCH = 100
_TOPIC = "w:"


class Standings:
    """The rows of addresses, and with `listed` (the definitions table) the list for people. Times are epoch ms.

    Times only grow, so every write may be repeated, and arrive in any order. Raises Unavailable in an outage.
    """

    def __init__(self, dynamodb: Client, table: str, listed: str = "") -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._listed = listed

    def load(self, wanted: Iterable[Address | Place]) -> dict[Any, Standing]:
        """What is known of addresses or places, strongly consistent; FREE of those of which nothing is."""
        asked = list(dict.fromkeys(wanted))
        places = {one: place_of(one) if isinstance(one, Address) else one for one in asked}
        rows = self._rows(list(dict.fromkeys(places.values())))
        return {one: rows.get(place, FREE) for one, place in places.items()}

    def suppress(self, address: Address, reason: str, at: int, source: str = "", readable: bool = True) -> bool:
        """Nothing is sent to the address from now on; the strongest of several reasons stays. True if that changed anything.

        Of what was before its release (`release`) nothing is heard any more. `readable` False keeps it out of the list:
        for a person who was erased.
        """
        changed = self._update(
            place_of(address), "SET s = :reason, sr = :rank, sa = :at",
            "(attribute_not_exists(r) OR r < :at) AND "
            "(attribute_not_exists(s) OR sr < :rank OR (sr = :rank AND sa > :at))",
            {":reason": {"S": reason}, ":rank": {"N": str(RANKS[reason])}, ":at": {"N": str(at)}})
        if readable and self._listed:
            # Also when nothing changed: a call that broke off after the row is finished by the next.
            row = Standing(reason, at) if changed else self.load([address])[address]
            if row.reason:
                self._list(Suppressed(address.channel, address.value, row.reason, row.since, source))
        return changed

    def release(self, address: Address, at: int) -> bool:
        """Let messages through again. Withdrawals stay. True if it was suppressed."""
        self.forget([address])
        return self._update(place_of(address), "SET r = :at REMOVE s, sr, sa, b", "attribute_exists(s) AND sa <= :at",
                            {":at": {"N": str(at)}})

    def withdraw(self, address: Address | Place, topic: str, at: int) -> bool:
        """The address no longer wants a topic (ALL: anything on its channel), until a newer grant. True if that is news."""
        place = place_of(address) if isinstance(address, Address) else address
        return self._update(place, "SET #topic = :at", "attribute_not_exists(#topic) OR #topic < :at",
                            {":at": {"N": str(at)}}, {"#topic": _TOPIC + topic})

    def bounced(self, address: Address, at: int, since: int) -> tuple[int, ...]:
        """Remember a soft bounce; answers the times of all that are not before `since`. The older ones are forgotten."""
        with translated("the address"):
            row = self._dynamodb.update_item(
                TableName=self._table, Key=_key(place_of(address)), UpdateExpression="ADD b :at", ReturnValues="ALL_NEW",
                ExpressionAttributeValues={":at": {"NS": [str(at)]}})["Attributes"]
        times = _standing(row).bounced
        old = [str(time) for time in times if time < since]
        if old:
            with translated("the address"):
                self._dynamodb.update_item(
                    TableName=self._table, Key=_key(place_of(address)), UpdateExpression="DELETE b :old",
                    ExpressionAttributeValues={":old": {"NS": old}})
        return tuple(time for time in times if time >= since)

    def forget(self, addresses: Iterable[Address]) -> None:
        """Take addresses off the list for people; their rows, which name nobody, stay."""
        for address in addresses:
            if self._listed:
                with translated("the suppression list"):
                    self._dynamodb.delete_item(TableName=self._listed, Key=_list_key(address.channel, address.value))

    def page(self, limit: int, channel: str = "", reason: str = "", after: str | None = None,
             ) -> tuple[list[Suppressed], str | None]:
        """Up to `limit` entries of the list by channel and address, and the position after them, None at the end.

        With `reason` a page may be short, even empty, and still have a next: what does not match is left out as it is read.
        """
        request: dict[str, Any] = {
            "KeyConditionExpression": "PK = :list AND begins_with(SK, :channel)" if channel else "PK = :list",
            "ExpressionAttributeValues": {":list": {"S": LIST}, **({":channel": {"S": f"{channel}#"}} if channel else {})}}
        if reason:
            request["FilterExpression"] = "reason = :reason"
            request["ExpressionAttributeValues"][":reason"] = {"S": reason}
        if after is not None:
            request["ExclusiveStartKey"] = {"PK": {"S": LIST}, "SK": {"S": after}}
        with translated("the suppression list"):
            answer = self._dynamodb.query(TableName=self._listed, ConsistentRead=True, Limit=limit, **request)
        last = answer.get("LastEvaluatedKey")
        return [_entry(item) for item in answer["Items"]], last["SK"]["S"] if last else None

    def _list(self, entry: Suppressed) -> None:
        rank, at = {"N": str(RANKS[entry.reason])}, {"N": str(entry.at)}
        try:
            with translated("the suppression list"):
                self._dynamodb.put_item(
                    TableName=self._listed, Item={**_list_key(entry.channel, entry.address), "reason": {"S": entry.reason},
                                                  "sr": rank, "sa": at, "source": {"S": entry.source}},
                    ConditionExpression="attribute_not_exists(PK) OR sr < :rank OR (sr = :rank AND sa > :at)",
                    ExpressionAttributeValues={":rank": rank, ":at": at})
        except Conflict:
            return  # it is on the list already

    def _update(self, place: Place, change: str, condition: str, values: dict[str, Any],
                names: dict[str, str] | None = None) -> bool:
        try:
            with translated("the address"):
                self._dynamodb.update_item(
                    TableName=self._table, Key=_key(place), UpdateExpression=change, ConditionExpression=condition,
                    ExpressionAttributeValues=values, **({"ExpressionAttributeNames": names} if names else {}))
        except Conflict:
            return False
        return True

    def _rows(self, places: Sequence[Place]) -> dict[Place, Standing]:
        found: dict[Place, Standing] = {}
        for first in range(0, len(places), _BATCH):
            keys = [_key(place) for place in places[first:first + _BATCH]]
            for _ in attempts():
                with translated("the addresses"):
                    answer = self._dynamodb.batch_get_item(
                        RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}})
                for item in answer["Responses"].get(self._table, ()):
                    _, channel, digest = item["PK"]["S"].split("#", 2)
                    found[channel, digest] = _standing(item)
                keys = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
                if not keys:
                    break
            else:
                raise Unavailable("throttled", "the profiles table is throttled: try again later")
        return found


def _key(place: Place) -> dict[str, Any]:
    channel, digest = place
    return {"PK": {"S": f"C#{channel}#{digest}"}, "SK": {"S": "C"}}


def _list_key(channel: str, address: str) -> dict[str, Any]:
    return {"PK": {"S": LIST}, "SK": {"S": f"{channel}#{address}"}}


def _entry(item: Any) -> Suppressed:
    channel, _, address = item["SK"]["S"].partition("#")
    return Suppressed(channel, address, item["reason"]["S"], int(item["sa"]["N"]), item["source"]["S"])


def _standing(item: Any) -> Standing:
    return Standing(
        item["s"]["S"] if "s" in item else "", int(item["sa"]["N"]) if "sa" in item else 0,
        {name.removeprefix(_TOPIC): int(value["N"]) for name, value in item.items() if name.startswith(_TOPIC)},
        tuple(sorted(int(time) for time in item["b"]["NS"])) if "b" in item else ())
