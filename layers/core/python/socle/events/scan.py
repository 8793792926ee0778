"""Finds the elements of a JSON array or object without parsing them, so that one bad element costs only itself. Pure.

`json` gives up on a whole text when one value in it nests too deep, holds a number of more than 4,300 digits or is
broken. This scanner only knows strings and brackets, does not recurse, and leaves judging each element to `json`.
"""

from __future__ import annotations

import re

Span = tuple[int, int]
"""(start, end) of an element in the text."""

_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},]|"', re.DOTALL)
_MEMBER = re.compile(r'\s*("[^"\\]*+(?:\\.[^"\\]*+)*+")\s*:\s*', re.DOTALL)


def children(text: str, start: int, end: int) -> list[Span] | None:
    """The spans of the elements (of an object: `"key": value`) of the array or object that fills text[start:end].

    None when brackets or quotes do not match up. Whitespace around the elements is part of their spans.
    """
    depth = 0
    spans: list[Span] = []
    for token in _TOKEN.finditer(text, start, end):
        char = text[token.start()]
        if char in "[{":
            depth += 1
            if depth == 1:
                if text[start:token.start()].strip():
                    return None
                begin = token.end()
        elif char in "]}":
            depth -= 1
            if depth == 0:
                if text[token.end():end].strip():
                    return None
                if spans or text[begin:token.start()].strip():
                    spans.append((begin, token.start()))
                return spans if all(text[a:b].strip() for a, b in spans) else None
        elif char == ",":
            if depth == 1:
                spans.append((begin, token.start()))
                begin = token.end()
        elif token.end() - token.start() == 1:
            return None  # a quote that is never closed
        if depth == 0:
            return None
    return None


def members(text: str) -> dict[str, Span] | None:
    """The spans of an object's values by raw key (escapes undecoded; the last of equal keys); None when it is none."""
    spans = children(text, 0, len(text)) if text.lstrip().startswith("{") else None
    if spans is None:
        return None
    found: dict[str, Span] = {}
    for start, end in spans:
        member = _MEMBER.match(text, start, end)
        if member is None:
            return None
        found[member.group(1)[1:-1]] = (member.end(), end)
    return found
