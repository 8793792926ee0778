"""The services of campaigns, for the routes of campaigns.py."""

from __future__ import annotations

from functools import cached_property

import boto3

from socle import clock
from socle.campaigns.service.answers import Answers
from socle.campaigns.service.checks import Checks as CampaignChecks
from socle.campaigns.service.executions import Executions
from socle.campaigns.service.requests import Campaigns
from socle.campaigns.store import Counters, RunFiles
from socle.campaigns.store import RunStore as CampaignRunStore
from socle.messages.store import Ledger
from socle.profiles.store import ProfileStore
from socle.workflows.store import Workflow

from .clients import CONFIG
from .message_services import MessageServices


class CampaignServices(MessageServices):
    """Of one deployment."""

    @cached_property
    def campaigns(self) -> Campaigns:
        workflow = Workflow(boto3.client("stepfunctions", config=CONFIG), self._settings.campaign_machine)
        return Campaigns(self._campaign_runs, self._definition_store, Executions(self._campaign_runs, workflow))

    @cached_property
    def campaign_answers(self) -> Answers:
        return Answers(self._campaign_runs, RunFiles(self._s3, self._settings.bucket),
                       Counters(self._dynamodb, self._settings.definitions_table), self._definition_store,
                       Ledger(self._dynamodb, self._settings.profiles_table),
                       ProfileStore(self._dynamodb, self._settings.profiles_table))

    @cached_property
    def campaign_checks(self) -> CampaignChecks:
        return CampaignChecks(self._definition_store, self._campaign_runs, clock.now)

    @cached_property
    def _campaign_runs(self) -> CampaignRunStore:
        return CampaignRunStore(self._dynamodb, self._settings.definitions_table)
