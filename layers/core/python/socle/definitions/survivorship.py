"""The document of survivorship: which of several values of a trait counts, for the whole workspace."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from socle.definitions.model import Definition
from socle.profiles.survivorship import LATEST, SOURCE_PRIORITY, Rule, Survivorship, survivorship

SURVIVORSHIP = "survivorship"
MAX_RULES = 200
"""Traits with a rule of their own: a profile keeps them before all others, and it keeps 250."""

SourceName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
TraitName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


class RuleDocument(BaseModel):
    """How one value is chosen from those that events wrote."""

    model_config = ConfigDict(extra="forbid")

    rule: Literal["latest", "most_frequent", "source_priority", "verified_first", "never_overwrite"] = Field(
        description="latest: the last write. most_frequent: what most events say since the trait was last removed. "
                    "source_priority: the last write of the most trusted source. verified_first: the last write that came "
                    "with `<trait>_verified: true`, else the last write. never_overwrite: the first write.")
    sources: list[SourceName] = Field(
        default=[], max_length=100, description="only for source_priority: names of sources, most trusted first; all others "
                                                "come after them", examples=[["crm", "shop", "enrichment"]])

    @model_validator(mode="after")
    def _sources_belong_to_source_priority(self) -> RuleDocument:
        if self.rule == SOURCE_PRIORITY and not self.sources:
            raise ValueError("source_priority needs sources: name them, the most trusted first")
        if self.rule != SOURCE_PRIORITY and self.sources:
            raise ValueError(f"{self.rule} looks at no sources: leave them out, or make the rule source_priority")
        if len(set(self.sources)) < len(self.sources):
            raise ValueError("sources names one of them twice: leave it where it is most trusted")
        return self

    def to_rule(self) -> Rule:
        """The rule as the fold knows it."""
        return Rule(self.rule, tuple(self.sources))


class SurvivorshipDocument(BaseModel):
    """The rule of every trait; there is one document, `default`. Without it the last write counts."""

    model_config = ConfigDict(extra="forbid")

    default: RuleDocument = Field(default=RuleDocument(rule="latest"), description="for every trait not named in `traits`")
    traits: dict[TraitName, RuleDocument] = Field(
        default={}, max_length=MAX_RULES, description="trait → its rule",
        examples=[{"email": {"rule": "verified_first"}, "company": {"rule": "source_priority", "sources": ["crm"]}}])


def rules_of(definitions: Iterable[Definition]) -> Survivorship:
    """The rules in force, from the current definitions of the kind: none, or the one that there is."""
    for definition in definitions:
        document = SurvivorshipDocument.model_validate(definition.document)
        return survivorship(document.default.to_rule(), {name: one.to_rule() for name, one in document.traits.items()})
    return LATEST
