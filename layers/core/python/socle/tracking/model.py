"""Visits: that a message's pixel was fetched or one of its links followed, by a person or by a machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

OPENED, CLICKED = "opened", "clicked"
AUTOMATICALLY = " Automatically"
"""What is added to the name of an event that a machine caused."""


class Asked(NamedTuple):
    """Who asked, as far as the request says. Nothing of it is kept but what kind of device it was.

    headers  names in lower case
    """

    method: str
    agent: str
    headers: Mapping[str, str]


class Visit(NamedTuple):
    """One visit.

    what    OPENED or CLICKED
    number  of the link, from 1; 0 of the pixel
    at      epoch ms
    human   whether its request alone looks like a person's
    """

    what: str
    number: int
    at: int
    human: bool

    @property
    def event_id(self) -> str:
        """The messageId of its event, after the tag. Within a second the same visit is the same event: the first counts."""
        return f"{self.what}.{self.number}{'' if self.human else '.auto'}"

    @property
    def second(self) -> int:
        """Epoch ms of its event: whole seconds."""
        return self.at // 1_000 * 1_000
