"""What sending stands on, built on first use and kept while the function is warm."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from socle import clock
from socle.assets.store import AssetStore
from socle.aws import client, translated
from socle.cached import Cached
from socle.campaigns.store import Counters, RunFiles, RunStore
from socle.channels.store import Channels, Quotas, sending_client
from socle.coupons.service import Coupons
from socle.coupons.store import CouponStore
from socle.definitions.kinds import DEFAULT
from socle.definitions.store import DefinitionStore
from socle.events.store import EventStream
from socle.items.store import ItemStore
from socle.links.token import Keys
from socle.messages.rules import KIND as RULES
from socle.messages.rules import SendingRules
from socle.messages.service.chunks import ChunkWorker, Plan, ask_of
from socle.messages.service.prepare import Prepared, Stand, prepare
from socle.messages.store import Ledger
from socle.profiles.model import Aggregate
from socle.profiles.service import Profiles
from socle.profiles.store import ProfileStore
from socle.rates.service import Pace
from socle.rates.store import RateStore
from socle.segments.service.explanations import Explanations
from socle.settings import SendSettings
from socle.templates.service.lookups import Catalogue

settings = SendSettings.from_env()
dynamodb, s3, secrets = client("dynamodb"), client("s3"), client("secretsmanager")
definitions = DefinitionStore(dynamodb, settings.definitions_table)
rates, quotas = RateStore(dynamodb, settings.definitions_table), Quotas(client("sesv2"))
_threads = ThreadPoolExecutor(16, "send")


def _secret(arn: str) -> str:
    with translated("the secret"):
        return str(secrets.get_secret_value(SecretId=arn)["SecretString"])


_links = Cached(lambda: Keys(_secret(settings.links_secret_arn)), 5 * clock.MINUTE, clock.now)
_master = Cached(lambda: _secret(settings.signing_secret_arn).encode(), 15 * clock.MINUTE, clock.now)



def _read_rules() -> SendingRules:
    found = definitions.current(RULES, DEFAULT)
    return SendingRules.model_validate(found.document if found else {})


_rules = Cached(_read_rules, 30 * clock.SECOND, clock.now)
_profiles = Profiles(ProfileStore(dynamodb, settings.profiles_table))
_explanations = Explanations(definitions, clock.now)


def _at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    return list(_threads.map(lambda call: call(), calls)) if len(calls) > 1 else [call() for call in calls]


def _computed(root: Aggregate) -> Mapping[str, Any]:
    return dict(_explanations.of(root, root.snapshot, lambda: _profiles.history(root))["computed"])


stand = Stand(
    Ledger(dynamodb, settings.profiles_table), EventStream(settings.stream_name),
    Channels(sending_client("sesv2"), sending_client("sns"), settings.configuration_set, lambda: _master(),
             json.loads(settings.push_applications)),
    lambda: _links(), settings.public_url, AssetStore(s3, settings.bucket),
    Catalogue(ItemStore(dynamodb, settings.definitions_table), clock.now),
    Coupons(CouponStore(dynamodb, settings.definitions_table), definitions, clock.now), _computed, clock.now, _at_once)


def _open(content: Mapping[str, Any]) -> Plan:
    """The plan of a run as its worker obeys it. Raises Rejected when a template can't be rendered."""
    document, topic, dry = content["document"], content.get("topic"), content["mode"] == "forecast"
    contents = {variant: Prepared(frozen, topic["document"] if topic else None, stand)
                for variant, frozen in content["templates"].items()}
    channel = next(iter(contents.values())).compiled.channel
    ask = ask_of(content, channel)
    throttle = document.get("throttle")
    pace = Pace(rates, quotas, channel, clock.now, content["campaign"], throttle["per_minute"] / 60 if throttle else None)
    shown = {"name": content["campaign"], "run": content["run"]}
    sending = prepare(stand, contents, ask.purpose, shown, document.get("utm"), dry=dry)
    return Plan(ask, contents, _rules, dry, sending, pace)


_opened: dict[tuple[str, str], Plan] = {}


def open_plan(content: Mapping[str, Any]) -> Plan:
    """The last run's plan stays open: its templates are compiled once for many chunks."""
    name = (content["campaign"], content["run"])
    if name not in _opened:
        _opened.clear()
        _opened[name] = _open(content)
    return _opened[name]


worker = ChunkWorker(RunFiles(s3, settings.bucket), RunStore(dynamodb, settings.definitions_table),
                     Counters(dynamodb, settings.definitions_table), open_plan, clock.now, clock.wait)
