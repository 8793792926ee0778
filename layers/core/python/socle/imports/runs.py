"""A run of an import, as it is kept and shown: which file, by which mapping, how far it is, what it came to."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

from socle.errors import SocleError
from socle.iso import to_iso

CREATED, RUNNING, SUCCEEDED, FAILED, CANCELLED = "created", "running", "succeeded", "failed", "cancelled"

ID = re.compile(r"[0-9]{8}t[0-9]{6}-[0-9a-z]{8}")
"""An id begins with the time at which the run was made, so that ids sort by age."""
MAX_BYTES = 2 * 1024**3
"""A file of one import: what one function reads in 15 minutes. S3 takes 5 GB in one PUT."""


class Failure(NamedTuple):
    """Why a run failed; `code` is stable, `message` says what to do."""

    code: str
    message: str
    field: str | None = None


@dataclass(frozen=True)
class Run:
    """One run.

    id        see `run_id`
    file      name of the file, which says its format
    key       of the object that holds it
    mapping   name of the mapping, None until one is chosen
    dry_run   True: count and report, send nothing
    state     CREATED, RUNNING, SUCCEEDED, FAILED or CANCELLED
    created   epoch ms; so are `started`, of the last attempt, and `ended`
    size      bytes, None when unknown
    etag      of the object when the run was started: another content is another run
    frozen    name of the object with the mapping as it was when the run was started
    attempt   how often it was started
    failure   why it failed
    count     what it came to, when it has ended
    version   of this record; every write is one more
    """

    id: str
    file: str
    key: str
    mapping: str | None
    dry_run: bool
    state: str
    created: int
    size: int | None = None
    etag: str | None = None
    frozen: str | None = None
    attempt: int = 0
    started: int | None = None
    ended: int | None = None
    failure: Failure | None = None
    count: dict[str, Any] | None = None
    version: int = 0

    def next(self, **changes: Any) -> Run:
        """The record with these changes, to be written over this one."""
        return replace(self, version=self.version + 1, **changes)

    @property
    def execution(self) -> str:
        """Name of the workflow's execution for this attempt."""
        return f"{self.id}-{self.attempt}"

    def to_row(self) -> dict[str, Any]:
        """JSON-ready; `from_row` is the inverse."""
        return asdict(self) | {"failure": list(self.failure) if self.failure else None}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Run:
        """Inverse of `to_row`."""
        return cls(**row | {"failure": Failure(*row["failure"]) if row["failure"] else None})

    def to_json(self) -> dict[str, Any]:
        """What the API answers of every run; times in ISO 8601."""
        answer: dict[str, Any] = {"id": self.id, "file": self.file, "mapping": self.mapping, "dry_run": self.dry_run,
                                  "state": self.state,
                                  "size": self.size, "created": to_iso(self.created),
                                  "started": to_iso(self.started) if self.started is not None else None,
                                  "ended": to_iso(self.ended) if self.ended is not None else None}
        if self.failure:
            answer["failure"] = {key: value for key, value in self.failure._asdict().items() if value is not None}
        return answer


@dataclass
class Count:
    """What a part of a run, or all of it, came to.

    rows       rows read (by the split only)
    rejected   code -> rows that were not taken
    new        events that no earlier run of the mapping had sent
    corrected  events sent again with a higher revision, for their content changed
    unchanged  events that an earlier run had sent as they are
    items      products, stores… written to the catalogue
    """

    rows: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    new: int = 0
    corrected: int = 0
    unchanged: int = 0
    items: int = 0

    def add(self, other: Count) -> None:
        """Add what another part came to."""
        self.rows += other.rows
        self.rejected += other.rejected
        self.new += other.new
        self.corrected += other.corrected
        self.unchanged += other.unchanged
        self.items += other.items

    @classmethod
    def total(cls, parts: Iterable[Count]) -> Count:
        """All parts together."""
        total = cls()
        for part in parts:
            total.add(part)
        return total

    def to_row(self) -> dict[str, Any]:
        """JSON-ready; `from_row` is the inverse."""
        return asdict(self) | {"rejected": dict(sorted(self.rejected.items()))}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Count:
        """Inverse of `to_row`."""
        return cls(**row | {"rejected": Counter(row["rejected"])})

    def to_json(self) -> dict[str, Any]:
        """What the API answers."""
        return {"rows": self.rows, "rejected": self.rejected.total(), "reasons": dict(self.rejected.most_common()),
                "events": {"new": self.new, "corrected": self.corrected, "unchanged": self.unchanged},
                "items": self.items}


@dataclass(frozen=True)
class Split:
    """What the split of a file came to.

    columns  of the file, in order
    is_open  whether rows may have columns beside these (see Rows)
    buckets  bucket -> names of the pieces that hold its rows
    tasks    buckets that are converted by one call, for each call
    rejects  names of the pieces that hold the rows that were not taken
    count    rows read, rows rejected
    """

    columns: list[str]
    is_open: bool
    buckets: dict[int, list[str]]
    tasks: list[list[int]]
    rejects: list[str]
    count: Count

    def to_row(self) -> dict[str, Any]:
        """JSON-ready; `from_row` is the inverse."""
        return {"columns": self.columns, "is_open": self.is_open, "buckets": self.buckets, "tasks": self.tasks,
                "rejects": self.rejects, "count": self.count.to_row()}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Split:
        """Inverse of `to_row`."""
        return cls(row["columns"], row["is_open"], {int(bucket): pieces for bucket, pieces in row["buckets"].items()},
                   row["tasks"], row["rejects"], Count.from_row(row["count"]))


def run_id(now: int, chance: str) -> str:
    """`20260131t120000-` and eight characters of `chance` (base32 or hexadecimal, lower case)."""
    date, _, time = to_iso(now).partition("T")
    return f"{date.replace('-', '')}t{time[:8].replace(':', '')}-{chance[:8]}"


def id_of_object(key: str, version: str, at: int) -> str:
    """The id of the run that loads an object by itself: the same however often the object is announced."""
    return run_id(at, hashlib.sha256(f"{key}\0{version}".encode()).hexdigest())


def own_key(id_: str, name: str) -> str:
    """The object in which a run keeps something: `mapping-….json`, `split.json`, `rows/…`, `rejects/…`, `rejects.csv`."""
    return f"import-runs/{id_}/{name}"


def failure_of(error: SocleError) -> Failure:
    """What of an error is kept."""
    return Failure(error.code, error.message, error.field)
