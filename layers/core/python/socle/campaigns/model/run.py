"""A run of a campaign, as it is kept and shown: one sending to one frozen audience, or the forecast of one."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import Any

from socle.iso import to_iso

RUNNING, PAUSED, DECIDING, FINISHED, CANCELLED, FAILED = "running", "paused", "deciding", "finished", "cancelled", "failed"
UNDER_WAY = frozenset({RUNNING, PAUSED, DECIDING})
"""States of a run that may still send: another one of the same campaign has to wait for its end."""
LAUNCH, RESEND, FOLLOW_UP, FORECAST = "launch", "resend", "follow_up", "forecast"
HAND, SCHEDULE, GUARD, WORKFLOW = "hand", "schedule", "guard", "workflow"
"""Who changed a state: somebody by the API, the clock, what watches bounces and complaints, the run's own workflow."""

ID = re.compile(r"f?[0-9]{8}t[0-9]{6}-[0-9a-z]{8}")
"""An id begins with the time at which the run was made, so that ids sort by age; a forecast's with an f before it."""
PREFIX = "campaigns/"
PLAN, PROGRESS, DECISION = "plan.json", "progress.json", "decision.json"


@dataclass(frozen=True)
class Run:
    """One run.

    id          see ID
    campaign    name of the definition
    kind        LAUNCH, RESEND (whose attempt failed in the run `of`), FOLLOW_UP (who did not open in `of`), FORECAST
    state       see RUNNING …
    by          HAND or SCHEDULE
    started     epoch ms, as `ended`
    occurrence  what makes its messages others than those of the next run; a resend has that of the run it follows
    begins      epoch ms at which the audience is frozen
    of          id of the run that this one follows, "" for none
    template    of a follow-up, and of one that is sent again; "" else
    attempt     executions of the workflow so far: resuming is one more
    handed_over whether the execution has ended so that another one goes on
    audience    people in it; None while it is not frozen
    choices     the variants of its test, as frozen; () while it is not, or without a test
    decide_by   epoch ms at which a test without a winner is decided anyway
    winner      the variant that the rest gets, "" while there is none
    counts      variant → outcome → reason ("" for none) → people, of what is over
    failure     {code, message, field?} when it failed
    history     (state, at, by, reason), oldest first
    version     of this record; every write is one more
    """

    id: str
    campaign: str
    kind: str
    state: str
    by: str
    started: int
    occurrence: str
    begins: int
    of: str = ""
    template: str = ""
    attempt: int = 1
    handed_over: bool = False
    ended: int | None = None
    audience: int | None = None
    choices: tuple[str, ...] = ()
    decide_by: int | None = None
    winner: str = ""
    counts: dict[str, Any] | None = None
    failure: dict[str, Any] | None = None
    history: tuple[tuple[str, int, str, str], ...] = ()
    version: int = 1

    def next(self, **changes: Any) -> Run:
        """The record with these changes, to be written over this one."""
        return replace(self, version=self.version + 1, **changes)

    def become(self, state: str, at: int, by: str, reason: str = "", **changes: Any) -> Run:
        """The record in another state, with a line more in its history."""
        return self.next(state=state, history=(*self.history, (state, at, by, reason)), **changes)

    @property
    def is_forecast(self) -> bool:
        """Whether nothing is sent."""
        return self.kind == FORECAST

    @property
    def execution(self) -> str:
        """Name of the workflow's execution: of one that was begun twice there is one."""
        return f"{self.campaign[-40:]}-{self.id}-{self.attempt}"

    @property
    def touched(self) -> int:
        """When its state was last changed, epoch ms."""
        return self.history[-1][1] if self.history else self.started

    def to_row(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Run:
        """Inverse of `to_row`."""
        return cls(**row | {"choices": tuple(row.get("choices", ())),
                            "history": tuple((str(state), int(at), str(by), str(reason))
                                             for state, at, by, reason in row["history"])})

    def to_json(self) -> dict[str, Any]:
        """What the API answers; times in ISO 8601."""
        answer = {
            "id": self.id, "campaign": self.campaign, "kind": self.kind, "state": self.state, "by": self.by,
            "started": to_iso(self.started), "begins": to_iso(self.begins),
            "ended": to_iso(self.ended) if self.ended is not None else None, "of": self.of or None,
            "template": self.template or None, "audience": self.audience, "winner": self.winner or None,
            "decide_by": to_iso(self.decide_by) if self.decide_by is not None else None,
            "history": [{"state": state, "at": to_iso(at), "by": by, "reason": reason or None}
                        for state, at, by, reason in self.history]}
        return {**answer, "failure": self.failure} if self.failure else answer


def key_of(campaign: str, run: str, name: str) -> str:
    """The object of S3 that a run keeps something in."""
    return f"{PREFIX}{campaign}/{run}/{name}"


def chunk_key(campaign: str, run: str, chunk: int) -> str:
    """A chunk of the audience: lines `["<profile>","<variant>"]`, compressed."""
    return key_of(campaign, run, f"chunks/{chunk:05}.ndjson.gz")


def outcome_key(campaign: str, run: str, chunk: int, position: int) -> str:
    """What became of the people of a chunk from a line on."""
    return key_of(campaign, run, f"outcomes/{chunk:05}-{position:05}.ndjson.gz")
