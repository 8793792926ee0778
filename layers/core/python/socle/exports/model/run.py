"""A run of an export, as it is kept and shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from socle.iso import to_iso

RUNNING, SUCCEEDED, FAILED = "running", "succeeded", "failed"
PREFIX = "exports/"
STATE_PREFIX = "export-state/"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Run:
    """One run.

    id          begins with the time at which it was made: ids sort by age
    export      name of the definition
    state       RUNNING, SUCCEEDED or FAILED
    by          `hand` or `schedule`
    started     epoch ms, as `ended`
    failure     {code, message, field?} when it failed
    counts      what it came to, when it succeeded: see `socle.exports.service.finish`
    version     of this record; every write is one more
    """

    id: str
    export: str
    state: str
    by: str
    started: int
    ended: int | None = None
    failure: dict[str, Any] | None = None
    counts: dict[str, Any] | None = None
    version: int = 0

    def next(self, **changes: Any) -> Run:
        """The record with these changes, to be written over this one."""
        return replace(self, version=self.version + 1, **changes)

    @property
    def execution(self) -> str:
        """Name of the workflow's execution."""
        return f"{self.export}-{self.id}"[-80:]

    def to_row(self) -> dict[str, Any]:
        """JSON-ready; `Run(**row)` is the inverse."""
        return asdict(self)

    def to_json(self) -> dict[str, Any]:
        """What the API answers; times in ISO 8601."""
        answer = {"id": self.id, "export": self.export, "state": self.state, "by": self.by, "started": to_iso(self.started),
                  "ended": to_iso(self.ended) if self.ended is not None else None, "counts": self.counts}
        return {**answer, "failure": self.failure} if self.failure else answer


def key_of(export: str, run: str, name: str) -> str:
    """The object of a run's file; names that begin with _ are for the workflow alone."""
    return f"{PREFIX}{export}/{run}/{name}"


def state_key(export: str, run: str, name: str) -> str:
    """What the next delta compares with; it outlives the files themselves."""
    return f"{STATE_PREFIX}{export}/{run}/{name}"
