"""Near-duplicates: a person as they are compared, a pair of them, the candidate that people review, the rules of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

KIND = "duplicate-rules"
"""The kind of the one definition that holds the rules."""

OPEN, ACCEPTED, REJECTED = STATES = ("open", "accepted", "rejected")

MAX_CLUSTER = 20
"""Profiles that may be one person: more of them share something that is no person's own, so nothing merges them unseen."""
MAX_MERGES = 5_000
"""Groups of profiles that one run merges unseen; the next one goes on."""
MAX_QUEUE = 20_000
"""Candidates that one run keeps, the most probable: a queue is for people, and no team reads more."""


class DuplicateRules(BaseModel):
    """What the search for near-duplicates proposes, and what it may do alone."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = Field(default=True, description="false: the schedule starts no search")
    propose: float = Field(default=0.8, ge=0.5, lt=1, description="the least probability of a candidate")
    auto_merge: float | None = Field(
        default=None, ge=0.9, le=1, description="merge pairs of at least this probability without asking; null: never")
    countries: list[str] | None = Field(
        default=None, min_length=1, max_length=250, examples=[["FR", "DE"]],
        description="compare only people of these countries (as their profiles write them); null: everybody")


class Person(NamedTuple):
    """What is compared of a profile, normalised: lower case, no accents, no punctuation. None where unknown.

    id, version  of the profile, and which state of it was read
    user         its user id: two different ones are never one person
    birth        eight digits, YYYYMMDD
    street       number and name; postcode and city apart
    """

    id: str
    version: int
    user: str | None = None
    given: str | None = None
    surname: str | None = None
    birth: str | None = None
    email: str | None = None
    phone: str | None = None
    street: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None


class Level(NamedTuple):
    """How far two people agree in one field, and what that says.

    level   a name from socle.duplicates.levels, such as "exact" or "different"; "unknown" where one side has no value
    weight  log2 of how much likelier this is for one person than for two: 10 means a thousand times
    """

    field: str
    level: str
    weight: float


class Pair(NamedTuple):
    """Two profiles that may be one person. `left` < `right`; the versions are those that were compared.

    levels   what was compared and what it says; no values: these are in the profiles
    certain  of what a person has only one of (given name, birth) something agrees and nothing differs: only such a pair may be
             merged unseen
    """

    left: str
    right: str
    versions: tuple[int, int]
    probability: float
    weight: float
    levels: tuple[Level, ...]
    certain: bool

    @property
    def id(self) -> str:
        """The same for the same two profiles, in whatever run they are found."""
        return pair_id(self.left, self.right)


class Candidate(NamedTuple):
    """A pair in the queue. Times in epoch ms.

    state     open, accepted or rejected; a pair that is no candidate any more is deleted
    found     when a run first proposed it
    decided   when it was accepted or rejected, else None
    by        who decided: "review", or "auto_merge"
    revision  how often the row was written
    """

    pair: Pair
    state: str
    found: int
    decided: int | None = None
    by: str | None = None
    revision: int = 1

    @property
    def id(self) -> str:
        """That of its pair."""
        return self.pair.id


class Parameters(NamedTuple):
    """A fitted model. m[field][level] and u[field][level] are the probabilities that a field agrees so far for one person
    and for two; `prior` is the probability that two people drawn at random are one."""

    m: Mapping[str, list[float]]
    u: Mapping[str, list[float]]
    prior: float


def pair_id(one: str, other: str) -> str:
    """The id of the candidate of two profiles, in either order."""
    return "-".join(sorted((one, other)))
