"""Who belongs together, with two who never do: what an unmerge sorts partitions by. Pure."""

from __future__ import annotations

from collections.abc import Iterable


class Groups:
    """Partitions that belong together (union-find); the two that are to be told apart never do."""

    def __init__(self, parts: Iterable[str], one: str, other: str) -> None:
        self._above = {part: part for part in parts}
        self._two = one, other

    def of(self, part: str) -> str:
        while self._above[part] != part:
            part = self._above[part]
        return part

    def join(self, part: str, other: str) -> bool:
        """Put two together; False when that would join the two that are apart."""
        first, second = self.of(part), self.of(other)
        if {first, second} == {self.of(one) for one in self._two}:
            return False
        self._above[second] = first
        return True
