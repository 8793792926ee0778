"""The items of messages in the profiles table, to and from the model. Pure.

Ledger row `P#<profile>`/`M#<key>`: n attempt, r rank of the state, at claimed (epoch ms), w who, ch channel, a digest of the
address, d domain, t topic, c campaign, u run, v variant, why reason, o opened, k clicked (epoch ms), ttl (epoch s).
Address row `L#<key>#<digest>`/`L`: p profile, ttl. Caps row `P#<profile>`/`K`: v version, n counts as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from socle.messages.caps import Counts
from socle.messages.gate import Standing
from socle.messages.model import RANK, Message

KEPT_MS = 400 * 86_400_000
"""How long a message is remembered: longer than any link in it works."""

_STATES = {rank: state for state, rank in RANK.items()}
_TEXTS = {"domain": "d", "topic": "t", "campaign": "c", "run": "u", "variant": "v", "reason": "why"}
_TIMES = {"opened": "o", "clicked": "k"}

Item = dict[str, Any]


def message_key_of(profile: str, key: str) -> Item:
    """The DynamoDB key of a row of the ledger."""
    return {"PK": {"S": f"P#{profile}"}, "SK": {"S": f"M#{key}"}}


def message_item(message: Message) -> Item:
    """The item of a row of the ledger."""
    item = {**message_key_of(message.profile, message.key), "n": {"N": str(message.attempt)},
            "r": {"N": str(RANK[message.state])}, "at": {"N": str(message.at)}, "w": {"S": "\0".join(message.who)},
            "ch": {"S": message.channel}, "a": {"S": message.address}, "ttl": {"N": str((message.at + KEPT_MS) // 1000)}}
    for name, short in _TEXTS.items():
        if value := getattr(message, name):
            item[short] = {"S": value}
    for name, short in _TIMES.items():
        if at := getattr(message, name):
            item[short] = {"N": str(at)}
    return item


def message_of(item: Mapping[str, Any]) -> Message:
    """Inverse of `message_item`."""
    kind, _, value = item["w"]["S"].partition("\0")
    texts = {name: item[short]["S"] for name, short in _TEXTS.items() if short in item}
    times: dict[str, Any] = {name: int(item[short]["N"]) for name, short in _TIMES.items() if short in item}
    return Message(item["PK"]["S"][2:], item["SK"]["S"][2:], int(item["n"]["N"]), _STATES[int(item["r"]["N"])],
                   int(item["at"]["N"]), (kind, value), item["ch"]["S"], item["a"]["S"], **texts, **times)


def address_item(message: Message) -> Item:
    """The item that says whose message went to an address."""
    return {"PK": {"S": f"L#{message.key}#{message.address}"}, "SK": {"S": "L"}, "p": {"S": message.profile},
            "ttl": {"N": str((message.at + KEPT_MS) // 1000)}}


def counts_key(profile: str) -> Item:
    """The DynamoDB key of a person's counts."""
    return {"PK": {"S": f"P#{profile}"}, "SK": {"S": "K"}}


def counts_item(profile: str, counts: Counts, version: int) -> Item:
    """The item of a person's counts."""
    return {**counts_key(profile), "v": {"N": str(version)}, "n": {"S": json.dumps(counts, separators=(",", ":"))}}


def counts_of(item: Mapping[str, Any]) -> tuple[int, Counts]:
    """(version, counts)."""
    return int(item["v"]["N"]), json.loads(item["n"]["S"])


def standing_key(channel: str, digest: str) -> Item:
    """The DynamoDB key of what is known of an address; `domain` is a channel here (socle.consent.store writes these rows)."""
    return {"PK": {"S": f"C#{channel}#{digest}"}, "SK": {"S": "C"}}


def standing_of(item: Mapping[str, Any]) -> Standing:
    """What an item of an address says."""
    return Standing(item["s"]["S"] if "s" in item else "",
                    {name[2:]: int(value["N"]) for name, value in item.items() if name.startswith("w:")})
