"""receive_feedback as SQS calls it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import boto3
import pytest

from socle.messages.model import BOUNCED
from socle.settings import MessagesSettings
from tests.feedback.world import MAIL, bounce, event, worlds

SETTINGS = MessagesSettings(profiles_table="profiles", definitions_table="definitions", bucket="bucket", stream_name="events",
                            links_secret_arn="links", public_url="https://m.example")
CONTEXT = SimpleNamespace(function_name="receive_feedback", memory_limit_in_mb=512, aws_request_id="request",
                          invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:receive_feedback")


@pytest.fixture
def world(monkeypatch):
    for name, value in SETTINGS.to_env().items():
        monkeypatch.setenv(name, value)
    with worlds() as one:
        boto3.client("kinesis").create_stream(StreamName="events", ShardCount=1)
        yield one


def receive(monkeypatch, *bodies: str) -> dict:
    from functions.receive_feedback import collaborators, handler
    monkeypatch.setattr(handler, "taker", collaborators.make_taker())
    return handler.handler({"Records": [
        {"messageId": f"m{number}", "body": body, "attributes": {"SentTimestamp": "1790000000000"}}
        for number, body in enumerate(bodies)]}, CONTEXT)


def test_a_batch_is_taken_in_and_only_what_was_not_comes_again(world, monkeypatch, capsys):
    world.have(MAIL)
    answer = receive(monkeypatch, event("Send"), "who knows", bounce())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert world.row().state == BOUNCED
    counted = {}
    said = capsys.readouterr().out
    for line in said.splitlines():
        counted |= {name: number[0] for name, number in json.loads(line).items() if isinstance(number, list)}
    assert counted == {"FeedbackReceived": 2, "MailsSent": 1, "MailsBounced": 1, "AddressesSuppressed": 1,
                       "FeedbackUnreadable": 1}
    assert "who knows" not in said
    assert "ann@example.com" not in said
