"""Templates among the other definitions: frozen for a run, checked before they are saved, previewed for a profile."""

from __future__ import annotations

from typing import Any

from socle.definitions.store import DefinitionStore
from socle.errors import NotFound
from socle.templates.builtin import BUILT_IN
from socle.templates.document import TEMPLATES
from socle.templates.freeze import Find, frozen


def freeze(definitions: DefinitionStore, name: str, version: int | None = None) -> dict[str, Any]:
    """A template, current or of that version, with blocks, layout and brand as they are now: JSON for `compile_frozen`.

    Of what Socle sends by itself there is a template without anybody's writing one (version 0).

    Raises NotFound(`unknown_template`, `unknown_version`), Rejected when a block or layout is gone.
    """
    found = definitions.current(TEMPLATES, name) if version is None else definitions.version(TEMPLATES, name, version)
    if found is None and version is None and name in BUILT_IN:
        return frozen(name, 0, BUILT_IN[name], finder(definitions))
    if found is None or found.deleted:
        if version is not None:
            raise NotFound("unknown_version", f"template {name!r} has no version {version}: GET its /versions to see them",
                           "version")
        raise NotFound("unknown_template", f"there is no template {name!r}: write it to /api/templates/{name} first", "template")
    return frozen(name, found.version, found.document, finder(definitions))


def finder(definitions: DefinitionStore) -> Find:
    """Current documents, each read once."""
    read: dict[tuple[str, str], dict[str, Any] | None] = {}

    def find(kind: str, name: str) -> dict[str, Any] | None:
        if (kind, name) not in read:
            current = definitions.current(kind, name)
            read[kind, name] = current.document if current else None
        return read[kind, name]
    return find
