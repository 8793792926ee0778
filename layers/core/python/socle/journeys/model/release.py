"""A published version of a journey: what runs, and whether anybody may enter. Releases are never changed; their state is."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

State = Literal["live", "paused", "held", "stopped"]
LIVE: State = "live"
"""People enter, and go on."""
PAUSED: State = "paused"
"""Nobody enters; those who are inside go on."""
HELD: State = "held"
"""Nobody enters, and those who are inside stop at their next step until it is resumed."""
STOPPED: State = "stopped"
"""Nobody enters, and those who are inside are out at their next step."""


class Release(NamedTuple):
    """One release.

    name      of the journey
    version   of the definition whose document was published
    document  as it was then: JourneyDocument.model_validate reads it
    machine   ARN of its state machine; "" when that is gone, because nobody was in it any more
    at        when it was published, epoch ms
    current   whether it is the newest: only that one is entered
    state     of the journey, the same in all its releases
    plan      key of what it froze in the bucket: publishing it again with other templates makes another one
    stopped   when the journey was stopped last, epoch ms; 0: never
    """

    name: str
    version: int
    document: dict[str, Any]
    machine: str
    at: int
    current: bool
    state: str
    plan: str = ""
    stopped: int = 0

    def ejects(self, entered: int) -> bool:
        """Whether somebody who entered then (epoch ms) is out because the journey was stopped, also if it runs again."""
        return self.state == STOPPED or entered <= self.stopped

    @property
    def open(self) -> bool:
        """Whether people enter it."""
        return self.current and self.state == LIVE
