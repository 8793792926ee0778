"""Rows of the profiles table that no event tells, and what becomes of two versions of one. Pure.

    row                        what it is                                   of two versions counts
    C#<channel>#<digest> / C   what an address refuses (consent.store)      of each thing it says the later: see `_standing`
    P#<id> / M#<key>           a message in the ledger (messages.store)     the higher attempt, in it the higher rank
    P#<id> / K                 a person's counts for caps (messages.store)  the higher version
    L#<key>#<digest> / L       who got it at an address (messages.store)    the one that is remembered longer
    P#<id> / J#<entry>         what happened in a journey (journeys.store)  the one that tells more
    journey-… / <entry>        who is inside, who is parked                 the one that is there

So nothing ever goes back, whichever of the two is read first and however often: a row that is newer than the one that is
copied stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Item = dict[str, Any]
Key = tuple[str, str]

MINE = ("(begins_with(PK, :address) AND SK = :standing) OR (begins_with(PK, :got) AND SK = :owner) OR "
        "(begins_with(PK, :person) AND (SK = :counts OR begins_with(SK, :message) OR begins_with(SK, :entry))) OR "
        "begins_with(PK, :journey)")
"""Filter of a scan: these rows and no others."""
VALUES = {":address": {"S": "C#"}, ":standing": {"S": "C"}, ":got": {"S": "L#"}, ":owner": {"S": "L"},
          ":person": {"S": "P#"}, ":counts": {"S": "K"}, ":message": {"S": "M#"},
          ":entry": {"S": "J#"}, ":journey": {"S": "journey-"}}
_TOPIC = "w:"


def key_of(item: Mapping[str, Any]) -> Key:
    """(PK, SK)."""
    return item["PK"]["S"], item["SK"]["S"]


def profile_of(item: Mapping[str, Any]) -> str | None:
    """Whose row it is, and goes with the person; None for a row of an address, which outlives people."""
    partition = str(item["PK"]["S"])
    return partition[2:] if partition.startswith("P#") else None


def has_free_names(item: Mapping[str, Any]) -> bool:
    """Whether attributes are named by people, like `w:news` or a step of a journey: no PartiQL statement of ours holds these."""
    return bool(item["SK"]["S"] == "C" or item["SK"]["S"].startswith("J#"))


def merged(live: Item, held: Item | None) -> Item:
    """What is to stand in the restored table, where `held` stands by now."""
    if held is None:
        return live
    sort = live["SK"]["S"]
    if sort == "C":
        return _standing(live, held)
    if sort == "L":
        return _newer(live, held, "ttl")
    if sort == "K":
        return _newer(live, held, "v")
    if sort.startswith("J#"):
        return live if len(live) > len(held) else held
    if live["PK"]["S"].startswith("journey-"):
        return held
    return _message(live, held)


def _message(live: Item, held: Item) -> Item:
    newer = _newer(live, held, "n", "r")
    if _number(live, "n") != _number(held, "n"):
        return newer
    first = {name: {"N": str(min(times))} for name in ("o", "k")
             if (times := [_number(one, name) for one in (live, held) if name in one])}
    return newer | first


def _standing(live: Item, held: Item) -> Item:
    """Of each topic the later withdrawal; of suppressions that were not released since, the one that socle.consent would show:
    the strongest, of these the first. Soft bounces of both."""
    released = max(_number(live, "r"), _number(held, "r"))
    both = [_since(one, released) for one in (live, held)]
    after = both[1] | both[0]
    for name in after:
        if name.startswith(_TOPIC):
            after[name] = {"N": str(max(_number(one, name) for one in both))}
    if suppressed := [one for one in both if "s" in one]:
        shown = max(suppressed, key=lambda one: (_number(one, "sr"), -_number(one, "sa")))
        after |= {name: shown[name] for name in ("s", "sr", "sa")}
    if bounced := {time for one in both for time in one.get("b", {"NS": ()})["NS"]}:
        after["b"] = {"NS": sorted(bounced)}
    return after | ({"r": {"N": str(released)}} if released else {})


def _since(item: Item, released: int) -> Item:
    """The row without what a release that it does not know of ended."""
    if _number(item, "r") == released:
        return item
    over = {"b", *(("s", "sr", "sa") if _number(item, "sa") <= released else ())}
    left = {name: value for name, value in item.items() if name not in over}
    bounced = [time for time in item.get("b", {"NS": ()})["NS"] if int(time) > released]
    return left | ({"b": {"NS": bounced}} if bounced else {})


def _newer(live: Item, held: Item, *names: str) -> Item:
    return live if [_number(live, name) for name in names] > [_number(held, name) for name in names] else held


def _number(item: Item, name: str) -> int:
    return int(item.get(name, {"N": "0"})["N"])
