"""The items of the profiles table: what store.py writes and reads, to and from the model. Pure.

Attributes: v version · b bytes (socle.profiles.codec) · m merged into · x erased at (epoch ms) · p owner of an identifier ·
u user id of an owner that was not written yet · due, dueShard (only while something is due: the index is sparse).
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from socle.events.model import Identifier
from socle.journeys.items import indexes
from socle.profiles.codec import decode_aggregate, decode_entries, encode_entries
from socle.profiles.model import Aggregate, Page

DUE_SHARDS = 16
"""Partitions of the due index, so that a million timers do not share one."""


class Owner(NamedTuple):
    """Whose an identifier is.

    profile  profile id
    erased   epoch ms when an earlier owner of this identifier was erased, else 0: events received by then are dropped
    user     the user id of a profile that was not written when the identifier was claimed: until it is, only this tells; ""
             when there is none
    """

    profile: str
    erased: int
    user: str = ""


def erased_key(identifier: Identifier) -> str:
    """The key that remembers an erased identifier without saying it."""
    return "X#" + hashlib.sha256("\0".join(identifier).encode()).hexdigest()


def identifier_key(identifier: Identifier) -> str:
    return f"I#{identifier[0]}#{identifier[1]}"


def identifier_item(identifier: Identifier, owner: Owner) -> dict[str, Any]:
    item = {"PK": {"S": identifier_key(identifier)}, "SK": {"S": "I"}, "p": {"S": owner.profile}}
    if owner.erased:
        item["x"] = {"N": str(owner.erased)}
    if owner.user:
        item["u"] = {"S": owner.user}
    return item


def owner_of(item: Mapping[str, Any]) -> Owner:
    return Owner(item["p"]["S"], int(item["x"]["N"]) if "x" in item else 0, item["u"]["S"] if "u" in item else "")


def other_sides(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The keys of what else says the same as an item of a person: in their account (G#), in the lists of a journey (J#), at the
    address of a message (M#)."""
    kind = item["SK"]["S"]
    if kind.startswith("J#"):
        return indexes(item)
    if kind.startswith("G#"):
        return [{"PK": item["SK"], "SK": item["PK"]}]
    return [{"PK": {"S": f"L#{kind[2:]}#{item['a']['S']}"}, "SK": {"S": "L"}}] if kind.startswith("M#") else []


def aggregate_item(aggregate: Aggregate, data: bytes) -> dict[str, Any]:
    item: dict[str, Any] = {"PK": {"S": f"P#{aggregate.id}"}, "SK": {"S": "A"}, "v": {"N": str(aggregate.version)},
                            "b": {"B": data}}
    if aggregate.erased is not None:
        item["x"] = {"N": str(aggregate.erased)}
    if aggregate.merged_into is not None:
        item["m"] = {"S": aggregate.merged_into}
    if aggregate.due is not None:
        item["due"] = {"N": str(aggregate.due)}
        item["dueShard"] = {"S": str(zlib.crc32(aggregate.id.encode()) % DUE_SHARDS)}
    return item


def aggregate_of(item: Mapping[str, Any]) -> Aggregate:
    profile, version = item["PK"]["S"][2:], int(item["v"]["N"])
    aggregate = decode_aggregate(profile, version, item["b"]["B"])
    aggregate.merged_into = item["m"]["S"] if "m" in item else None
    aggregate.erased = int(item["x"]["N"]) if "x" in item else None
    aggregate.due = int(item["due"]["N"]) if "due" in item else None
    return aggregate


def page_of(item: Mapping[str, Any]) -> Page:
    return Page(item["PK"]["S"][2:], item["SK"]["S"][2:], int(item["v"]["N"]), decode_entries(item["b"]["B"]))


def page_item(page: Page) -> dict[str, Any]:
    """The item of a page."""
    return {"PK": {"S": f"P#{page.profile}"}, "SK": {"S": f"E#{page.lower}"}, "v": {"N": str(page.version)},
            "b": {"B": encode_entries(page.entries)}}


def insert_statement(table: str, item: Mapping[str, Any]) -> dict[str, Any]:
    """PartiQL that writes an item which is not there yet."""
    names = ", ".join(f"'{name}': ?" for name in item)
    return {"Statement": f'INSERT INTO "{table}" VALUE {{{names}}}', "Parameters": list(item.values())}


def write_statement(table: str, item: Mapping[str, Any], version: int) -> dict[str, Any]:
    """PartiQL that writes the next version of an item; attributes that the new one lacks stay."""
    if version == 1:
        return insert_statement(table, item)
    values = {name: value for name, value in item.items() if name not in ("PK", "SK")}
    settings = " ".join(f'SET "{name}"=?' for name in values)
    return {"Statement": f'UPDATE "{table}" {settings} WHERE "PK"=? AND "SK"=? AND "v"=?',
            "Parameters": [*values.values(), item["PK"], item["SK"], {"N": str(version - 1)}]}
