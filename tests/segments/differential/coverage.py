"""What a comparison has hit: for each recipe who was in and who was not, and whose millisecond came between two questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tests.segments.differential.documents import FUNCTIONS
from tests.segments.differential.recipes import RECIPES

EXPECTED = frozenset((*RECIPES, "all", "any", "at_least", "not", "segment", *(
    f"computed {name}".replace("_", "-") for name in (*FUNCTIONS, "points", "decaying", "labelled", "persona"))))
"""What a comparison must show."""
MOVING = ("within", "within_last", "more_than_ago", "within_next", "day", "week", "month", "days", "new", "active")
"""Last words of recipes in which time alone changes something: somebody's edge must be met in each."""


@dataclass
class Coverage:
    """Counts by recipe; a case is one definition, one person, one time."""

    true: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    edges: Counter[str] = field(default_factory=Counter)
    people: int = 0
    loads: int = 0

    @property
    def cases(self) -> int:
        """All of them."""
        return self.true.total() + self.false.total()

    def add(self, shows: Mapping[str, str], people: Iterable[str], nows: Sequence[int],
            said: Sequence[Mapping[str, frozenset[str]]]) -> None:
        """Count one load: who was in which segment at each time."""
        everybody = set(people)
        self.people += len(everybody)
        self.loads += 1
        for segment, recipe in shows.items():
            for members in said:
                inside = len(members[segment] & everybody)
                self.true[recipe] += inside
                self.false[recipe] += len(everybody) - inside
            for (before, now), (one, other) in zip(pairwise(nows), pairwise(said), strict=True):
                if now == before + 1:
                    self.edges[recipe] += len((one[segment] ^ other[segment]) & everybody)

    def missing(self) -> list[str]:
        """What was not hit."""
        found = [f"nobody is in {recipe}" for recipe in sorted(EXPECTED) if not self.true[recipe]]
        found += [f"everybody is in {recipe}" for recipe in sorted(EXPECTED) if recipe != "everyone" and not self.false[recipe]]
        return found + [f"no edge of {word}" for word in MOVING
                        if not any(count for recipe, count in self.edges.items() if recipe.split()[-1] == word)]

    def __str__(self) -> str:
        lines = [(f"segments: evaluate = SQL in {self.cases:,} cases (definition, person, time) of {self.people} people in "
                  f"{self.loads} loads; {self.edges.total():,} at the very millisecond")]
        for kind in sorted({recipe.split()[0] for recipe in self.true}):
            recipes = sorted(recipe for recipe in self.true if recipe.split()[0] == kind)
            true, false = sum(self.true[one] for one in recipes), sum(self.false[one] for one in recipes)
            edges = sum(self.edges[one] for one in recipes)
            share = true / (true + false)
            lines.append(f"  {kind:16}{len(recipes):4} forms {true + false:9,} cases {share:6.1%} true {edges:6,} edges")
        return "\n".join(lines)
