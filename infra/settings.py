"""What differs between stages, and nothing else: how long things are kept, who is told, what it is called.

A stage is chosen with `-c stage=prod` or SOCLE_STAGE. What only the deploying company knows (alarm_address, domain,
certificate_arn, live, mail_domain, push_applications) belongs under the stage's name in the `context` of cdk.json, so that
no deployment forgets it; `-c` works too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

StageName = Literal["dev", "prod"]
PlatformApplication = Annotated[str, Field(pattern=r"^arn:[^:]+:sns:[^:]+:\d{12}:app/[^/]+/[^/]+$")]


class StageSettings(BaseModel):
    """One stage. Times in the unit that the name says.

    keep                  tables, bucket, key and users outlive the stack, which is protected against deletion
    stream_retention_hours  how long Kinesis keeps a record
    batch_window_seconds  how long events wait for others before they are applied together (infra/README.md has the figures)
    record_age_hours      when a record that cannot be applied goes to S3; must be below stream_retention_hours
    log_retention_days    application and access logs
    file_days             how long exported and imported files and the papers of a replay stay
    quarantine_days       how long refused events stay for replay
    noncurrent_days       how far back tables and bucket can be recovered, and so when an erasure is final
    request_rate          requests per second that the API lets through, `request_burst` at once
    effects_concurrency   run_effects at work at the same time (≥ 2): the rate budget of effects
    snap_start            SnapStart for serve_admin (infra/README.md has the figures)
    alarm_address         e-mail that the alarms go to; None: the topic has no subscriber
    live                  which of the two tables for profiles is in use; a replay fills the other (infra/README.md)
    domain                host name of the API with the ACM certificate of its region; None: the execute-api name
    campaign_days         how long it stays readable what became of each person of a campaign's run
    mail_domain           domain that mails come from: its SES identity is made; None: any identity of the account is used
    push_applications     platform (`ios`, `android`) → ARN of the SNS platform application; as a text, JSON
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: StageName
    keep: bool
    stream_retention_hours: int = Field(ge=24, le=8_760)
    batch_window_seconds: int = Field(ge=0, le=300)
    record_age_hours: int = Field(ge=1, le=168)
    log_retention_days: Literal[7, 14, 30, 60, 90]
    file_days: int = Field(ge=1)
    quarantine_days: int = Field(ge=1)
    campaign_days: int = Field(ge=7)
    noncurrent_days: int = Field(ge=1, le=35)
    request_rate: int = Field(ge=1)
    request_burst: int = Field(ge=1)
    effects_concurrency: int = Field(ge=2, le=1_000)
    snap_start: bool
    live: Literal["profiles", "restored"] = "profiles"
    alarm_address: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$")
    domain: str | None = Field(default=None, pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")
    certificate_arn: str | None = Field(default=None, pattern=r"^arn:[^:]+:acm:[^:]+:\d{12}:certificate/.+$")

    mail_domain: str | None = Field(default=None, pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")
    push_applications: dict[Literal["ios", "android"], PlatformApplication] = {}

    @field_validator("push_applications", mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        return json.loads(given) if isinstance(given, str) else given

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.record_age_hours >= self.stream_retention_hours:
            raise ValueError("record_age_hours must be below stream_retention_hours: a record that expires on the "
                             "stream never reaches the on-failure destination")
        if (self.domain is None) != (self.certificate_arn is None):
            raise ValueError("give domain and certificate_arn together")
        return self

    @classmethod
    def for_stage(cls, name: str, overrides: Mapping[str, Any]) -> Self:
        """The settings of `dev` or `prod`; `overrides` may hold alarm_address, domain, certificate_arn, live,
        mail_domain and push_applications.

        Raises ValueError for a stage that does not exist, pydantic's ValidationError (a ValueError) for a bad value.
        """
        if name not in _STAGES:
            raise ValueError(f"unknown stage {name!r}: choose one of {', '.join(_STAGES)}")
        return cls.model_validate({"name": name, **_STAGES[name], **overrides})


_STAGES: dict[str, dict[str, int | bool]] = {
    "dev": {
        "keep": False,
        "stream_retention_hours": 24,
        "batch_window_seconds": 1,
        "record_age_hours": 20,
        "log_retention_days": 7,
        "file_days": 3,
        "quarantine_days": 30,
        "campaign_days": 30,
        "noncurrent_days": 1,
        "request_rate": 200,
        "request_burst": 400,
        "effects_concurrency": 2,
        "snap_start": False,
    },
    "prod": {
        "keep": True,
        "stream_retention_hours": 168,
        "batch_window_seconds": 5,
        "record_age_hours": 144,
        "log_retention_days": 30,
        "file_days": 7,
        "quarantine_days": 90,
        "campaign_days": 400,
        "noncurrent_days": 14,
        "request_rate": 2_000,
        "request_burst": 4_000,
        "effects_concurrency": 10,
        "snap_start": True,
    },
}
