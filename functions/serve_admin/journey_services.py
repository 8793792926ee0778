"""The services of journeys, for the routes of journeys.py and of those beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from socle.definitions.service import Among
from socle.events.store import EventStream
from socle.journeys.model.document import KIND as JOURNEYS
from socle.journeys.model.geofence import KIND as GEOFENCES
from socle.journeys.service.answers import Answers
from socle.journeys.service.asking import Asking
from socle.journeys.service.checks import JourneyChecks
from socle.journeys.service.person import PersonAnswers
from socle.journeys.service.publish import Publishing
from socle.journeys.store import Counters, EntryStore
from socle.profiles.service import Profiles
from socle.profiles.store import ProfileStore
from socle.releases.store import Machines, PlanFiles, ReleaseStore, Standing
from socle.workflows.store import AnsweringFunction

from .clients import CONFIG
from .seen_services import SeenServices

__all__ = ["JOURNEYS", "JourneyServices"]


class JourneyServices(SeenServices):
    """Of one deployment."""

    @cached_property
    def publishing(self) -> Publishing:
        role, step = self._settings.journey_role, self._settings.journey_step
        return Publishing(
            self._definition_store, self._journey_releases, PlanFiles(self._s3, self._settings.bucket),
            Machines(boto3.client("stepfunctions", config=CONFIG), role, step), self._journey_entries,
            check=lambda name, document: self.journey_checks.check(JOURNEYS, name, document), freeze=self._frozen,
            prefix=self._settings.journey_machines, function=step)

    @cached_property
    def journey_checks(self) -> JourneyChecks:
        return JourneyChecks(self._definition_store, self._seen, lambda name: self.publishing.bound(name))

    def among_journeys(self) -> dict[str, Among]:
        """What is asked of journeys and geofences before they are written or deleted, by kind."""
        return dict.fromkeys((JOURNEYS, GEOFENCES), self.journey_checks)

    @cached_property
    def journey_asking(self) -> Asking:
        return Asking(self._journey_releases, ProfileStore(self._dynamodb, self._settings.profiles_table),
                      EventStream(self._settings.stream_name, self._kinesis))

    @cached_property
    def journey_answers(self) -> Answers:
        return Answers(self._journey_releases, self._definition_store, self._journey_entries,
                       Counters(self._dynamodb, self._settings.definitions_table))

    @cached_property
    def journey_people(self) -> PersonAnswers:
        return PersonAnswers(self.journey_answers, self._journey_entries,
                             Profiles(ProfileStore(self._dynamodb, self._settings.profiles_table)),
                             self._definition_store.list_current)

    def journey_standing(self, name: str) -> Standing:
        """How a journey stands; version 0 when it was never published."""
        return self._journey_releases.standing(name)

    @cached_property
    def journey_backtests(self) -> AnsweringFunction:
        # It takes as long as API Gateway waits: the client is as patient, and does not ask twice.
        patient = CONFIG.merge(Config(read_timeout=27, retries={"mode": "standard", "total_max_attempts": 1}))
        return AnsweringFunction(boto3.client("lambda", config=patient), self._settings.backtest_function, "the rehearsal")

    @cached_property
    def _journey_releases(self) -> ReleaseStore:
        return ReleaseStore(self._dynamodb, self._settings.definitions_table)

    @cached_property
    def _journey_entries(self) -> EntryStore:
        return EntryStore(self._dynamodb, self._settings.profiles_table)

    @property
    def _frozen(self) -> Callable[[str], dict[str, Any]]:
        from socle.templates.service import freeze  # what renders is needed by publishing only
        return lambda name: freeze(self._definition_store, name)

