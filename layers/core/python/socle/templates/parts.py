"""Pieces of a template, parsed: a part is a text without Liquid, or a Liquid template; values are JSON with parts in it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from liquid import BoundTemplate, Environment
from liquid.builtin.output import OutputNode
from liquid.exceptions import LiquidError, LiquidInterrupt, ResourceLimitError, StopRender, UndefinedError
from liquid.undefined import Undefined

from socle.errors import Rejected
from socle.templates.context import FIELD, Context, Out
from socle.templates.model import Unrenderable
from socle.templates.quick import quicken

Part = str | BoundTemplate
MAX_LEVELS = 20
_FAULTS = (LiquidError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)


def parsed(environment: Environment, source: str, field: str) -> Part:
    """A part. Raises Rejected(`bad_liquid`) with the line."""
    try:
        template = environment.from_string(source)
        quicken(template.nodes, environment)
    except (LiquidError, RecursionError) as error:
        raise Rejected("bad_liquid", f"{field}{_line(error)}: {_said(error)}", field) from error
    return template if "{{" in source or "{%" in source else source


def rendered(part: Part, scope: dict[str, Any], field: str) -> str:
    """A part's text for one person. Raises Unrenderable."""
    if isinstance(part, str):
        return part
    scope[FIELD] = field
    out: Any = Out()
    try:
        context = Context(part, globals=scope)
        for node in part.nodes:
            node.render(context, out)
    except StopRender:
        pass
    except (*_FAULTS, LiquidInterrupt) as error:
        raise unrenderable(error, field) from error
    return str(out.getvalue())


def unrenderable(error: Exception, field: str) -> Unrenderable:
    """What an error of rendering means."""
    if isinstance(error, UndefinedError):
        return Unrenderable("undefined", f"{_said(error)}: give it a `default`, or ask for it in an `if`", field)
    if isinstance(error, (ResourceLimitError, RecursionError)):
        return Unrenderable("too_long", f"{field} is too long to be sent: {_said(error)}", field)
    return Unrenderable("liquid", f"{field}: {_said(error)}", field)


class Values:
    """JSON whose strings hold Liquid; one that is an output alone keeps the kind of its value."""

    def __init__(self, environment: Environment, value: Mapping[str, Any], field: str,
                 assembled: Callable[[str, str], str] = lambda source, _: source) -> None:
        self._environment, self._field, self._assembled = environment, field, assembled
        self._value = self._parse(value, field, 0)

    def rendered(self, scope: dict[str, Any]) -> Any:
        """JSON for one person. Raises Unrenderable."""
        return self._render(self._value, scope, self._field)

    def _parse(self, value: Any, field: str, level: int) -> Any:
        if level > MAX_LEVELS:
            raise Rejected("too_deep", f"{self._field} nests more than {MAX_LEVELS} levels deep", self._field)
        if isinstance(value, Mapping):
            return {key: self._parse(one, f"{field}.{key}", level + 1) for key, one in value.items()}
        if isinstance(value, list):
            return [self._parse(one, f"{field}[{index}]", level + 1) for index, one in enumerate(value)]
        return parsed(self._environment, self._assembled(value, field), field) if isinstance(value, str) else value

    def _render(self, value: Any, scope: dict[str, Any], field: str) -> Any:
        if isinstance(value, dict):
            return {key: self._render(one, scope, f"{field}.{key}") for key, one in value.items()}
        if isinstance(value, list):
            return [self._render(one, scope, f"{field}[{index}]") for index, one in enumerate(value)]
        if not isinstance(value, BoundTemplate):
            return value
        if len(value.nodes) == 1 and isinstance(value.nodes[0], OutputNode):
            scope[FIELD] = field
            try:
                return _json(value.nodes[0].expression.evaluate(Context(value, globals=scope)), 0)
            except _FAULTS as error:
                raise unrenderable(error, field) from error
        return rendered(value, scope, field)


def _json(value: Any, level: int) -> Any:
    if isinstance(value, Undefined):
        return str(value)  # says what is missing
    if level > MAX_LEVELS:
        raise ValueError("it nests too deep")
    if isinstance(value, Mapping):
        return {str(key): _json(one, level + 1) for key, one in value.items()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (Sequence, range)):
        return [_json(one, level + 1) for one in value]
    return value


def _said(error: Exception) -> str:
    if isinstance(error, LiquidError):
        return str(error.message if hasattr(error, "message") else error)
    return f"{type(error).__name__}: {error}"[:200]


def _line(error: Exception) -> str:
    found = error.context() if isinstance(error, LiquidError) else None
    return f" line {found[0]}" if found else ""
