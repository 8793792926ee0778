"""What receive_feedback works with."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics

from socle import clock
from socle.aws import client
from socle.cached import Cached
from socle.campaigns.store import Counters, RunStore
from socle.consent.service.record import ConsentRecord
from socle.consent.store import Standings
from socle.consent.topics import TOPICS, TopicDocument
from socle.definitions.store import DefinitionStore
from socle.events.store import EventStream
from socle.feedback.service import FeedbackTaker
from socle.messages.store import Ledger
from socle.profiles.store import ProfileStore
from socle.settings import MessagesSettings
from socle.tracking.service import Tracker
from socle.tracking.store import VisitStore

logger, metrics = Logger(), Metrics()


def make_taker() -> FeedbackTaker:
    """What takes in feedback in this process."""
    settings, dynamodb = MessagesSettings.from_env(), client("dynamodb")
    definitions = DefinitionStore(dynamodb, settings.definitions_table)
    topics = Cached(lambda: {one.name: TopicDocument.model_validate(one.document) for one in definitions.list_current(TOPICS)},
                    clock.MINUTE, clock.now)
    ledger, stream = Ledger(dynamodb, settings.profiles_table), EventStream(settings.stream_name)
    counters = Counters(dynamodb, settings.definitions_table)
    standings = Standings(dynamodb, settings.profiles_table, settings.definitions_table)
    return FeedbackTaker(
        ledger, standings, stream, counters, RunStore(dynamodb, settings.definitions_table),
        Tracker(ledger, VisitStore(dynamodb, settings.profiles_table), stream, counters),
        ConsentRecord(standings, ProfileStore(dynamodb, settings.profiles_table), stream, topics))
