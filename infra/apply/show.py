"""What a plan would change, for people: one line per place, old → new, in colours on a terminal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

_COLOURS = {"create": "32", "update": "33", "delete": "31", "-": "31", "+": "32"}
_SIGNS = {"create": "+", "update": "~", "delete": "-"}
_DONE = {"create": "created", "update": "changed", "delete": "deleted", "keep": "as they were"}
_WIDTH = 100
"""Characters of a value that are shown."""

Paint = Callable[[str, str], str]


def painter(is_terminal: bool) -> Paint:
    """Colours a text by what it is about, where somebody sees colours."""
    return lambda text, what: f"\033[{_COLOURS[what]}m{text}\033[0m" if is_terminal else text


def step_lines(step: dict[str, Any], paint: Paint) -> Iterator[str]:
    """What one step of a plan changes, with the API's warnings; of what stays as it is these were said when it was written."""
    if step["op"] == "keep":
        return
    yield paint(f"{_SIGNS[step['op']]} {step['kind']}/{step['name']}", step["op"])
    if step["op"] == "update":
        for change in step["diff"]:
            yield from _change(change, paint)
    for warning in step["warnings"]:
        yield f"  ! {step['kind']}/{step['name']} {warning['field']}: {warning['message']}"


def refused_lines(refused: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Why some can't be."""
    for one in refused:
        field = f" {one['field']}:" if one.get("field") else ""
        yield f"x {one['kind']}/{one['name']}:{field} {one['message']}"


def summary(steps: Sequence[dict[str, Any]], would: bool) -> str:
    """How many of what."""
    counts = Counter(step["op"] for step in steps)
    said = [f"{counts[op]} {_DONE[op]}" for op in _DONE if counts[op]] or ["nothing to do"]
    return f"{'Would be: ' if would else ''}{', '.join(said)}"


def _change(change: dict[str, Any], paint: Paint) -> Iterator[str]:
    path = change["path"] or "/"
    before, after = change.get("from"), change.get("to")
    if isinstance(before, str) and isinstance(after, str) and ("\n" in before or "\n" in after):
        yield f"    {path}"
        yield from _lines(before.splitlines(), after.splitlines(), paint)
    elif change["op"] == "add":
        yield f"    {path}  {paint('+ ' + _value(after), '+')}"
    elif change["op"] == "remove":
        yield f"    {path}  {paint('- ' + _value(before), '-')}"
    else:
        yield f"    {path}  {paint(_value(before), '-')} → {paint(_value(after), '+')}"


def _lines(before: list[str], after: list[str], paint: Paint) -> Iterator[str]:
    """The lines of a long text that differ, each side in its order; those that both begin and end with are left out."""
    first = 0
    while first < min(len(before), len(after)) and before[first] == after[first]:
        first += 1
    last = 0
    while last < min(len(before), len(after)) - first and before[-1 - last] == after[-1 - last]:
        last += 1
    for sign, lines in (("-", before), ("+", after)):
        for number in range(first, len(lines) - last):
            yield paint(f"      {number + 1:>4} {sign} {_cut(lines[number])}", sign)


def _value(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    """What a terminal can't do harm with, and not endless."""
    shown = "".join(letter if letter.isprintable() else "�" for letter in text)
    return shown if len(shown) <= _WIDTH else shown[:_WIDTH] + "…"
