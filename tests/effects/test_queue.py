"""Effects and their queue: one id for one thing to do, and all of them queued or an outage."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from socle.effects.model import Effect
from socle.effects.store import EffectQueue, read_effect
from socle.errors import Unavailable

EFFECT = Effect("webhook", "crm", "p", "key", 0)


def test_an_effect_has_one_id_wherever_its_event_lies():
    assert EFFECT.id == EFFECT._replace(profile="q").id == Effect(*EFFECT.to_row()).id


@pytest.mark.parametrize("other", [{"name": "erp"}, {"key": "other"}, {"revision": 1}, {"kind": "journey"}])
def test_another_effect_has_another_id(other):
    assert EFFECT._replace(**other).id != EFFECT.id


def test_all_effects_are_queued_however_many():
    effects = [EFFECT._replace(revision=number) for number in range(23)]
    with mock_aws():
        sqs = boto3.client("sqs")
        url = sqs.create_queue(QueueName="effects")["QueueUrl"]
        EffectQueue(sqs, url).send(effects)
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            found += [read_effect(message["Body"]) for message in messages]
    assert sorted(found) == effects


class Full:
    """A queue that takes all but one."""

    def send_message_batch(self, QueueUrl, Entries):
        return {"Successful": [], "Failed": [{"Id": Entries[-1]["Id"], "Code": "InternalError", "SenderFault": False}]}


def test_an_effect_that_the_queue_did_not_take_is_an_outage():
    with pytest.raises(Unavailable):
        EffectQueue(Full(), "url").send([EFFECT])
