"""Blocks and layouts put into a template's source, before MJML or Liquid is read: a block may hold either. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from socle.errors import Rejected

MAX_ASSEMBLED = 400_000
"""Characters of a part with everything that it includes."""
_RENDER = re.compile(r"\{%(-?)\s*render\s+(.*?)(-?)%\}", re.DOTALL)
_NAMED = re.compile(r"(['\"])([a-z0-9][a-z0-9_-]{0,62})\1\s*(?:,\s*(.+?))?\s*,?\s*", re.DOTALL)
_CONTENT = re.compile(r"\{\{-?\s*content\s*-?\}\}")


def blocks_in(source: str, field: str) -> Iterator[str]:
    """Names of the blocks that a source asks for. Raises Rejected."""
    for found in _RENDER.finditer(source):
        yield _asked(found, field)[0]


def with_blocks(source: str, blocks: Mapping[str, str], field: str) -> str:
    """The source with every `{% render 'name', key: value %}` replaced by the block, in which `key` is that value.

    Raises Rejected(`unknown_block`, `circle`, `too_large`).
    """
    return _Assembly(blocks, field).expand(source, ())


def without_blocks(source: str) -> str:
    """The source with nothing in the place of blocks; its lines stay where they are."""
    return _RENDER.sub(lambda found: "\n" * found[0].count("\n"), source)


def in_layout(layout: str, source: str, field: str = "layout") -> str:
    """The layout with the source in the place of its `{{ content }}`. Raises Rejected(`bad_layout`)."""
    check_layout(layout, field)
    return _CONTENT.sub(lambda _: source, layout)


def check_layout(layout: str, field: str) -> None:
    """Raises Rejected(`bad_layout`) when a layout has not one place for the content."""
    found = len(_CONTENT.findall(layout))
    if found != 1:
        raise Rejected("bad_layout", f"a layout has one {{{{ content }}}}, where the template's own part goes; this one has "
                       f"{found}", field)


class _Assembly:
    def __init__(self, blocks: Mapping[str, str], field: str) -> None:
        self._blocks, self._field = blocks, field
        self._done: dict[str, str] = {}

    def expand(self, source: str, within: tuple[str, ...]) -> str:
        out, at, size = [], 0, len(source)
        for found in _RENDER.finditer(source):
            name, values = _asked(found, self._field)
            block = self._block(name, within)
            size += len(block)
            if size > MAX_ASSEMBLED:
                raise Rejected("too_large", f"{self._field} with its blocks has more than {MAX_ASSEMBLED:,} characters: "
                               "use fewer or smaller blocks", self._field)
            out.append(source[at:found.start()])
            out.append(f"{{% with {values} %}}{block}{{% endwith %}}" if values else block)
            at = found.end()
        return "".join((*out, source[at:]))

    def _block(self, name: str, within: tuple[str, ...]) -> str:
        if name in within:
            raise Rejected("circle", f"the block {name!r} holds itself: {' > '.join((*within, name))}", self._field)
        if name not in self._blocks:
            raise Rejected("unknown_block", f"there is no block {name!r}: write it to /api/blocks/{name} first", self._field)
        if name not in self._done:
            self._done[name] = self.expand(self._blocks[name], (*within, name))
        return self._done[name]


def _asked(found: re.Match[str], field: str) -> tuple[str, str]:
    named = _NAMED.fullmatch(found[2].strip())
    if not named:
        raise Rejected("bad_liquid", f"{field}: a block is asked for as {{% render 'name' %}} or "
                       f"{{% render 'name', key: value %}}, not {found[0][:80]}", field)
    return named[2], (named[3] or "").strip()
