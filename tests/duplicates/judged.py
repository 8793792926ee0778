"""How good a search is, counted after clustering: precision, recall and F1 over pairs, by who people really are."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from socle.duplicates.cluster import cluster
from socle.duplicates.link import Searched, best, read_files, search
from socle.duplicates.model import Pair, Person


class Quality(NamedTuple):
    """Shares of pairs, 0 to 1; NaN never: without a pair found, precision is 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall) if self.precision + self.recall else 0.0


def found(people: Iterable[Person], least: float = 0.5, most: int = 1_000_000) -> tuple[Searched, list[Pair]]:
    """Search among these people."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        file = Path(folder, "people.ndjson")
        file.write_text("\n".join(json.dumps(person._asdict()) for person in people))
        read_files(connection, [str(file)])
        return search(connection, least), best(connection, most)


def judge(pairs: Iterable[Pair], who: Mapping[str, object], users: Mapping[str, str] | None = None) -> Quality:
    """Of the groups that the pairs make."""
    return of_groups(cluster(pairs, users or {}).groups, who)


def of_groups(groups: Sequence[Sequence[str]], who: Mapping[str, object]) -> Quality:
    """Of groups; `who` says of each profile who it really is."""
    said = sum(_pairs(len(group)) for group in groups)
    right = sum(_pairs(count) for group in groups for count in Counter(who[profile] for profile in group).values())
    true = sum(_pairs(count) for count in Counter(who.values()).values())
    return Quality(right / said if said else 1.0, right / true if true else 1.0)


def _pairs(number: int) -> int:
    return number * (number - 1) // 2
