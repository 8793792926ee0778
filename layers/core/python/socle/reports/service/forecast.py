"""The forecast of a campaign, from what its workers wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from socle.campaigns.forecast import forecast
from socle.campaigns.model.document import CampaignDocument
from socle.channels.model import NotSent, Quota
from socle.errors import Rejected
from socle.iso import to_iso
from socle.lake.query import Connection
from socle.messages.model import EMAIL
from socle.messages.service.chunks import BATCH
from socle.rates.service import RATES, SHARE
from socle.reports.dry import dry_of
from socle.reports.store import OutcomeFiles

FORECAST = "forecast"
"""The mode of a run's plan."""


class Forecasts:
    """Reads only. `connect` makes a DuckDB connection, `quota` answers what SES lets be sent."""

    def __init__(self, files: OutcomeFiles, connect: Callable[[], Connection], quota: Callable[[], Quota]) -> None:
        self._files = files
        self._connect = connect
        self._quota = quota

    def forecast(self, campaign: str, run: str, now: int, directory: Path) -> dict[str, Any]:
        """What the campaign would come to, launched at `now` (epoch ms), as far as the workers have come. Raises NotFound, and
        Rejected(`no_forecast`) for a run that sends."""
        plan = self._files.plan(campaign, run)
        if plan["mode"] != FORECAST:
            raise Rejected("no_forecast", f"{run} is no forecast: POST /api/campaigns/{campaign}/forecast makes one", "run")
        document = CampaignDocument.model_validate(plan["document"])
        with self._connect() as connection:
            dry = dry_of(connection, self._files.outcomes(campaign, run, directory / "outcomes.ndjson"))
        channel = channel_of(plan)
        quota, blocked = self._quota_of(channel)
        return {"campaign": campaign, "run": run, "planned_at": to_iso(plan["planned_at"]),
                "complete": dry.audience == plan["audience"],
                "blocked": blocked, **forecast(dry, document, channel, quota, BATCH, now, _with_files(plan))}

    def _quota_of(self, channel: str) -> tuple[Quota, dict[str, str] | None]:
        """What may be sent, and why nothing may."""
        try:
            if channel != EMAIL:
                return Quota(RATES[channel] * SHARE), None
            quota = self._quota()
            return quota._replace(rate=quota.rate * SHARE), None
        except NotSent as error:
            return Quota(1.0, 0), {"code": error.code, "message": error.message}


def channel_of(plan: dict[str, Any]) -> str:
    """The one channel of a run's templates."""
    return str(next(iter(plan["templates"].values()))["document"]["channel"])


def _with_files(plan: dict[str, Any]) -> set[str]:
    """Variants whose mails carry files or images of their own."""
    return {variant for variant, frozen in plan["templates"].items()
            if frozen["document"].get("attachments") or "cid:" in str(frozen)}
