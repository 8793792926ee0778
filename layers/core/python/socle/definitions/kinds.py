"""The kinds of definition, each with the model that its documents must fit."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from socle.definitions.webhooks import WebhookDocument
from socle.errors import NotFound
from socle.sources.model import SourceDocument

KINDS: Mapping[str, type[BaseModel]] = {
    "sources": SourceDocument,
    "webhooks": WebhookDocument,
}


def model_of(kind: str) -> type[BaseModel]:
    """The model of a kind. Raises NotFound that lists the kinds."""
    if kind not in KINDS:
        raise NotFound("unknown_kind", f"there is no kind {kind!r}: the kinds are {', '.join(KINDS)}")
    return KINDS[kind]
