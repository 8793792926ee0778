"""The public pages over moto: people, topics, signed links, requests as API Gateway hands them on, and what came of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import boto3
from moto import mock_aws

from infra.local import dynamodb, statements
from socle import clock
from socle.consent.store import Standings
from socle.definitions.kinds import KINDS
from socle.definitions.model import Definition
from socle.definitions.store import DefinitionStore
from socle.errors import Unavailable
from socle.events.model import Event
from socle.events.stream import decode
from socle.links.model import GOOD_FOR, Claims
from socle.links.token import Keys, sign
from socle.messages.items import message_item
from socle.messages.model import EMAIL, SENT, Address, Message, message_key
from socle.profiles.codec import encode_aggregate
from socle.profiles.fold import refold
from socle.profiles.items import Owner
from socle.profiles.model import Aggregate
from socle.profiles.store import ProfileStore
from tests.people import T0, consent, event, identify
from tests.profiles.test_store import make_table

SECRET = "a secret of sixteen letters or more"
NOW = T0 + 10 * clock.DAY
ANN = Address(EMAIL, "ann@example.com")
ANN_ID = ("email", "ann@example.com")
TOPICS = {
    "news": {"title": "Monthly letter", "description": "Once a month", "text": "Yes, the letter", "text_version": "v3",
             "translations": {"fr": {"title": "La lettre"}}},
    "offers": {"title": "Offers & <deals>", "channels": ["email", "sms"]},
    "club": {"title": "Club", "double_opt_in": True, "text_version": "c1"},
    "inside": {"title": "Staff only", "visible": False},
    "alerts": {"title": "Alerts", "channels": ["sms"]},
}
CONTEXT = SimpleNamespace(function_name="serve_public", memory_limit_in_mb=512, aws_request_id="request",
                          invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:serve_public")


def forget() -> None:
    """What the function keeps between requests. Imported now: a local machine in another test imports functions anew."""
    from functions.serve_public import collaborators
    collaborators.get.cache_clear()


class Answer:
    def __init__(self, answer: dict[str, Any]) -> None:
        self.status, self.text, self.headers = answer["statusCode"], answer["body"], answer["headers"]

    def once(self) -> str:
        return re.search(r'name="once" value="([^"]+)"', self.text)[1]


class Site:
    """`now` is what the handler's clock says."""

    def __init__(self, client, monkeypatch) -> None:
        self.client, self.monkeypatch, self.now = client, monkeypatch, NOW
        self.profiles = ProfileStore(client, "profiles")
        self.standings = Standings(client, "profiles", "definitions")
        self.keys = Keys(SECRET)
        monkeypatch.setattr(clock, "now", lambda: self.now)
        for name, document in TOPICS.items():
            self.define("topics", name, document)

    def define(self, kind: str, name: str, document: dict[str, Any]) -> None:
        content = KINDS[kind].model_validate(document).model_dump(mode="json")
        DefinitionStore(self.client, "definitions").save(Definition(kind, name, 1, content, T0, T0), None)
        forget()

    def person(self, *events: Event, profile: str = "ann") -> Aggregate:
        """Store a person with these events beside an identify."""
        events = (identify(0, ANN_ID, traits={"email": ANN.value}), *events)
        written = Aggregate(profile, 1, refold(events))
        self.profiles.save(written, encode_aggregate(written))
        for pair in written.snapshot.pairs():
            self.profiles.claim(pair, Owner(profile, 0))
        return written

    def subscribed(self, *topics: str, **more: Any) -> Aggregate:
        return self.person(*(consent(number, "subscribed", topic=topic, **more) for number, topic in enumerate(topics, 1)))

    def message(self, topic: str = "news") -> Message:
        """A mail of a campaign that Ann got a day ago."""
        sent = Message("ann", message_key("campaign/spring", "1"), 1, SENT, NOW - clock.DAY, ANN_ID, EMAIL, ANN.digest,
                       "example.com", topic, "spring", "r1", "a")
        self.client.put_item(TableName="profiles", Item=message_item(sent))
        return sent

    def token(self, kind: str, topic: str = "", message: Message | None = None, **more: Any) -> str:
        claims = Claims(kind, "ann", NOW - clock.DAY + GOOD_FOR[kind], channel=EMAIL, address=ANN.digest, topic=topic)
        if message is not None:
            claims = claims._replace(key=message.key, attempt=message.attempt)
        return sign(self.keys, claims._replace(**more))

    def ask(self, method: str, path: str, form: Any = None, headers: dict[str, str] | None = None, query: str = "") -> Answer:
        from functions.serve_public.handler import handler
        body = form if isinstance(form, str) else urlencode(form or {}, doseq=True)
        return Answer(handler({
            "rawPath": path, "rawQueryString": query, "headers": {"user-agent": "Firefox", **(headers or {})}, "body": body,
            "isBase64Encoded": False, "requestContext": {"http": {"method": method, "sourceIp": "192.0.2.1"}}}, CONTEXT))

    def get(self, path: str, **more: Any) -> Answer:
        return self.ask("GET", path, **more)

    def post(self, path: str, form: Any = None, **more: Any) -> Answer:
        return self.ask("POST", path, form, **more)

    def events(self) -> list[Event]:
        """All that is on the stream."""
        kinesis = boto3.client("kinesis")
        [shard] = kinesis.list_shards(StreamName="stream")["Shards"]
        place = kinesis.get_shard_iterator(StreamName="stream", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        found = kinesis.get_records(ShardIterator=place["ShardIterator"])["Records"]
        return [one for record in found for one in decode(record["Data"]).events]

    def apply(self) -> Aggregate:
        """Fold what is on the stream of Ann's into her profile, as apply_events would."""
        before = self.profiles.load(["ann"])["ann"]
        snapshot = refold([*[identify(0, ANN_ID, traits={"email": ANN.value})], *self.events()])
        snapshot.consent = {**before.snapshot.consent, **snapshot.consent}
        after = before.next(snapshot=snapshot)
        self.profiles.save(after, encode_aggregate(after))
        return after

    @contextmanager
    def stream_down(self) -> Iterator[None]:
        def refuse(*_: Any) -> None:
            raise Unavailable("stream_unavailable", "events cannot be taken right now: send them again")
        with self.monkeypatch.context() as patch:
            patch.setattr("socle.events.store.EventStream.put", refuse)
            yield


@contextmanager
def running(monkeypatch) -> Iterator[Site]:
    with mock_aws(), ExitStack() as stack:
        dynamodb.install(stack)
        statements.install(stack)
        client = boto3.client("dynamodb")
        make_table(client)
        client.create_table(
            TableName="definitions", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")],
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}])
        boto3.client("kinesis").create_stream(StreamName="stream", ShardCount=1)
        boto3.client("s3").create_bucket(Bucket="bucket")
        arn = boto3.client("secretsmanager").create_secret(Name="links", SecretString=SECRET)["ARN"]
        for name, value in {"PROFILES_TABLE": "profiles", "DEFINITIONS_TABLE": "definitions", "BUCKET": "bucket",
                            "STREAM_NAME": "stream", "LINKS_SECRET_ARN": arn, "PUBLIC_URL": "https://pages.example.com"}.items():
            monkeypatch.setitem(os.environ, f"SOCLE_{name}", value)
        forget()
        yield Site(client, monkeypatch)
        forget()


__all__ = ["ANN", "ANN_ID", "NOW", "Site", "event", "running"]
