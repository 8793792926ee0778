"""The mapping that a file seems to want, by its header and first rows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from socle.imports.model import Mapping, Row


class Inferred(NamedTuple):
    """A proposal. `ready` names the ready mapping it is made from, if one fits; `notes` say what was guessed and why."""

    mapping: Mapping
    ready: str | None
    notes: list[str]


def infer(columns: Sequence[str], rows: Sequence[Row]) -> Inferred:
    """Raises Rejected(`no_mapping`) when no column looks like an identifier, an account or an item."""
    raise NotImplementedError
