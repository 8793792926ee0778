"""The document of a topic: what people subscribe to, as they read it on pages, and what sending on it takes. Nouns only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from socle.definitions.model import Definition
from socle.templates.shared import Email, Line, Sender

TOPICS = "topics"
LANGUAGES = ("en", "fr")
"""Of the pages."""

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
Title = Annotated[Line, Field(min_length=1, max_length=100)]
ChannelName = Literal["email", "sms", "push", "webhook"]


class Translation(BaseModel):
    """What people read, in another language."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    description: str = Field(default="", max_length=500)
    text: str = Field(default="", max_length=2_000)


class TopicDocument(BaseModel):
    """One topic."""

    model_config = ConfigDict(extra="forbid")

    title: Title = Field(examples=["The autumn letter"])
    description: str = Field(default="", max_length=500, description="what comes, and how often")
    channels: list[ChannelName] = Field(default=["email"], min_length=1, max_length=4)
    double_opt_in: bool = Field(default=False, description="a subscription counts once a link in a mail was confirmed; only on "
                                                           "channel email")
    visible: bool = Field(default=True, description="whether people see it among their preferences")
    text: str = Field(default="", max_length=2_000, description="the sentence beside the box that they tick, word for word",
                      examples=["I would like to get the autumn letter, about once a month. I can end it at any time."])
    text_version: str = Field(default="", max_length=200, description="name of that wording, kept with every consent as its "
                                                                      "proof", examples=["2026-11"])
    sender: Sender | None = Field(default=None, description="the brand's if left out")
    reply_to: Email | None = None
    translations: dict[Language, Translation] = Field(default={}, max_length=50, examples=[
        {"fr": {"title": "La lettre d'automne", "text": "Je souhaite recevoir la lettre d'automne."}}])

    @field_validator("channels")
    @classmethod
    def _once(cls, channels: list[str]) -> list[str]:
        if len(set(channels)) < len(channels):
            raise ValueError("names a channel twice: leave one of them out")
        return channels

    def shown(self, language: str) -> Translation:
        """What people read in a language; in the document's own where there is no translation."""
        own = Translation(title=self.title, description=self.description, text=self.text)
        found = self.translations.get(language)
        if found is None:
            return own
        return Translation(title=found.title, description=found.description or own.description, text=found.text or own.text)


def topics_of(definitions: Iterable[Definition]) -> dict[str, TopicDocument]:
    """Topics by name, from their definitions."""
    return {one.name: TopicDocument.model_validate(one.document) for one in definitions}
