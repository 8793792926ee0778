"""Liquid out of the way: while HTML or MJML is read, a mark of letters and digits stands for each piece of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

LIQUID = re.compile(
    r"\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\}|\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}"
    r"|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


class Marks:
    """Pieces of source put aside, each known by its mark. `taken` is text in which no mark may occur by chance."""

    def __init__(self, taken: str) -> None:
        self._prefix = "lqm"
        while self._prefix in taken:
            self._prefix += "m"
        self._pieces: list[str] = []
        self.pattern = re.compile(rf"{self._prefix}(\d+)z")

    def put(self, piece: str) -> str:
        """The mark of a piece from now on."""
        self._pieces.append(piece)
        return f"{self._prefix}{len(self._pieces) - 1}z"

    def hide(self, source: str) -> str:
        """The source with marks in the place of its Liquid."""
        return LIQUID.sub(lambda found: self.put(found[0]), source)

    def show(self, text: str, change: Callable[[str], str] = lambda piece: piece) -> str:
        """The text with the pieces back in their places, marks within pieces too."""
        while self.pattern.search(text):
            text = self.pattern.sub(lambda found: change(self._pieces[int(found[1])]), text)
        return text

    def piece(self, mark: str) -> str:
        """What a mark stands for."""
        found = self.pattern.fullmatch(mark)
        return self._pieces[int(found[1])] if found else ""
