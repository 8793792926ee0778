"""The effects queue (SQS): what outboxes held, until run_effects has done it.

    access                 call
    queue effects          SendMessageBatch, 10 a call; a message body is one Effect as JSON
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from socle.aws import Client, translated
from socle.effects.model import Effect
from socle.errors import Unavailable

_BATCH = 10


class EffectQueue:
    """Raises Unavailable in an outage."""

    def __init__(self, sqs: Client, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def send(self, effects: Sequence[Effect], delay: int = 0) -> None:
        """Queue all effects, to be done in `delay` seconds (at most 900) or later, or raise Unavailable: then some may be queued,
        and sending them again does no harm."""
        for start in range(0, len(effects), _BATCH):
            chunk = effects[start:start + _BATCH]
            with translated("the effects queue"):
                answer = self._sqs.send_message_batch(QueueUrl=self._url, Entries=[
                    {"Id": str(index), "MessageBody": json.dumps(effect.to_row()), **({"DelaySeconds": delay} if delay else {})}
                    for index, effect in enumerate(chunk)])
            if answer.get("Failed"):
                raise Unavailable("queue_failed", "the effects queue did not take every effect: try again later")


def read_effect(body: str) -> Effect:
    """The effect in a message body. A body of another shape raises ValueError or TypeError."""
    return Effect(*json.loads(body))
