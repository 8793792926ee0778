"""The document of a source: one place that events come from, e.g. a web shop or an app."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class SourceDocument(BaseModel):
    """A source has its own write keys; disabling it refuses them all."""

    model_config = ConfigDict(extra="forbid")

    description: str = Field(default="", max_length=1_000)
    enabled: bool = Field(default=True, description="false refuses every write key of this source")
