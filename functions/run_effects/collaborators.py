"""What run_effects works with."""

from __future__ import annotations

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.config import Config

from socle import clock
from socle.accounts.service import AccountWriter
from socle.accounts.store import AccountStore
from socle.aws import CONFIG, client
from socle.cached import Cached
from socle.consent.service.confirmations import Confirmations
from socle.consent.topics import TOPICS, topics_of
from socle.definitions.store import DefinitionStore
from socle.effects import webhook
from socle.effects.service import EffectRunner
from socle.effects.store import EffectQueue
from socle.events.store import EventStream
from socle.journeys.service.courses import Courses
from socle.journeys.service.effects import JourneyEffects, Starts
from socle.journeys.service.ground import Ground
from socle.journeys.store import Counters, EntryStore
from socle.profiles.store import ProfileStore
from socle.rates.store import RateStore
from socle.releases.store import ReleaseStore
from socle.segments.accounts import asked
from socle.segments.service.accounts import AccountFacts
from socle.segments.service.members import Memberships
from socle.segments.store import MembershipStore
from socle.settings import EffectsSettings
from socle.templates.shared import BRAND
from socle.workflows.store import AnsweringFunction, Executions

logger, metrics = Logger(), Metrics()
settings = EffectsSettings.from_env()


def make_runner() -> EffectRunner:
    """The runner of this process."""
    dynamodb, secrets = client("dynamodb"), client("secretsmanager")
    definitions = DefinitionStore(dynamodb, settings.definitions_table)
    profiles, accounts = ProfileStore(dynamodb, settings.profiles_table), AccountStore(dynamodb, settings.profiles_table)
    master = Cached(lambda: secrets.get_secret_value(SecretId=settings.signing_secret_arn)["SecretString"].encode(),
                    15 * clock.MINUTE, clock.now)
    facts = AccountFacts(accounts, profiles, EventStream(settings.stream_name), lambda: asked(definitions.list_current),
                         clock.now, EffectQueue(client("sqs"), settings.effects_queue_url), too_large)
    members = Memberships(MembershipStore(dynamodb, settings.profiles_table), definitions, profiles)
    confirmations = Confirmations(lambda: topics_of(definitions.list_current(TOPICS)), lambda asked: _sender().ask(asked),
                                  lambda: str(getattr(definitions.current(BRAND, "default"), "document", {}).get("locale", "")))
    return EffectRunner(profiles, lambda name: getattr(definitions.current("webhooks", name), "document", None), master,
                        lambda *asked: webhook.post(*asked), AccountWriter(accounts, facts), members, facts, confirmations,
                        _journeys(profiles, definitions))


def _journeys(profiles: ProfileStore, definitions: DefinitionStore) -> JourneyEffects:
    dynamodb, table = client("dynamodb"), settings.definitions_table
    ground = Ground(profiles, EntryStore(dynamodb, settings.profiles_table), Counters(dynamodb, table),
                    Courses(ReleaseStore(dynamodb, table), lambda plan: {}, clock.now), Executions(client("stepfunctions")),
                    EventStream(settings.stream_name), definitions.list_current)
    return JourneyEffects(ground, Starts(
        RateStore(dynamodb, table), clock.wait, EffectQueue(client("sqs"), settings.effects_queue_url),
        settings.journeys_per_second))


def _sender() -> AnsweringFunction:
    # It is waited for once: if it takes longer, the queue brings the effect again, and the mail has a key.
    patient = CONFIG.merge(Config(read_timeout=14, retries={"mode": "standard", "total_max_attempts": 1}))
    return AnsweringFunction(boto3.client("lambda", config=patient), settings.send_function, "the mail that asks to confirm")


def too_large(group: str) -> None:
    """Not all members of this account were looked at."""
    logger.warning("an account has more members than are looked at", extra={"account": group})
    metrics.add_metric("AccountsTooLarge", MetricUnit.Count, 1)
