"""The pixel of a mail and the links of messages. Whatever fails behind it, a person who clicks gets where the link leads."""

from __future__ import annotations

from functools import cache

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.config import Config

from socle import clock
from socle.aws import client
from socle.campaigns.store import Counters
from socle.errors import Rejected, loggable
from socle.events.store import EventStream
from socle.links.model import CLICK, OPEN, Claims
from socle.links.store import KeyStore
from socle.links.token import read, verify
from socle.messages.store import Ledger
from socle.settings import MessagesSettings
from socle.tracking.model import Asked
from socle.tracking.service import NOBODY, Tracker
from socle.tracking.store import VisitStore

from .http import Answer, Request

logger, metrics = Logger(), Metrics()

PIXEL = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")
"""A transparent GIF of one by one pixel, 43 bytes."""
_UNSEEN = {"Cache-Control": "no-store, private, max-age=0", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex",
           "X-Content-Type-Options": "nosniff"}
_SHORT = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 1},
                parameter_validation=False, user_agent="socle")
"""Somebody waits for the page behind the link: rather one visit is not counted."""


def opened(request: Request) -> Answer:
    """`/o/{token}`: the pixel, also when nothing is kept of it any more."""
    claims = read(keys()(), request.token, OPEN)
    if request.now < claims.expires:
        _keep(claims, request)
    return Answer(200, {**_UNSEEN, "Content-Type": "image/gif", "Cross-Origin-Resource-Policy": "cross-origin"}, PIXEL)


def clicked(request: Request) -> Answer:
    """`/c/{token}`: to the target that was signed, and to no other. Too old a link says where it led, and leads nowhere."""
    try:
        claims = verify(keys()(), request.token, request.now, CLICK)
    except Rejected as error:
        if error.code != "expired_link":
            raise
        url = read(keys()(), request.token, CLICK).url
        return Answer(error.status, {**_UNSEEN, "Content-Type": "text/plain; charset=utf-8"},
                      f"This link is too old to be followed. It led to:\n\n{url}\n")
    _keep(claims, request)
    return Answer(302, {**_UNSEEN, "Location": claims.url})


def _keep(claims: Claims, request: Request) -> None:
    try:
        came = tracker().visited(claims, Asked(request.method, request.agent, request.headers), request.now)
    except Exception as error:  # ours alone: nothing of it may keep anybody from the page behind the link
        logger.warning("a visit is not counted", extra={"kind": claims.kind, "reason": loggable(error)})
        metrics.add_metric("VisitsLost", MetricUnit.Count, 1)
    else:
        if came != NOBODY:
            metrics.add_metric("Visits", MetricUnit.Count, 1)


@cache
def keys() -> KeyStore:
    """What links are signed with."""
    return KeyStore(client("secretsmanager"), MessagesSettings.from_env().links_secret_arn, clock.now)


@cache
def tracker() -> Tracker:
    """The tracker of this deployment."""
    settings = MessagesSettings.from_env()
    dynamodb, kinesis = boto3.client("dynamodb", config=_SHORT), boto3.client("kinesis", config=_SHORT)
    return Tracker(Ledger(dynamodb, settings.profiles_table), VisitStore(dynamodb, settings.profiles_table),
                   EventStream(settings.stream_name, kinesis), Counters(dynamodb, settings.definitions_table))
