"""The document of the sending rules: how often, when, and to whom not at all, whatever a campaign wants."""

from __future__ import annotations

import re
from typing import Annotated, Literal, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

KIND = "sending-rules"
Channel = Literal["email", "sms", "push", "webhook"]
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
DAYS = {"day": 1, "week": 7, "month": 30}
"""Days that a cap looks back on, today being one."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("is no time zone of the IANA database, such as Europe/Paris") from error
    return name


def _clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise ValueError("is a time of day such as 21:00")
    return text


Clock = Annotated[str, AfterValidator(_clock)]
Timezone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cap(_Document):
    """At most `count` marketing messages per `per`, over the days of the person's own zone."""

    count: int = Field(ge=1, le=1_000)
    per: Literal["day", "week", "month"] = Field(description="today; today and the 6 days before; today and the 29 before")
    channel: Channel | None = Field(default=None, description="left out: all channels together")
    topic: str | None = Field(default=None, min_length=1, max_length=100, description="left out: all topics together")


class QuietHours(_Document):
    """When nobody is disturbed, by the person's own clock; from 21:00 to 08:00 goes over midnight."""

    begin: Clock = Field(examples=["21:00"])
    end: Clock = Field(examples=["08:00"])
    then: Literal["hold", "skip"] = Field(default="hold", description="what becomes of a message: wait for the end, or never")

    @model_validator(mode="after")
    def _some_hours(self) -> Self:
        if self.begin == self.end:
            raise ValueError("begin and end are the same time: leave quiet hours out, or give them an end")
        return self


_CAPS = (Cap(count=3, per="day", channel="email"), Cap(count=1, per="day", channel="sms"),
         Cap(count=3, per="day", channel="push"))
_NIGHT = QuietHours(begin="21:00", end="08:00")
_QUIET: dict[Channel, QuietHours] = {"sms": _NIGHT, "push": _NIGHT}


class SendingRules(_Document):
    """What holds for every marketing message; transactional ones pass all of it."""

    timezone: Timezone = Field(default="UTC", description="of people whose own zone is not known")
    caps: tuple[Cap, ...] = Field(default=_CAPS, max_length=20)
    quiet_hours: dict[Channel, QuietHours] = Field(
        default=_QUIET, description="by channel; e-mail disturbs nobody at night")
    holdout: float = Field(default=0, ge=0, le=50, description="per cent of all people who get no marketing at all, always "
                           "the same ones: what marketing as a whole is worth")
    holdout_salt: str = Field(default="global", max_length=60, description="another salt makes it other people")


class Ask(NamedTuple):
    """What is to be sent, for everybody who is to get it.

    key, channel, topic, purpose   see socle.messages.model; topic "" for none
    campaign, run                  "" for a single message
    holdout                        per cent of this campaign's people who get nothing
    quiet                          `hold`, `skip` or `ignore` instead of what the rules say; "" as they say
    resend                         whether those whose attempt failed are tried again
    """

    key: str
    channel: str
    purpose: str
    topic: str = ""
    campaign: str = ""
    run: str = ""
    holdout: float = 0
    quiet: str = ""
    resend: bool = False
