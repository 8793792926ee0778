"""A value that is read again when it is older than some time: what a warm function keeps between calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Cached(Generic[T]):
    """`load()` at most every `lifetime` milliseconds of `clock()`."""

    def __init__(self, load: Callable[[], T], lifetime: int, clock: Callable[[], int]) -> None:
        self._load = load
        self._lifetime = lifetime
        self._clock = clock
        self._value: T
        self._until: int | None = None

    def __call__(self) -> T:
        """The value, loaded now or a little earlier. What `load` raises passes through, and nothing is kept."""
        now = self._clock()
        if self._until is None or now >= self._until:
            self._value = self._load()
            self._until = now + self._lifetime
        return self._value

    def forget(self) -> None:
        """Load it anew next time."""
        self._until = None
