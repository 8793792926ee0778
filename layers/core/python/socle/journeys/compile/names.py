"""What states and state machines are called: by the marketer's steps, and never two the same. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

MAX_NAME = 80
"""Characters of a state's name, and of a state machine's."""


class Names:
    """The names of a machine's states. A step's own state is called as the step is."""

    def __init__(self, steps: Iterable[str]) -> None:
        self._taken = set(steps)
        self._made: dict[tuple[str, str], str] = {}

    def of(self, step: str, what: str) -> str:
        """The name of a state that stands beside a step's own: `<step>: <what>`, or `what` alone without a step. It is always the
        same, and no step is called so."""
        if (step, what) not in self._made:
            wanted = name = f"{step}: {what}" if step else what
            number = 1
            while name in self._taken:
                number += 1
                name = f"{wanted} ({number})"
            self._taken.add(name)
            self._made[step, what] = name
        return self._made[step, what]


def machine_name(prefix: str, journey: str, version: int) -> str:
    """What the state machine of a release is called: `<prefix><journey>-v<version>`; a name that would be too long ends in a
    digest of it."""
    tail = f"-v{version}"
    room = MAX_NAME - len(prefix) - len(tail)
    if len(journey) > room:
        journey = f"{journey[:room - 11]}-{hashlib.sha256(journey.encode()).hexdigest()[:10]}"
    return f"{prefix}{journey}{tail}"
