"""What is asked of a campaign among the other definitions, before it is written or deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from socle.campaigns.model.document import At, CampaignDocument
from socle.campaigns.model.run import UNDER_WAY
from socle.campaigns.pace import moment_of
from socle.campaigns.service.plan import Definitions, rules_of
from socle.campaigns.store import RunStore
from socle.clock import DAY
from socle.errors import Rejected
from socle.messages.model import TRANSACTIONAL

Warning_ = dict[str, str]


class Checks:
    """Campaigns among the others. `now` answers epoch ms."""

    def __init__(self, definitions: Definitions, runs: RunStore, now: Callable[[], int]) -> None:
        self._definitions = definitions
        self._runs = runs
        self._now = now

    def check(self, kind: str, name: str, document: dict[str, Any]) -> list[Warning_]:
        """What is odd, as {"field", "message"}. Raises Rejected for what can't run."""
        campaign = CampaignDocument.model_validate(document)
        self._ask("segments", campaign.segment, "segment")
        for index, segment in enumerate(campaign.exclude):
            self._ask("segments", segment, f"exclude.{index}")
        channel = self._channel(campaign)
        warnings = self._of_new(campaign.segment)
        if campaign.topic is not None:
            topic = self._ask("topics", campaign.topic, "topic")
            if channel not in topic["channels"]:
                raise Rejected("other_channel", f"the topic {campaign.topic} is for {', '.join(topic['channels'])}, the template "
                               f"for {channel}: add {channel} to the topic's channels, or take another template", "topic")
        elif campaign.purpose != TRANSACTIONAL:
            warnings.append({"field": "topic", "message": "without one only people who subscribed to the whole channel get it"})
        if campaign.purpose == TRANSACTIONAL and campaign.holdout:
            raise Rejected("no_holdout", "what people must get can't be held out: leave holdout out, or make it marketing",
                           "holdout")
        if isinstance(campaign.schedule, At) and moment_of(campaign.schedule, rules_of(self._definitions).timezone) < self._now():
            warnings.append({"field": "schedule.at", "message": "is past (with `local`, where the day begins first): it starts "
                             "by POST …/launch only, and then at once"})
        return warnings

    def _of_new(self, segment: str) -> list[Warning_]:
        written = self._definitions.current("segments", segment)
        if written is None or written.updated < self._now() - DAY:
            return []
        return [{"field": "segment", "message": f"segments/{segment} is new, or has changed: whom it has by what happened before "
                 "is in from the next recompute on. Do that first: POST /api/segments/recompute"}]

    def release(self, kind: str, name: str) -> None:
        """Raises Rejected while a run of it is under way."""
        run = self._runs.turn(name)
        if run is not None and self._runs.state(name, run) in UNDER_WAY:
            raise Rejected("campaign_running", f"run {run} of it is under way: POST /api/campaigns/{name}/cancel first", "name",
                           status=409)

    def _channel(self, campaign: CampaignDocument) -> str:
        channels = {}
        for index, (variant, template) in enumerate(campaign.templates.items()):
            field = f"variants.{index}.template" if variant else "template"
            channels[variant] = str(self._ask("templates", template, field)["channel"])
            if channels[variant] != next(iter(channels.values())):
                raise Rejected("other_channel", f"the template {template} is for {channels[variant]}, the first one for "
                               f"{next(iter(channels.values()))}: a campaign has one channel", field)
        return next(iter(channels.values()))

    def _ask(self, kind: str, name: str, field: str) -> dict[str, Any]:
        found = self._definitions.current(kind, name)
        if found is None:
            raise Rejected(f"unknown_{kind[:-1]}", f"there is no {kind}/{name}: PUT /api/{kind}/{name} first", field)
        return found.document
