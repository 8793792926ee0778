"""Who answers for reports and forecasts of campaigns, for the routes of campaign_reports.py."""

from __future__ import annotations

from functools import cached_property

import boto3
from botocore.config import Config

from socle.reports.store import ReportFunction

from .clients import CONFIG, Clients


class ReportServices(Clients):
    """Of one deployment."""

    @cached_property
    def campaign_reports(self) -> ReportFunction:
        # It takes seconds, and trying again would take as many: the client waits as long as API Gateway does.
        patient = CONFIG.merge(Config(read_timeout=27, retries={"mode": "standard", "total_max_attempts": 1}))
        return ReportFunction(boto3.client("lambda", config=patient), self._settings.report_function)
