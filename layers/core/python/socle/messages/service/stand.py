"""What sending stands on in a deployment: stores, channels, secrets and rules, made once and kept while a function is warm."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from socle.assets.store import AssetStore
from socle.aws import Client, client, translated
from socle.cached import Cached
from socle.channels.store import Channels, Quotas, sending_client
from socle.clock import MINUTE, SECOND
from socle.coupons.service import Coupons
from socle.coupons.store import CouponStore
from socle.definitions.kinds import DEFAULT
from socle.definitions.store import DefinitionStore
from socle.events.store import EventStream
from socle.items.store import ItemStore
from socle.links.token import Keys
from socle.messages.rules import KIND, SendingRules
from socle.messages.service.prepare import Stand
from socle.messages.store import Ledger
from socle.profiles.model import Aggregate
from socle.profiles.service import Profiles
from socle.profiles.store import ProfileStore
from socle.rates.service import Pace
from socle.rates.store import RateStore
from socle.segments.service.explanations import Explanations
from socle.settings import SendSettings
from socle.templates.service.lookups import Catalogue

THREADS = 16
"""Messages that leave at once."""


class Foundation(NamedTuple):
    """`pace(channel, campaign, per_second, single)`: see socle.rates.service.Pace; `rules`: the current sending rules."""

    stand: Stand
    definitions: DefinitionStore
    rules: Callable[[], SendingRules]
    pace: Callable[..., Pace]


def found(settings: SendSettings, now: Callable[[], int]) -> Foundation:
    """What a function stands on that sends; `now` answers epoch ms."""
    dynamodb, s3, secrets = client("dynamodb"), client("s3"), client("secretsmanager")
    definitions = DefinitionStore(dynamodb, settings.definitions_table)
    rates, quotas = RateStore(dynamodb, settings.definitions_table), Quotas(client("sesv2"))
    profiles, explanations = Profiles(ProfileStore(dynamodb, settings.profiles_table)), Explanations(definitions, now)
    threads = ThreadPoolExecutor(THREADS, "send")
    master = Cached(lambda: _secret(secrets, settings.signing_secret_arn).encode(), 15 * MINUTE, now)

    def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
        return list(threads.map(lambda call: call(), calls)) if len(calls) > 1 else [call() for call in calls]

    def computed(root: Aggregate) -> Mapping[str, Any]:
        return dict(explanations.of(root, root.snapshot, lambda: profiles.history(root))["computed"])

    def rules() -> SendingRules:
        current = definitions.current(KIND, DEFAULT)
        return SendingRules.model_validate(current.document if current else {})

    def pace(channel: str, campaign: str = "", per_second: float | None = None, single: bool = False) -> Pace:
        return Pace(rates, quotas, channel, now, campaign, per_second, single)

    stand = Stand(
        Ledger(dynamodb, settings.profiles_table), EventStream(settings.stream_name),
        Channels(sending_client("sesv2"), sending_client("sns"), settings.configuration_set, master,
                 json.loads(settings.push_applications)),
        Cached(lambda: Keys(_secret(secrets, settings.links_secret_arn)), 5 * MINUTE, now), settings.public_url,
        AssetStore(s3, settings.bucket), Catalogue(ItemStore(dynamodb, settings.definitions_table), now),
        Coupons(CouponStore(dynamodb, settings.definitions_table), definitions, now), computed, now, at_once)
    return Foundation(stand, definitions, Cached(rules, 30 * SECOND, now), pace)


def _secret(secrets: Client, arn: str) -> str:
    with translated("the secret"):
        return str(secrets.get_secret_value(SecretId=arn)["SecretString"])
