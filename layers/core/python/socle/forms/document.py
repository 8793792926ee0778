"""The documents of surveys and forms: what is asked, in which words. Nouns only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from socle.consent.topics import Language, Title
from socle.definitions.model import NAME

SURVEYS, FORMS = "surveys", "forms"
SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
"""Kind of survey → lowest and highest answer: Net Promoter Score, customer satisfaction, customer effort score 2.0."""
MAX_TEXT = 5_000
"""Characters that somebody may write into one field."""
OF_OURS = frozenset(("once", "topics", "do", "company_website"))
"""Names of fields that every form has."""

Text = Annotated[str, Field(max_length=2_000)]
FieldName = Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]{0,63}$")]


def _topic(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError("is the name of a topic: 1 to 63 characters a-z, 0-9, _ or -")
    return value


class SurveyWords(BaseModel):
    """What people read of a survey."""

    model_config = ConfigDict(extra="forbid")

    question: Title = Field(max_length=300, examples=["How likely are you to recommend us to a friend?"])
    low: str = Field(default="", max_length=60, description="what the lowest answer means", examples=["not at all likely"])
    high: str = Field(default="", max_length=60, description="what the highest answer means", examples=["very likely"])
    comment: str = Field(default="", max_length=300, description="a second question, answered in words; none if left out",
                         examples=["What is the reason for your answer?"])
    thanks: Text = Field(default="", description="what stands on the page after it")


class SurveyDocument(SurveyWords):
    """One survey. A template links to it by {{ 'name' | survey_url }}; its answers are events `Survey Answered`."""

    kind: Literal["nps", "csat", "ces"] = Field(description="nps: 0 to 10; csat: 1 to 5; ces: 1 to 7")
    translations: dict[Language, SurveyWords] = Field(default={}, max_length=50)

    def shown(self, language: str) -> SurveyWords:
        """The words of a language; the document's own where there is no translation."""
        return self.translations.get(language, self)

    @property
    def scores(self) -> range:
        """The possible answers."""
        low, high = SCALES[self.kind]
        return range(low, high + 1)


class FormField(BaseModel):
    """One field."""

    model_config = ConfigDict(extra="forbid")

    name: FieldName = Field(description="the property of `Form Submitted` that it becomes", examples=["first_name"])
    label: Title = Field(examples=["First name"])
    type: Literal["text", "long_text", "email", "phone", "number", "date", "choice", "checkbox"] = "text"
    required: bool = False
    trait: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")] | None = Field(
        default=None, description="trait of the person that it becomes too; of email and phone, `email` and `phone`")
    options: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        default=[], max_length=300, description="of a choice: what there is to choose from")

    @model_validator(mode="after")
    def _options_belong_to_a_choice(self) -> FormField:
        if (self.type == "choice") != bool(self.options):
            raise ValueError("choice needs options, and only choice has them")
        if self.name in OF_OURS:
            raise ValueError(f"{self.name} is a name of ours: choose another")
        return self


class ConsentBox(BaseModel):
    """A box to tick for a topic, with the topic's own text beside it."""

    model_config = ConfigDict(extra="forbid")

    topic: Annotated[str, Field(max_length=63), AfterValidator(_topic)]
    channel: Literal["email", "sms"] = "email"
    required: bool = False


class FormDocument(BaseModel):
    """A page with a form for visitors. What they send becomes events: identify, `Form Submitted`, `Consent Updated`."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    intro: Text = Field(default="", description="plain text above the fields; line breaks stay")
    fields: list[FormField] = Field(min_length=1, max_length=30)
    topics: list[ConsentBox] = Field(default=[], max_length=20, description="what they may subscribe to: boxes, never ticked "
                                                                            "beforehand")
    button: str = Field(default="", max_length=60, description="what stands on the button")
    thanks: Text = Field(default="", description="what stands on the page after it")
    language: Language | None = Field(default=None, description="of the words above; as the browser says if left out")

    @model_validator(mode="after")
    def _fits_together(self) -> FormDocument:
        names = [one.name for one in self.fields]
        if len(set(names)) < len(names):
            raise ValueError("names a field twice: give each a name of its own")
        types = [one.type for one in self.fields]
        for kind in ("email", "phone"):
            if types.count(kind) > 1:
                raise ValueError(f"has two fields of type {kind}: the person has one")
        for box in self.topics:
            kind = "email" if box.channel == "email" else "phone"
            if kind not in types:
                raise ValueError(f"subscribes to {box.topic} by {box.channel}: it needs a field of type {kind}")
        if len({(box.topic, box.channel) for box in self.topics}) < len(self.topics):
            raise ValueError("names a topic twice: leave one of them out")
        return self
