"""Assessments of many profiles added up: whole numbers only, so that tallies merge exactly, in any order. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from socle.quality.model import DUPLICATE, Assessment

BUCKETS = 20
"""Of the histogram: 0 to under 5, 5 to under 10, … 95 to 100 points."""
MAX_TRAITS = 2_000
"""Names of traits that are counted; the alphabetically first ones stay, so that the limit commutes."""
_PART = 1_000
"""Freshness and points are added in thousandths."""


@dataclass
class Tally:
    """What some profiles come to.

    people      profiles assessed
    anonymous   profiles left out: of nobody who could be asked
    score       sum of their scores, in thousandths of a point
    histogram   profiles per bucket of BUCKETS
    present     field → profiles that have it; `valid` of these, usable ones
    valid       field → …
    fresh       field → sum of the freshness of those present, in thousandths
    lost        "field code" → sum of the points that it costs, in thousandths
    touched     "field code" → profiles that it costs something
    duplicates  profiles with an open near-duplicate; None when nobody looked
    filled      trait → profiles that have it
    overflow    traits beyond MAX_TRAITS were met: `filled` is not all
    """

    people: int = 0
    anonymous: int = 0
    score: int = 0
    histogram: list[int] = field(default_factory=lambda: [0] * BUCKETS)
    present: Counter[str] = field(default_factory=Counter)
    valid: Counter[str] = field(default_factory=Counter)
    fresh: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    touched: Counter[str] = field(default_factory=Counter)
    duplicates: int | None = None
    filled: Counter[str] = field(default_factory=Counter)
    overflow: bool = False

    def add(self, assessment: Assessment, traits: Iterable[str]) -> None:
        """Count one profile, which has these traits."""
        self.people += 1
        self.score += round(assessment.score * _PART)
        self.histogram[min(BUCKETS - 1, int(assessment.score * BUCKETS / 100))] += 1
        for state in assessment.fields:
            if state.present:
                self.present[state.name] += 1
                self.valid[state.name] += state.valid
                self.fresh[state.name] += round(state.freshness * _PART)
            for code, points in state.lost.items():
                self._lose(f"{state.name} {code}", points)
        if assessment.duplicates is not None:
            self.duplicates = (self.duplicates or 0) + (assessment.duplicates > 0)
            if assessment.duplicates:
                self._lose(f" {DUPLICATE}", assessment.lost)
        self._fill(traits)

    def leave_out(self, traits: Iterable[str]) -> None:
        """Count the profile of somebody anonymous, which has these traits."""
        self.anonymous += 1
        self._fill(traits)

    def merge(self, other: Tally) -> None:
        """Add what other profiles come to."""
        self.people += other.people
        self.anonymous += other.anonymous
        self.score += other.score
        self.histogram = [one + two for one, two in zip(self.histogram, other.histogram, strict=True)]
        for name in ("present", "valid", "fresh", "lost", "touched", "filled"):
            getattr(self, name).update(getattr(other, name))
        if other.duplicates is not None:
            self.duplicates = (self.duplicates or 0) + other.duplicates
        self.overflow |= other.overflow
        self._bound()

    def to_json(self) -> dict[str, Any]:
        """JSON-ready; `from_json` is the inverse."""
        return {name: dict(value) if isinstance(value, Counter) else value for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Tally:
        """Inverse of `to_json`."""
        values: dict[str, Any] = {name: Counter(value) if isinstance(value, dict) else value for name, value in document.items()}
        return cls(**values)

    def _fill(self, traits: Iterable[str]) -> None:
        self.filled.update(list(traits))  # of a mapping a Counter would add the values
        self._bound()

    def _lose(self, what: str, points: float) -> None:
        self.lost[what] += round(points * _PART)
        self.touched[what] += 1

    def _bound(self) -> None:
        if len(self.filled) > MAX_TRAITS:
            self.overflow = True
            for name in sorted(self.filled)[MAX_TRAITS:]:
                del self.filled[name]
