"""Batches that Lambda gave up: who they are, what is known of them without reading their records."""

from __future__ import annotations

from typing import Any, NamedTuple

from socle.iso import to_iso


class Facts(NamedTuple):
    """What Lambda wrote about a batch.

    given_up   when, in epoch ms
    shard      the shard that it came from
    records    how many records it holds
    condition  Lambda's word for why, such as `RetryAttemptsExhausted`
    oldest     when its first record arrived on the stream, in epoch ms
    """

    given_up: int
    shard: str
    records: int
    condition: str
    oldest: int


class FailedBatch(NamedTuple):
    """One batch. `facts` is None when its object is not what Lambda writes."""

    id: str
    facts: Facts | None

    def to_json(self, now: int) -> dict[str, Any]:
        """What the API answers. `age` is that of the oldest record at `now` (epoch ms), in seconds."""
        facts = self.facts
        if facts is None:
            return {"id": self.id, "givenUp": None, "shard": None, "records": None, "condition": None, "oldest": None,
                    "age": None}
        return {"id": self.id, "givenUp": to_iso(facts.given_up), "shard": facts.shard, "records": facts.records,
                "condition": facts.condition, "oldest": to_iso(facts.oldest),
                "age": max(0, now - facts.oldest) // 1_000}
