"""DynamoDB in a dictionary, behind the methods of boto3's client: the real stores run on it, far faster than on moto.

It knows the expressions that Socle's stores write, and refuses any other. Every call goes through `Calls`, so that any of them
can go wrong; every write has a number, so that a trial can tell what came first. tests/faults/test_dynamo.py holds it to moto.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from socle.errors import Conflict
from tests.memory import Calls

Item = dict[str, Any]
Key = tuple[str, str]
Test = Callable[[Item | None, Mapping[str, str], Mapping[str, Any]], bool]

_TOKEN = re.compile(r"\s*(attribute_not_exists|attribute_exists|AND|OR|NOT|IN|BETWEEN|begins_with|<=|>=|<>|<|>|=|\(|\)|,"
                    r"|[#:]?[A-Za-z_][A-Za-z0-9_]*)")


class Refused(Conflict):
    """A condition did not hold; who asked may be gone by then."""

    def __init__(self, error: ClientError) -> None:
        super().__init__("conflict", "refused")
        self.error = error


class Dynamo:
    """One table; `log` holds every write as (number, key, item before, item after)."""

    def __init__(self, calls: Calls | None = None) -> None:
        self.calls = calls or Calls()
        self.items: dict[Key, Item] = {}
        self.log: list[tuple[int, Key, Item | None, Item | None]] = []

    def get_item(self, *, Key: Item, **_: Any) -> Item:
        found, _ = self._make("GetItem", [Key], lambda _: self.items.get(_key(Key)))
        return {"Item": found} if found else {}

    def batch_get_item(self, *, RequestItems: Item) -> Item:
        [(table, asked)] = RequestItems.items()
        keys = [_key(one) for one in asked["Keys"]]
        if len(keys) > 100 or len(set(keys)) < len(keys):
            raise _error("ValidationException", "too many keys, or one twice")
        found, undone = self._make("BatchGetItem", keys, lambda keys: {
            key: self.items[key] for key in keys if key in self.items})
        left = {table: {**asked, "Keys": [{"PK": {"S": pk}, "SK": {"S": sk}} for pk, sk in undone]}} if undone else {}
        return {"Responses": {table: list(found.values())}, "UnprocessedKeys": left}

    def put_item(self, *, Item: Item, **condition: Any) -> Item:
        self._make("PutItem", [_key(Item)], lambda _: self._put(Item, condition))
        return {}

    def delete_item(self, *, Key: Item, **condition: Any) -> Item:
        def delete(_: object) -> None:
            self._check(_key(Key), condition)
            self._write(_key(Key), None)
        self._make("DeleteItem", [_key(Key)], delete)
        return {}

    def update_item(self, *, Key: Item, UpdateExpression: str, **options: Any) -> Item:
        answer, _ = self._make("UpdateItem", [_key(Key)], lambda _: self._update(Key, UpdateExpression, options))
        return {"Attributes": answer}

    def transact_write_items(self, *, TransactItems: Sequence[Item]) -> Item:
        keys = [_key(one.get("Item") or one["Key"]) for action in TransactItems for one in action.values()]
        if len(keys) > 100 or len(set(keys)) < len(keys):
            raise _error("ValidationException", "too many items, or one twice")

        def write(_: object) -> None:
            reasons = [{"Code": "None" if self._holds(_key(one.get("Item") or one["Key"]), one) else "ConditionalCheckFailed"}
                       for action in TransactItems for one in action.values()]
            if any(reason["Code"] != "None" for reason in reasons):
                raise _error("TransactionCanceledException", "cancelled", CancellationReasons=reasons)
            for action in TransactItems:
                for verb, one in action.items():
                    if verb == "Put":
                        self._write(_key(one["Item"]), one["Item"])
                    elif verb == "Delete":
                        self._write(_key(one["Key"]), None)
                    elif verb == "Update":
                        self._update(one["Key"], one["UpdateExpression"], one)

        self._make("TransactWriteItems", keys, write)
        return {}

    def batch_execute_statement(self, *, Statements: Sequence[Item]) -> Item:
        numbered = list(enumerate(Statements))

        def run(some: Sequence[tuple[int, Item]]) -> dict[int, Item]:
            return {place: self._statement(one) for place, one in some}

        done, undone = self._make("BatchExecuteStatement", numbered, run)
        for place, _ in undone:
            done[place] = {"Error": {"Code": "ThrottlingError", "Message": "slow down"}}
        return {"Responses": [done[place] for place, _ in numbered]}

    def batch_write_item(self, *, RequestItems: Item) -> Item:
        [(table, asked)] = RequestItems.items()

        def write(some: Sequence[Item]) -> None:
            for one in some:
                for verb, what in one.items():
                    self._write(_key(what["Key"] if verb == "DeleteRequest" else what["Item"]), what.get("Item"))

        _, undone = self._make("BatchWriteItem", asked, write)
        return {"UnprocessedItems": {table: list(undone)} if undone else {}}

    def query(self, *, KeyConditionExpression: str, **options: Any) -> Item:
        names, values = options.get("ExpressionAttributeNames", {}), options.get("ExpressionAttributeValues", {})
        test = _condition(KeyConditionExpression)
        found, _ = self._make("Query", [KeyConditionExpression], lambda _: [
            item for _, item in sorted(self.items.items()) if test(item, names, values)])
        return {"Items": found}

    def get_paginator(self, name: str) -> Any:
        dynamo = self

        class Pages:
            def paginate(self, **asked: Any) -> list[Item]:
                return [getattr(dynamo, name)(**{key: value for key, value in asked.items() if key != "PaginationConfig"})]

        return Pages()

    def _make(self, name: str, parts: Any, effect: Callable[[Any], Any]) -> tuple[Any, Any]:
        def refusing(some: Any) -> Any:
            try:
                return effect(some)
            except ClientError as error:
                raise Refused(error) from error

        try:
            return self.calls.make(name, parts, refusing)
        except Refused as refused:
            raise refused.error from None

    def _put(self, item: Item, condition: Mapping[str, Any]) -> None:
        self._check(_key(item), condition)
        self._write(_key(item), item)

    def _update(self, key: Item, expression: str, options: Mapping[str, Any]) -> Item:
        names, values = options.get("ExpressionAttributeNames", {}), options.get("ExpressionAttributeValues", {})
        self._check(_key(key), options)
        item = dict(self.items.get(_key(key)) or key)
        for verb, changes in re.findall(r"(SET|ADD|REMOVE)\s+((?:(?!SET|ADD|REMOVE).)+)", expression):
            for change in changes.strip().split(", "):
                if verb == "REMOVE":
                    item.pop(_name(change.strip(), names), None)
                    continue
                name, _, value = change.replace(" = ", " ").strip().partition(" ")
                if not re.fullmatch(r":\w+", value.strip()):
                    raise NotImplementedError(change)
                new, name = values[value.strip()], _name(name, names)
                item[name] = new if verb == "SET" else {"N": str(int(item.get(name, {"N": "0"})["N"]) + int(new["N"]))}
        self._write(_key(key), item)
        return item

    def _statement(self, statement: Item) -> Item:
        text, given = statement["Statement"], list(statement["Parameters"])
        inserted = re.fullmatch(r'INSERT INTO "[^"]+" VALUE \{(.*)\}', text)
        if inserted:
            item = dict(zip(re.findall(r"'([^']+)': \?", inserted[1]), given, strict=True))
            if _key(item) in self.items:
                return {"Error": {"Code": "DuplicateItem", "Message": "there is one"}}
            self._write(_key(item), item)
            return {}
        updated = re.fullmatch(r'UPDATE "[^"]+" (.*) WHERE (.*)', text)
        if not updated:
            raise NotImplementedError(text)
        names = re.findall(r'SET "([^"]+)"=\?', updated[1])
        tests = re.findall(r'"([^"]+)"(=|<|<=)\?', updated[2])
        settings = dict(zip(names, given[:len(names)], strict=True))
        wanted = {name: (sign, value) for (name, sign), value in zip(tests, given[len(names):], strict=True)}
        key = (wanted.pop("PK")[1]["S"], wanted.pop("SK")[1]["S"])
        item = self.items.get(key)
        if item is None or not all(name in item and _compare(item[name], sign, value) for name, (sign, value) in wanted.items()):
            return {"Error": {"Code": "ConditionalCheckFailed", "Message": "condition"}}
        self._write(key, {**item, **settings})
        return {}

    def _holds(self, key: Key, options: Mapping[str, Any]) -> bool:
        if "ConditionExpression" not in options:
            return True
        return _condition(options["ConditionExpression"])(
            self.items.get(key), options.get("ExpressionAttributeNames", {}), options.get("ExpressionAttributeValues", {}))

    def _check(self, key: Key, options: Mapping[str, Any]) -> None:
        if not self._holds(key, options):
            raise _error("ConditionalCheckFailedException", "condition")

    def _write(self, key: Key, item: Item | None) -> None:
        self.log.append((len(self.log), key, self.items.get(key), item))
        if item is None:
            self.items.pop(key, None)
        else:
            self.items[key] = dict(item)


def _key(item: Item) -> Key:
    return item["PK"]["S"], item["SK"]["S"]


def _error(code: str, message: str, **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}, **more}, "DynamoDB")


def _name(text: str, names: Mapping[str, str]) -> str:
    return names[text] if text.startswith("#") else text


def _compare(one: Item, sign: str, other: Item) -> bool:
    [(kind, mine)], [(wanted, theirs)] = one.items(), other.items()
    if kind != wanted:
        return False
    if kind == "N":
        mine, theirs = int(mine), int(theirs)
    return bool({"=": mine == theirs, "<": mine < theirs, "<=": mine <= theirs, ">": mine > theirs, ">=": mine >= theirs,
                 "<>": mine != theirs}[sign])


@cache
def _condition(text: str) -> Test:
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != re.sub(r"\s", "", text):
        raise NotImplementedError(text)
    test, rest = _any_of(tokens)
    if rest:
        raise NotImplementedError(text)
    return test


def _any_of(tokens: list[str]) -> tuple[Test, list[str]]:
    tests = []
    while True:
        test, tokens = _all_of(tokens)
        tests.append(test)
        if not tokens or tokens[0] != "OR":
            return (lambda *given: any(test(*given) for test in tests)), tokens
        tokens = tokens[1:]


def _all_of(tokens: list[str]) -> tuple[Test, list[str]]:
    tests = []
    while True:
        test, tokens = _one(tokens)
        tests.append(test)
        if not tokens or tokens[0] != "AND":
            return (lambda *given: all(test(*given) for test in tests)), tokens
        tokens = tokens[1:]


def _one(tokens: list[str]) -> tuple[Test, list[str]]:
    match tokens:
        case ["NOT", *rest]:
            test, rest = _one(rest)
            return (lambda *given: not test(*given)), rest
        case ["(", *rest]:
            test, rest = _any_of(rest)
            return test, rest[1:]
        case [("attribute_not_exists" | "attribute_exists") as what, "(", name, ")", *rest]:
            return (lambda item, names, _: (_name(name, names) in (item or {})) == (what == "attribute_exists")), rest
        case ["begins_with", "(", name, ",", value, ")", *rest]:
            return (lambda item, names, values: (item or {}).get(_name(name, names), {}).get("S", "").startswith(
                values[value]["S"])), rest
        case [name, "BETWEEN", low, "AND", high, *rest]:
            return (lambda item, names, values: values[low]["S"] <= item[_name(name, names)]["S"] <= values[high]["S"]), rest
        case [name, "IN", "(", *rest]:
            end = rest.index(")")
            options = [one for one in rest[:end] if one != ","]
            return (lambda item, names, values: (item or {}).get(_name(name, names)) in [values[one] for one in options]
                    ), rest[end + 1:]
        case [name, ("=" | "<" | "<=" | ">" | ">=" | "<>") as sign, value, *rest]:
            return (lambda item, names, values: _name(name, names) in (item or {}) and _compare(
                item[_name(name, names)], sign, values[value])), rest
    raise NotImplementedError(tokens)
