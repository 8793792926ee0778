"""A seeded scheduler: jobs that run one at a time, each from one step to the next, as chance wills.

The jobs are greenlets: switching costs a microsecond, where threads cost thirty.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from greenlet import getcurrent, greenlet


class Scheduler:
    """`chance` decides who goes on; jobs call `step` wherever another may."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._hub: greenlet | None = None

    def step(self) -> None:
        """A point at which another job may go on. Nothing outside of `run`."""
        if self._hub is not None and getcurrent() is not self._hub:
            self._hub.switch()

    def run(self, jobs: list[Callable[[], None]]) -> None:
        """Run the jobs to their ends. What one of them raises, this raises."""
        self._hub = getcurrent()
        live = [greenlet(job) for job in jobs]
        try:
            while live:
                one = self.chance.choice(live)
                one.switch()
                if one.dead:
                    live.remove(one)
        finally:
            self._hub = None
