"""The nouns of data quality: which fields count how much (rules), and what was found of one profile (assessment)."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

KIND = "quality-rules"
DOCUMENT = "default"
"""There is one document of the kind: other names are refused, for nothing would read them."""

HALF_LIFE_DAYS = 833
"""Contact data of which 2.5 % go stale a month: 0.975 ** (833 / 30.44) = 0.5."""
DAY_MS = 86_400_000

MISSING, INVALID, STALE, AGEING, CONFLICT, DUPLICATE = "missing", "invalid", "stale", "ageing", "conflict", "duplicate"


class FieldRule(BaseModel):
    """One thing that should be known of a person."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="what reports call it", examples=["postal_code"])
    traits: list[str] = Field(min_length=1, max_length=10, description="traits that may hold it, the first that does counts; "
                              "a dot leads into an object", examples=[["address.postalCode", "postal_code"]])
    identifier: str | None = Field(default=None, max_length=60, description="type of identifier that holds it, too",
                                   examples=["email"])
    weight: float = Field(default=1, gt=0, le=100, description="share of the score, compared with the other weights")
    half_life_days: float | None = Field(default=HALF_LIFE_DAYS, ge=1, le=36_500, description="days after which half of such "
                                         "values are no longer true; null: it does not age")


def _field(name: str, *traits: str, weight: float = 1, ages: bool = True, identifier: str | None = None) -> FieldRule:
    return FieldRule(name=name, traits=list(traits), identifier=identifier, weight=weight,
                     half_life_days=HALF_LIFE_DAYS if ages else None)


DEFAULT_FIELDS = [
    _field("email", "email", weight=3, identifier="email"),
    _field("phone", "phone", weight=2, identifier="phone"),
    _field("first_name", "firstName", "first_name", ages=False),
    _field("last_name", "lastName", "last_name", ages=False),
    _field("country", "address.country", "country"),
    _field("city", "address.city", "city"),
    _field("postal_code", "address.postalCode", "address.postal_code", "postalCode", "postal_code"),
    _field("birthday", "birthday", "date_of_birth", "dateOfBirth", ages=False),
    _field("language", "language", "locale", ages=False),
]


class QualityRulesDocument(BaseModel):
    """What a good profile knows. Without a document these defaults hold."""

    model_config = ConfigDict(extra="forbid")

    fields: list[FieldRule] = Field(default_factory=lambda: list(DEFAULT_FIELDS), min_length=1, max_length=50,
                                    description="what should be known of a person")
    conflict_penalty: float = Field(default=0.2, ge=0, le=1, description="share of a field's points that sources who "
                                    "contradict each other cost")
    duplicate_penalty: float = Field(default=0.1, ge=0, le=1, description="share of the score that an open near-duplicate costs")

    @model_validator(mode="after")
    def _names_differ(self) -> QualityRulesDocument:
        names = [field.name for field in self.fields]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the field {twice[0]} is there twice: give each field another name")
        return self


class FieldState(NamedTuple):
    """What one profile knows of one field.

    name       of the field
    trait      path of the trait that holds it, None when an identifier does, or nothing
    present    whether there is a value
    valid      whether its normaliser takes the value and it is no placeholder; False without a value
    flag       why it is not valid: the normaliser's code or `placeholder`
    age        ms since the value was last written; None when unknown or absent
    freshness  0.5 ** (age / half-life), 1 when the field does not age; 0 without a value
    conflict   sources say different things; None when nobody looked (that needs the history)
    lost       reason code → points of the score (0 to 100) that the field costs
    """

    name: str
    trait: str | None
    present: bool
    valid: bool
    flag: str | None
    age: int | None
    freshness: float
    conflict: bool | None
    lost: dict[str, float]


class Assessment(NamedTuple):
    """How good one profile is.

    score       0 to 100
    fields      one state per rule, in their order
    duplicates  open near-duplicates of the profile; None when nobody looked
    lost        points that these cost
    """

    score: float
    fields: tuple[FieldState, ...]
    duplicates: int | None
    lost: float

    def reasons(self) -> list[dict[str, Any]]:
        """What costs points, the most expensive first: `{"field", "code", "points", "message"}`."""
        found = [{"field": state.name, "code": code, "points": round(points, 1), "message": _message(state, code)}
                 for state in self.fields for code, points in state.lost.items() if points >= 0.05]
        if self.lost:
            found.append({"field": None, "code": DUPLICATE, "points": round(self.lost, 1),
                          "message": f"{self.duplicates} open near-duplicate(s): accept or reject them"})
        return sorted(found, key=lambda reason: (-float(str(reason["points"])), str(reason["field"])))


def _message(state: FieldState, code: str) -> str:
    days = (state.age or 0) // DAY_MS
    return {
        MISSING: f"{state.name} is not known: ask for it",
        INVALID: f"{state.name} is not usable ({state.flag}): correct it, or remove it with a clean-up rule",
        STALE: f"{state.name} was last confirmed {days} days ago, and is more likely wrong than right: ask again",
        AGEING: f"{state.name} was last confirmed {days} days ago: confirm it",
        CONFLICT: f"sources disagree about {state.name}: decide which one is right, or rank them by survivorship",
    }[code]
