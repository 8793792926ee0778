"""Liquid that goes on where something is missing, and says what it was: for previews."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from liquid import Environment
from liquid.undefined import Undefined

from socle.templates.liquid import GAPS, environment_for


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

    return (_lenient(environment_for(True, Noted)), _lenient(environment_for(False, Noted))), notes


def _lenient(environment: Environment) -> Environment:
    """Filters but `default` leave what is missing as it is, and a link may lead nowhere."""
    setattr(environment, GAPS, True)
    for name, function in list(environment.filters.items()):
        if name != "default":
            environment.filters[name] = _passing(function)
    return environment


def _passing(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def passing(left: Any, *args: Any, **named: Any) -> Any:
        return left if isinstance(left, Undefined) else function(left, *args, **named)

    return passing
