"""A template with everything that it is made of, as plain JSON: what a run keeps, so that nothing changes under it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from socle.errors import Rejected
from socle.templates.assemble import blocks_in
from socle.templates.shared import BLOCKS, BRAND, LAYOUTS

DEFAULT = "default"
MAX_BLOCKS = 200
Find = Callable[[str, str], dict[str, Any] | None]
"""(kind, name) → the current document."""


def frozen(name: str, version: int, document: dict[str, Any], find: Find) -> dict[str, Any]:
    """{"name", "version", "document", "blocks": {name: content}, "layout": document or null, "brand": document}.

    Raises Rejected(`unknown_layout`, `unknown_block`) with the field.
    """
    layout = None
    if document.get("layout"):
        layout = find(LAYOUTS, document["layout"])
        if layout is None:
            raise Rejected("unknown_layout", f"there is no layout {document['layout']!r}: write it to "
                           f"/api/layouts/{document['layout']} first", "layout")
    blocks: dict[str, str] = {}
    waiting = [*_wanted(document, ""), *_wanted(layout or {}, "layout")]
    while waiting:
        block, field = waiting.pop()
        if block in blocks:
            continue
        found = find(BLOCKS, block)
        if found is None:
            raise Rejected("unknown_block", f"there is no block {block!r}: write it to /api/blocks/{block} first", field)
        blocks[block] = found["content"]
        if len(blocks) > MAX_BLOCKS:
            raise Rejected("too_large", f"there are more than {MAX_BLOCKS} blocks in it: use fewer", field)
        waiting += [(inner, field) for inner in blocks_in(found["content"], field)]
    return {"name": name, "version": version, "document": document, "blocks": blocks, "layout": layout,
            "brand": find(BRAND, DEFAULT) or {}}


def _wanted(value: Any, field: str) -> list[tuple[str, str]]:
    """(block, field) of everything that is asked for, also deep in a webhook's body."""
    if isinstance(value, str):
        return [(block, field) for block in blocks_in(value, field)]
    if isinstance(value, dict):
        return [one for key, inner in value.items() if key not in ("sample", "description")
                for one in _wanted(inner, f"{field}.{key}" if field else key)]
    if isinstance(value, list):
        return [one for index, inner in enumerate(value) for one in _wanted(inner, f"{field}[{index}]")]
    return []
