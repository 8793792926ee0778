"""The document of a type of identifier: how much it is trusted, how many a person has, which values are nobody's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from socle.definitions.model import Definition
from socle.identity.model import MAX_IDENTIFIERS, MAX_LENGTH
from socle.identity.rules import IdentifierType, IdentityRules

KIND = "identifiers"
_MAX_WILDCARDS = 4


def _few_wildcards(value: str) -> str:
    if value.count("*") > _MAX_WILDCARDS:
        raise ValueError(f"may hold at most {_MAX_WILDCARDS} *")
    if not value.strip("*"):
        raise ValueError("would block every value: set the limit of the type, or do not send it")
    return re.sub(r"\*+", "*", value)


Blocked = Annotated[str, Field(min_length=1, max_length=MAX_LENGTH), AfterValidator(_few_wildcards)]


class IdentifierDocument(BaseModel):
    """A type of identifier, named as it is in events: `email`, `crm_id`…; `external` stands for all that have no document."""

    model_config = ConfigDict(extra="forbid")

    priority: int = Field(ge=1, le=1_000, description="the smaller, the more it is trusted (user_id 10, email 20, phone 30, "
                          "crm_id 40, loyalty_id 50, external 60, device_token 70, anonymous_id 80)", examples=[45])
    limit: int = Field(ge=1, le=MAX_IDENTIFIERS, description="how many one person has; what is more stays unlinked",
                       examples=[5])
    blocked: list[Blocked] = Field(default_factory=list, max_length=200,
                                   description="values that identify nobody; * stands for any text",
                                   examples=[["0000*", "unknown"]])
    description: str = Field(default="", max_length=1_000)


def rules_of(definitions: Iterable[Definition]) -> IdentityRules:
    """The rules that all documents of this kind make together."""
    documents = {one.name: IdentifierDocument.model_validate(one.document) for one in definitions}
    return IdentityRules({name: IdentifierType(one.priority, one.limit, tuple(one.blocked)) for name, one in documents.items()})
