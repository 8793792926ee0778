"""What a segment would be, from some buckets of the lake or all of them: questions to one bucket, and what the answers add up to.

Buckets are made by a hash of the profile, so each is a random sample of everybody. Pure.
"""

# ruff: noqa: S608 (what people wrote gets into the SQL through sql/quote.py alone)
from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SAMPLE = 10
SHOWN_TRAITS = 8
SHOWN = 20
"""Countries, and segments that overlap, the largest."""
TOGETHER = 24 << 20
"""Bytes of buckets that are asked together."""
_Z = 1.959964
"""Of a normal distribution: 95 % lie within so many deviations."""

MEMBERS = "SELECT profile, traits, identifiers, consent, given, segments FROM profiles JOIN ({query}) USING (profile)"
"""The table `members`, by a query for the profiles of a segment."""
_COUNTRY = ("coalesce(nullif(upper(trim(coalesce(json_extract_string(traits, '$.country'), "
            "json_extract_string(traits, '$.address.country')))), ''), 'unknown')")
_GROUP = "coalesce(json_extract_string(given, '$.rfm.group'), 'none')"
_SUBSCRIBED = ("len(list_filter(from_json(consent, '[{\"channel\": \"VARCHAR\", \"state\": \"VARCHAR\"}]'), "
               "lambda c: c.channel = '{channel}' AND c.state = 'subscribed')) > 0")
QUALITY: Mapping[str, str] = {
    "user_id": "json_extract(identifiers, '$.user_id') IS NOT NULL",
    "email": "json_extract(identifiers, '$.email') IS NOT NULL",
    "phone": "json_extract(identifiers, '$.phone') IS NOT NULL",
    "email_subscribed": _SUBSCRIBED.replace("{channel}", "email"),
    "sms_subscribed": _SUBSCRIBED.replace("{channel}", "sms"),
    "push_subscribed": _SUBSCRIBED.replace("{channel}", "push"),
    "country": f"{_COUNTRY} <> 'unknown'",
}
"""What a member has → SQL of it."""

COUNTS = (
    ("people", "SELECT 'people', count(*) FROM profiles"),
    ("members", "SELECT 'members', count(*) FROM members"),
    ("country", f"SELECT {_COUNTRY} AS one, count(*) FROM members GROUP BY one"),
    ("rfm", f"SELECT {_GROUP} AS one, count(*) FROM members GROUP BY one"),
    ("overlap", "SELECT one, count(*) FROM (SELECT unnest(json_keys(segments)) AS one FROM members) GROUP BY one"),
    ("quality", " UNION ALL ".join(f"SELECT '{name}', count(*) FROM members WHERE {sql}" for name, sql in QUALITY.items())),
)
"""(what, SQL) over the views `profiles` and the table `members`; each answers rows (name, how many)."""
PEOPLE = f"SELECT profile, traits FROM members ORDER BY md5(profile) LIMIT {SAMPLE}"


@dataclass
class Tally:
    """What buckets came to so far. `counts`: by what, name → members."""

    counts: dict[str, Counter[str]] = field(default_factory=lambda: {what: Counter() for what, _ in COUNTS})
    sample: list[dict[str, Any]] = field(default_factory=list)
    buckets: int = 0

    def add(self, buckets: int, answers: Mapping[str, Sequence[tuple[str, int]]],
            people: Sequence[tuple[str, str | None]]) -> None:
        """Add some buckets: what → rows, and some of their members with their traits (JSON)."""
        self.buckets += buckets
        for what, rows in answers.items():
            self.counts[what].update(dict(rows))
        for profile, traits in people[:SAMPLE - len(self.sample)]:
            self.sample.append({"id": profile, "traits": few(json.loads(traits or "{}"))})

    def report(self, everybody: int) -> dict[str, Any]:
        """What it comes to for `everybody`: how many people there are in all buckets."""
        people, members = self.counts["people"]["people"], self.counts["members"]["members"]
        whole = people >= everybody
        scale = 1.0 if whole or not people else everybody / people

        def rows(what: str, name: str) -> list[dict[str, Any]]:
            found = sorted(self.counts[what].items(), key=lambda one: (-one[1], one[0]))[:SHOWN]
            return [{name: one, "members": round(count * scale), "share": share(count, members)} for one, count in found]

        return {
            "size": round(members * scale), "share": share(members, people), "of": max(everybody, people), "estimated": not whole,
            "interval": list(interval(members, people, max(everybody, people))), "sample": self.sample,
            "by_country": rows("country", "country"), "by_rfm": rows("rfm", "group"), "by_quality": rows("quality", "has"),
            "overlap": [{"segment": one["segment"], "both": one["members"], "share": one["share"]}
                        for one in rows("overlap", "segment")],
        }


def batches(sizes: Mapping[int, int]) -> list[list[int]]:
    """Buckets to be asked together: each question has a price of its own, so small ones share it. `sizes`: number → bytes."""
    found: list[list[int]] = []
    room = 0
    for number, size in sizes.items():
        if not found or size > room:
            found.append([])
            room = TOGETHER
        found[-1].append(number)
        room -= size
    return found


def share(part: int, whole: int) -> float:
    """From 0 to 1, 0 of nothing."""
    return round(part / whole, 4) if whole else 0.0


def interval(members: int, people: int, everybody: int) -> tuple[int, int]:
    """Where the size of a segment lies in 95 of 100 cases, when `members` of a random sample of `people` are in: the interval of
    Wilson (1927), narrowed for a sample that is a part of everybody that counts (finite population correction)."""
    if people >= everybody or not people:
        return members, members if people else everybody
    fraction, spread = members / people, _Z * _Z / people
    middle = (fraction + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * math.sqrt(fraction * (1 - fraction) / people + spread / (4 * people))
    narrow = math.sqrt((everybody - people) / (everybody - 1))
    low = fraction - (fraction - (middle - half)) * narrow
    high = fraction + (middle + half - fraction) * narrow
    return max(members, math.floor(low * everybody)), min(everybody - people + members, math.ceil(high * everybody))


def few(traits: Mapping[str, Any]) -> dict[str, Any]:
    """Some traits to know a person by: plain values, the first by name."""
    plain = {name: value for name, value in sorted(traits.items()) if isinstance(value, str | int | float | bool)}
    return dict(list(plain.items())[:SHOWN_TRAITS])
