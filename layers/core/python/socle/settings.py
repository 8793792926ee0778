"""What a function must be told about its deployment: one frozen model per function, one variable per field.

The stack writes them (`Settings(...).to_env()` at synth), the function reads them (`Settings.from_env()` at cold start),
so a variable has its name in one place.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict

PREFIX = "SOCLE_"


class Settings(BaseModel):
    """Field `table_name` travels as the environment variable `SOCLE_TABLE_NAME`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_env(self) -> dict[str, str]:
        """The environment variables that carry these settings."""
        return {PREFIX + name.upper(): str(value) for name, value in self.model_dump().items()}

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; a missing variable raises pydantic's ValidationError, which names it."""
        found = {name: env[PREFIX + name.upper()] for name in cls.model_fields if PREFIX + name.upper() in env}
        return cls.model_validate(found)


class CollectSettings(Settings):
    """collect_events: the stream it fills, the table with the sources' write keys."""

    stream_name: str
    definitions_table: str


class ApplySettings(Settings):
    """apply_events: profiles in, raw objects and effects out."""

    profiles_table: str
    definitions_table: str
    bucket: str
    effects_queue_url: str


class EffectsSettings(Settings):
    """run_effects: reads profiles and definitions, signs webhooks with the secret, puts ticks on the stream, asks send_message
    to send confirmations.

    journeys_per_second  how many people may begin journeys: below the account's quota for StartExecution
    """

    profiles_table: str
    definitions_table: str
    signing_secret_arn: str
    stream_name: str
    effects_queue_url: str
    send_function: str = ""
    journeys_per_second: float = 250.0


class SweepSettings(Settings):
    """sweep_due: finds profiles that are due and puts ticks on the stream."""

    profiles_table: str
    stream_name: str


class AdminSettings(Settings):
    """serve_admin: everything the admin API reads and writes.

    journey_machines  what the names of journeys' state machines begin with
    journey_role      ARN of the role that they run as
    journey_step      ARN of the function that they call
    """

    profiles_table: str
    definitions_table: str
    bucket: str
    stream_name: str
    effects_queue_url: str
    signing_secret_arn: str
    quality_machine: str
    import_machine_arn: str
    duplicates_machine: str
    rfm_machine: str
    export_machine: str
    lake_machine: str
    recompute_machine: str
    preview_function: str
    send_function: str
    report_function: str
    campaign_machine: str
    journey_machines: str = ""
    journey_role: str = ""
    journey_step: str = ""
    backtest_function: str = ""


class PreviewSettings(Settings):
    """preview_segment: reads the lake and the definitions."""

    definitions_table: str
    bucket: str


class QualitySettings(Settings):
    """measure_quality: reads all profiles; a clean-up puts events on the stream."""

    profiles_table: str
    definitions_table: str
    bucket: str
    stream_name: str


class CatalogueSettings(Settings):
    """update_catalogue: raw objects in, the catalogue out."""

    bucket: str


class ImportSettings(Settings):
    """split_import and finish_import: files in, rows and rejects out; runs are kept beside the definitions."""

    bucket: str
    definitions_table: str


class ConvertImportSettings(ImportSettings):
    """convert_import: rows in, events out; accounts are written themselves."""

    profiles_table: str
    stream_name: str


class StartImportSettings(ImportSettings):
    """start_import: starts the workflow for a new object."""

    import_machine_arn: str


class FindDuplicatesSettings(Settings):
    """find_duplicates: people in, pairs out."""

    bucket: str


class ProposeDuplicatesSettings(FindDuplicatesSettings):
    """propose_duplicates: reads profiles, keeps candidates beside the definitions, merges."""

    profiles_table: str
    definitions_table: str


class ExportSettings(Settings):
    """export_segments: reads the lake, writes files; runs are kept beside the definitions."""

    bucket: str
    definitions_table: str


class SendExportSettings(Settings):
    """export_segments_send: rows of a run to a webhook, signed with the secret."""

    bucket: str
    signing_secret_arn: str


class StartExportSettings(ExportSettings):
    """export_segments_due: starts the workflow for exports that are due."""

    export_machine: str


class RfmSettings(Settings):
    """compute_rfm: reads the lake and the rules, keeps reports, puts ticks on the stream."""

    definitions_table: str
    bucket: str
    stream_name: str


class RecomputeSettings(Settings):
    """recompute_segments: reads the lake and definitions, keeps reports, puts ticks on the stream."""

    definitions_table: str
    bucket: str
    stream_name: str


class CompactSettings(Settings):
    """compact_lake: raw objects in, the lake out, with the columns that definitions look at."""

    bucket: str
    definitions_table: str


class ReplayPlanSettings(Settings):
    """replay_plan and replay_summary: where raw objects, markers of erasures, and the documents of a run are."""

    bucket: str


class ReplaySettings(ReplayPlanSettings):
    """replay_raw: fills the profiles table that is not the live one."""

    restored_table: str


class ReplayCompareSettings(ReplaySettings):
    """replay_copy and replay_compare: the table that is filled and the live one."""

    profiles_table: str


class MessagesSettings(Settings):
    """What every function that sends or hears of messages is told.

    public_url  where serve_public is reached: links in messages begin with it
    """

    profiles_table: str
    definitions_table: str
    bucket: str
    stream_name: str
    links_secret_arn: str
    public_url: str


class SendSettings(MessagesSettings):
    """send_campaign and send_message: people in, messages out.

    configuration_set  of SES: its events come back to receive_feedback
    push_applications  JSON: platform (`ios`, `android`) → ARN of the platform application in SNS
    """

    configuration_set: str
    signing_secret_arn: str
    push_applications: str = "{}"


class CampaignSettings(Settings):
    """run_campaign: freezes audiences, decides what is next, ends runs."""

    profiles_table: str
    definitions_table: str
    bucket: str


class StartCampaignsSettings(Settings):
    """start_campaigns_due: starts the workflow of what is due."""

    definitions_table: str
    bucket: str
    campaign_machine: str


class JourneySettings(SendSettings):
    """run_journey_step: what people in journeys come to; it sends, and answers those who wait."""


class BacktestSettings(Settings):
    """backtest_journey: walks the lake's history by the definitions as they are now."""

    definitions_table: str
    bucket: str


class StartJourneysSettings(Settings):
    """start_journeys_due: lets the people of a segment enter by putting events on the stream."""

    profiles_table: str
    definitions_table: str
    stream_name: str


class EndBrokenSettings(Settings):
    """end_broken_journey: ends the entries of executions that failed for good, and tells it on the stream."""

    profiles_table: str
    definitions_table: str
    stream_name: str


class ReportSettings(Settings):
    """report_campaign: reads the lake and what became of a run's people."""

    bucket: str
