"""What steps of journeys are done with, built on first use and kept while the function is warm."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics

from socle import clock
from socle.aws import client
from socle.cached import Cached
from socle.definitions.model import Definition
from socle.effects import webhook
from socle.events.store import EventStream
from socle.journeys.service.calls import Calls
from socle.journeys.service.courses import Courses
from socle.journeys.service.ground import Ground
from socle.journeys.service.sends import Letters, Post
from socle.journeys.service.steps import Steps
from socle.journeys.store import Counters, EntryStore
from socle.messages.service.stand import found
from socle.profiles.store import ProfileStore
from socle.releases.store import PlanFiles, ReleaseStore
from socle.settings import JourneySettings
from socle.workflows.store import Executions

CURRENT = 10 * clock.SECOND
"""Ms that segments are used as they were read: a branch asks them for each person."""
logger, metrics = Logger(), Metrics()


def make_steps() -> Steps:
    """What does steps in this process."""
    settings, dynamodb, secrets = JourneySettings.from_env(), client("dynamodb"), client("secretsmanager")
    foundation = found(settings, clock.now)
    current: dict[str, Cached[list[Definition]]] = {}

    def definitions(kind: str) -> list[Definition]:
        if kind not in current:
            current[kind] = Cached(lambda: foundation.definitions.list_current(kind), CURRENT, clock.now)
        return current[kind]()

    ground = Ground(
        ProfileStore(dynamodb, settings.profiles_table), EntryStore(dynamodb, settings.profiles_table),
        Counters(dynamodb, settings.definitions_table),
        Courses(ReleaseStore(dynamodb, settings.definitions_table), PlanFiles(client("s3"), settings.bucket).read, clock.now),
        Executions(client("stepfunctions")), EventStream(settings.stream_name), definitions)
    master = Cached(lambda: secrets.get_secret_value(SecretId=settings.signing_secret_arn)["SecretString"].encode(),
                    15 * clock.MINUTE, clock.now)
    return Steps(ground, Letters(ground, Post(foundation.stand, foundation.rules, foundation.pace, clock.wait)),
                 Calls(ground, lambda *asked: webhook.exchange(*asked), master), lambda: foundation.rules().timezone)
