"""Mappings for the files that most companies have: use them by name, or copy and adapt them."""

from __future__ import annotations

from collections.abc import Mapping as ReadOnly

from socle.imports.model import Mapping

READY: ReadOnly[str, Mapping] = {}
