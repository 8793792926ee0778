"""The items of people in journeys, in the profiles table, and of counts, to and from the model. Pure.

Journey row `P#<part>`/`J#<entry>`: j journey, v version, at entered (epoch ms), and of each step and round of the loop
`l:<round>:<step>` what became of it ([epoch ms, outcome, detail] as JSON), `b:…` when it was begun, `t:…` and `k:…` the tokens
that its hold and its parking wait for; `w:<step>` what a webhook answered (JSON). One attribute each: a step writes its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from socle.journeys.model.row import Inside, Logged, Parked, Place, Row

Item = dict[str, Any]
SHARDS = 8
"""Partitions of what all people of a journey write to."""
LOG, BEGUN, HOLD, PARK, RESPONSE = "l", "b", "t", "k", "w"
ROUNDS = 20
"""Of each step, whose outcomes are kept: a loop may go round for a year."""


def row_key(part: str, entry: str) -> Item:
    return {"PK": {"S": f"P#{part}"}, "SK": {"S": f"J#{entry}"}}


def row_item(part: str, entry: str, journey: str, version: int, at: int) -> Item:
    return {**row_key(part, entry), "j": {"S": journey}, "v": {"N": str(version)}, "at": {"N": str(at)}}


def row_of(item: Item) -> Row:
    found: dict[str, dict[Place, str]] = {kind: {} for kind in (LOG, BEGUN, HOLD, PARK)}
    responses = {}
    for name, value in item.items():
        kind, _, rest = name.partition(":")
        if kind == RESPONSE:
            responses[rest] = json.loads(value["S"])
        elif kind in found and rest:
            round_, _, step = rest.partition(":")
            found[kind][step, int(round_)] = value["S"]
    return Row(item["j"]["S"], int(item["v"]["N"]), int(item["at"]["N"]),
               {place: Logged(*json.loads(text)) for place, text in found[LOG].items()},
               {place: int(text) for place, text in found[BEGUN].items()}, found[HOLD], found[PARK], responses)


def attribute(kind: str, step: str, round_: int) -> str:
    """The name of a step's attribute in the journey row."""
    return f"{kind}:{round_}:{step}"


def shard_of(entry: str) -> int:
    """0 to SHARDS - 1: the same for all that one entry writes."""
    return int(entry[:4], 16) % SHARDS


def inside_key(journey: str, entry: str) -> Item:
    return {"PK": {"S": people_partition(journey, shard_of(entry))}, "SK": {"S": entry}}


def people_partition(journey: str, shard: int) -> str:
    return f"journey-people#{journey}#{shard}"


def parked_partition(journey: str) -> str:
    return f"journey-parked#{journey}"


def parked_key(journey: str, entry: str) -> Item:
    return {"PK": {"S": parked_partition(journey)}, "SK": {"S": entry}}


def inside_item(journey: str, one: Inside) -> Item:
    return {**inside_key(journey, one.entry), "p": {"S": one.part}, "v": {"N": str(one.version)}}


def inside_of(item: Item) -> Inside:
    return Inside(item["SK"]["S"], item["p"]["S"], int(item["v"]["N"]))


def parked_item(journey: str, one: Parked) -> Item:
    return {**parked_key(journey, one.entry), "p": {"S": one.part}, "v": {"N": str(one.version)}, "step": {"S": one.step},
            "round": {"N": str(one.round)}, "why": {"S": one.why}, "at": {"N": str(one.at)}}


def parked_of(item: Item) -> Parked:
    return Parked(item["SK"]["S"], item["p"]["S"], int(item["v"]["N"]), item["step"]["S"], int(item["round"]["N"]),
                  item["why"]["S"], int(item["at"]["N"]))


def indexes(row: Mapping[str, Any]) -> list[Item]:
    """The keys of the other items that speak of a journey row's person."""
    entry, journey = row["SK"]["S"][2:], row["j"]["S"]
    return [inside_key(journey, entry), parked_key(journey, entry)]
