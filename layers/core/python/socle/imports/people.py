"""What rows say about people, what they did, their accounts, and items of a catalogue. Pure.

Two equal rows about a person say one thing; two equal rows about what happened are two events, unless they carry an id.
A correction needs something to hang on: a person's identifier, an event's id. Events without an id are known by their
content, so a changed row is one event more.
"""

from __future__ import annotations

import base64
import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from socle.errors import Rejected
from socle.identity.model import ANONYMOUS_ID, EMAIL, PHONE, USER_ID
from socle.imports.cells import Getter
from socle.imports.columns import Columns
from socle.imports.model import Cell, Draft, Mapping, Prepared, Row
from socle.iso import to_iso
from socle.items.model import MAX_ID, MAX_ITEM_BYTES

canonical: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode
PREFIX = "import:"
DEVICE_TOKEN = "device_token"  # noqa: S105  # an identifier's type


class Plan(ABC):
    """A mapping applied to the columns of a file. `notes` say what was left out."""

    notes: Sequence[str] = ()

    def __init__(self, name: str, mapping: Mapping, columns: Columns) -> None:
        self.name = name
        self.mapping = mapping
        self.who = columns.identifiers("identifiers", mapping.identifiers)
        self.traits = columns.values("traits", mapping.traits)
        self.properties = columns.values("properties", mapping.properties)
        self.time = columns.moment("timestamp", mapping.timestamp)
        identifying = ", ".join(sorted({label(column) for column in mapping.identifiers.values()}))
        self._nobody = f"the row belongs to nobody: fill {identifying}"
        self._first = label(next(iter(mapping.identifiers.values()), ""))

    def finish(self, columns: Columns) -> None:
        """Once everything mapped has its column: what becomes of the rest."""
        if self.mapping.rest:
            into = self.traits if self.mapping.kind in ("people", "accounts") else self.properties
            taken = dict(into)
            into += [(name, get) for name, get in columns.rest() if name not in taken]
        self.notes = columns.skipped

    @abstractmethod
    def prepare(self, row: Row) -> Prepared:
        """The row parsed. Raises Rejected with the column as its field."""

    @abstractmethod
    def messages(self, key: str, rows: Sequence[Prepared]) -> list[Draft]:
        """What all rows of one key say together, in whatever order they come."""

    def whole(self, row: Row) -> str | None:
        """Of a row that can't be prepared, the key of the rows that stand or fall with it; None when it stands alone."""
        return None

    def person(self, cells: list[Any]) -> list[list[str]]:
        """The row's identifiers as [type, value]. Raises Rejected(`no_identifier`)."""
        found = [[kind, value] for kind, get in self.who if (value := get(cells)) is not None]
        if not found:
            raise Rejected("no_identifier", self._nobody, self._first)
        return found

    def message(self, kind: str, who: Iterable[Sequence[str]], ts: int, traits: dict[str, Any] | None = None) -> dict[str, Any]:
        """A message in Segment's shape with the person's identifiers where they are looked for."""
        message: dict[str, Any] = {"type": kind}
        seen: dict[str, Any] = {}
        context: dict[str, Any] = {}
        for type_, value in who:
            if type_ == USER_ID:
                message["userId"] = value
            elif type_ == ANONYMOUS_ID:
                message["anonymousId"] = value
            elif type_ in (EMAIL, PHONE):
                seen[type_] = value
            elif type_ == DEVICE_TOKEN:
                context["device"] = {"token": value}
            else:
                context.setdefault("externalIds", []).append(
                    {"id": value, "type": type_, "collection": "users", "encoding": "none"})
        if kind == "identify":
            message["traits"] = {**(traits or {}), **seen}
        elif seen:
            context["traits"] = seen
        if PHONE in seen and self.mapping.region:
            context["location"] = {"country": self.mapping.region}
        if context:
            message["context"] = context
        if ts:
            message["timestamp"] = to_iso(ts)
        return message

    def id(self, *parts: str) -> str:
        """A message id from what it is about: the same in every run of this mapping."""
        digest = hashlib.blake2b(canonical([self.name, *parts]).encode("utf-8", "surrogatepass"), digest_size=15).digest()
        return PREFIX + base64.urlsafe_b64encode(digest).decode()


def filled(getters: Iterable[tuple[str, Getter]], cells: list[Any]) -> dict[str, Any]:
    """The values that are there, by name."""
    return {name: value for name, get in getters if (value := get(cells)) is not None}


def required(value: Any, column: Any, what: str) -> Any:
    """The value. Raises Rejected(`missing_value`) when there is none."""
    if value is None:
        raise Rejected("missing_value", f"the row has no {what}", label(column))
    return value


class People(Plan):
    """A row is what is known of a person: one identify."""

    def prepare(self, row: Row) -> Prepared:
        who = self.person(row.cells)
        return Prepared(f"{who[0][0]}:{who[0][1]}", row.number,
                        [who, self.time(row.cells) or 0, filled(self.traits, row.cells)])

    def messages(self, key: str, rows: Sequence[Prepared]) -> list[Draft]:
        return [Draft(self.id(key, str(number)), ts, self.message("identify", who, ts, traits), numbers)
                for number, ((who, ts, traits), numbers) in enumerate(_distinct(rows))]


class Events(Plan):
    """A row is something that a person did: one track."""

    def __init__(self, name: str, mapping: Mapping, columns: Columns) -> None:
        super().__init__(name, mapping, columns)
        event = mapping.event
        self._event = columns.value("event", event if isinstance(event, Cell) else Cell(value=event))
        self._id = columns.own_id("id", mapping.id)

    def prepare(self, row: Row) -> Prepared:
        who = self.person(row.cells)
        event = required(self._event(row.cells), self.mapping.event, "event name")
        own = self._id(row.cells)
        if self.mapping.id is not None:
            own = "#" + required(own, self.mapping.id, "id")
        return Prepared(own or f"{who[0][0]}:{who[0][1]}", row.number,
                        [who, self.time(row.cells) or 0, str(event), filled(self.properties, row.cells),
                         filled(self.traits, row.cells)])

    def messages(self, key: str, rows: Sequence[Prepared]) -> list[Draft]:
        drafts = []
        if key.startswith("#"):
            for number, (values, numbers) in enumerate(_distinct(rows)):
                drafts += self._drafts(values, numbers, key, str(number))
        else:
            for values, numbers in _distinct(rows):
                for occurrence, number in enumerate(numbers):
                    drafts += self._drafts(values, (number,), key, canonical(values), str(occurrence))
        return drafts

    def _drafts(self, values: list[Any], numbers: tuple[int, ...], *about: str) -> list[Draft]:
        who, ts, event, properties, traits = values
        message = {**self.message("track", who, ts), "event": event, "properties": properties}
        drafts = [Draft(self.id(*about), ts, message, numbers)]
        if traits:
            drafts.append(Draft(self.id(*about, "traits"), ts, self.message("identify", who, ts, traits), numbers))
        return drafts


class Accounts(Plan):
    """A row is what is known of an account, and of a person in it when one is mapped: one group call."""

    def __init__(self, name: str, mapping: Mapping, columns: Columns) -> None:
        super().__init__(name, mapping, columns)
        self._account = columns.identifier("account", mapping.account)

    def prepare(self, row: Row) -> Prepared:
        account = required(self._account(row.cells), self.mapping.account, "account id")
        who = [[kind, value] for kind, get in self.who if (value := get(row.cells)) is not None]
        return Prepared(account, row.number, [who, self.time(row.cells) or 0, filled(self.traits, row.cells)])

    def messages(self, key: str, rows: Sequence[Prepared]) -> list[Draft]:
        people: dict[str, list[Prepared]] = {}
        for row in rows:
            people.setdefault(canonical(row.values[0][:1]), []).append(row)
        return [Draft(self.id(key, person, str(number)), ts,
                      {**self.message("group", who, ts), "groupId": key, "traits": traits}, numbers)
                for person, theirs in sorted(people.items())
                for number, ((who, ts, traits), numbers) in enumerate(_distinct(theirs))]


class Items(Plan):
    """A row is an item of a catalogue. Of several with one id the latest counts: by timestamp, else by place in the file."""

    def __init__(self, name: str, mapping: Mapping, columns: Columns) -> None:
        super().__init__(name, mapping, columns)
        assert mapping.item is not None  # noqa: S101  # the model says so
        self._type = mapping.item.type
        self._column = mapping.item.id
        self._id = columns.own_id("item.id", mapping.item.id)

    def prepare(self, row: Row) -> Prepared:
        own = required(self._id(row.cells), self._column, "id")
        properties = filled(self.properties, row.cells)
        # What the catalogue can't hold is no reason to refuse the items that are written together with it.
        if len(own) > MAX_ID:
            raise Rejected("id_too_long", f"the id has {len(own)} characters: send at most {MAX_ID}", label(self._column))
        try:
            size = len(canonical([own, properties]).encode())
        except UnicodeEncodeError:
            raise Rejected("not_unicode", "the row holds half a surrogate pair: do not cut a text inside a character") from None
        if size > MAX_ITEM_BYTES:
            raise Rejected("item_too_large", f"the item has {size:,} bytes of JSON: send at most {MAX_ITEM_BYTES:,}")
        return Prepared(own, row.number, [self.time(row.cells) or 0, properties])

    def messages(self, key: str, rows: Sequence[Prepared]) -> list[Draft]:
        last = max(rows, key=lambda row: (row.values[0], row.number))
        ts, properties = last.values
        item = {"type": "item", "item": self._type, "id": key, "properties": properties}
        return [Draft(self.id(self._type, key), ts, item, tuple(sorted(row.number for row in rows)))]


def _distinct(rows: Iterable[Prepared]) -> list[tuple[list[Any], tuple[int, ...]]]:
    """Different values with the numbers of their rows, in an order that does not depend on that of the rows."""
    found: dict[str, tuple[list[Any], list[int]]] = {}
    for row in rows:
        found.setdefault(canonical(row.values), (row.values, []))[1].append(row.number)
    in_order = sorted(found.items(), key=lambda item: (item[1][0][1], item[0]))
    return [(values, tuple(sorted(numbers))) for _, (values, numbers) in in_order]


def label(column: Any) -> str:
    """The name of the column; "" for a constant."""
    return column.column or "" if isinstance(column, Cell) else column or ""
