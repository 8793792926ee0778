"""One rendering of one part: what it may see, what it has made so far, and how much that may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from liquid import RenderContext
from liquid.exceptions import ResourceLimitError
from liquid.undefined import FalsyStrictUndefined

MAX_OUTPUT = 1_000_000
"""Characters of one rendered part."""
MAX_VALUE = 100_000
"""Characters, or items, of any value that a template makes on its way."""
MAX_WORK = 5_000_000
"""Characters that filters and assignments of one part may make altogether."""
MAX_ROUNDS = 10_000
"""Rounds of all loops of one part."""
MAX_NUMBER = 10**18

LINKS, LOOKUPS, URLS, FIELD, PUBLIC_URL, GAPS = " links", " lookups", " urls", " field", " public_url", " gaps"
"""Names in the scope that no template can spell."""


NOTHING = object()


class Missing(FalsyStrictUndefined):
    """What is not there: false in a condition, replaced by `default`, an error in everything else."""

    force_liquid_default = True


class TooLong(ResourceLimitError):
    """A limit was reached."""


class Out:
    """Text as it is written. Liquid asks no more of a TextIO than this."""

    __slots__ = ("limit", "parts", "size")

    def __init__(self, limit: int = MAX_OUTPUT) -> None:
        self.parts: list[str] = []
        self.size = 0
        self.limit = limit

    def write(self, text: str) -> int:
        """Add a text. Raises TooLong."""
        self.size += len(text)
        if self.size > self.limit:
            raise TooLong(f"it has more than {MAX_OUTPUT:,} characters", token=None)
        self.parts.append(text)
        return 1

    def getvalue(self) -> str:
        """All of it."""
        return "".join(self.parts)


class Scope(Mapping[str, object]):
    """Names, the innermost first. There is no clock among them, which Liquid has by itself."""

    def __init__(self, *maps: Mapping[str, object]) -> None:
        self._maps = list(reversed(maps))

    def find(self, name: object) -> object:
        """What a name stands for, NOTHING for none."""
        for mapping in reversed(self._maps):
            if name in mapping:
                return mapping[name]  # type: ignore[index]
        return NOTHING

    def __getitem__(self, name: str) -> object:
        value = self.find(name)
        if value is NOTHING:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for mapping in self._maps for name in mapping))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def size(self) -> int:
        """How many mappings there are."""
        return len(self._maps)

    def push(self, namespace: Mapping[str, object]) -> None:
        """Add names that hide those of before."""
        self._maps.append(namespace)

    def pop(self) -> Mapping[str, object]:
        """Forget the names that were added last."""
        return self._maps.pop()


class Context(RenderContext):
    """One rendering, which counts what it costs."""

    rounds = 0
    work = 0

    def __init__(self, template: Any, *, globals: Mapping[str, object]) -> None:
        super().__init__(template, globals=globals)
        self.scope = Scope(self.locals, globals)  # type: ignore[assignment]

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """Loops one after another count as much as loops in loops."""
        self.rounds += length
        if self.rounds > MAX_ROUNDS:
            raise TooLong(f"loops make more than {MAX_ROUNDS:,} rounds", token=None)

    def assign(self, key: str, val: Any) -> None:
        """What is kept is measured."""
        self.spend(val)
        self.locals[key] = val

    def get_buffer(self, buf: TextIO | None = None) -> Out:  # type: ignore[override]
        """For what is written aside."""
        return Out(buf.limit - buf.size if isinstance(buf, Out) else MAX_OUTPUT)

    def spend(self, value: Any) -> None:
        """Count a value that was made. Raises TooLong."""
        if value.__class__ is str and len(value) < MAX_VALUE and self.work < MAX_WORK - MAX_VALUE:
            self.work += len(value) + 10
        elif isinstance(value, (str, list, tuple, range)):
            try:
                length = len(value)
            except OverflowError:
                length = MAX_VALUE + 1
            if length > MAX_VALUE:
                raise TooLong(f"a value is longer than {MAX_VALUE:,}", token=None)
            self.work += length + 10
            if self.work > MAX_WORK:
                raise TooLong("it is too much work", token=None)
        elif isinstance(value, int) and not -MAX_NUMBER < value < MAX_NUMBER:
            raise TooLong("a number is too large", token=None)
