"""A definition: a named JSON document that people write and Socle obeys, with all its versions."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from socle.iso import to_iso

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
"""What a definition may be called: it stands in URLs, keys and logs."""

MAX_DOCUMENT_BYTES = 100_000
"""Compact JSON of one document; far below DynamoDB's 400 KB an item."""


class Definition(NamedTuple):
    """One version of one definition.

    kind      what it is, e.g. `sources`; the kinds are in socle.definitions.kinds
    name      its name, unique within the kind
    version   1, 2, 3…; a deletion is a version too, and counting goes on after it
    document  the document as its kind's model writes it, defaults filled in; empty when deleted
    created   when version 1, or the first version after a deletion, was written; epoch ms
    updated   when this version was written; epoch ms
    deleted   this version says that the definition was deleted
    """

    kind: str
    name: str
    version: int
    document: dict[str, Any]
    created: int
    updated: int
    deleted: bool = False

    def to_json(self) -> dict[str, Any]:
        """What the API answers; times in ISO 8601."""
        answer = {"kind": self.kind, "name": self.name, "version": self.version, "document": self.document,
                  "created": to_iso(self.created), "updated": to_iso(self.updated)}
        return {**answer, "deleted": True} if self.deleted else answer
