"""Liquid that goes on where something is missing, and says what it was: for previews."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from liquid import Environment
from liquid.undefined import Undefined

from socle.templates.liquid import environment_for


def noting() -> tuple[tuple[Environment, Environment], list[str]]:
    """Environments for HTML and plain text in which what is missing is empty, and the list in which they note it."""
    notes: list[str] = []

    class Noted(Undefined):
        """Empty, and noted when it is looked at."""

        force_liquid_default = True

        def __str__(self) -> str:
            notes.append(self.hint or f"{self.name!r} is undefined")
            return ""

        def __iter__(self) -> Iterator[Any]:
            str(self)
            return iter(())

    return (environment_for(True, Noted), environment_for(False, Noted)), notes
