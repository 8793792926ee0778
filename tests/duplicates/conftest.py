"""A search for near-duplicates over in-memory profiles, with its queue and papers in moto."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from socle.duplicates.model import DuplicateRules
from socle.duplicates.service.compare import compare
from socle.duplicates.service.review import Review
from socle.duplicates.service.search import PARTS, Search
from socle.duplicates.store import CandidateStore, RunStore
from socle.identity.service.graph import IdentityGraph
from socle.profiles.service import Profiles
from tests.people import identify
from tests.world import World

NOW = 1_790_000_000_000


class Workflow:
    """Remembers what was started."""

    def __init__(self) -> None:
        self.started: list[tuple[str, dict[str, Any]]] = []

    def start(self, name: str, document: dict[str, Any]) -> None:
        self.started.append((name, document))


class Town:
    """People, and who looks for duplicates among them."""

    def __init__(self, folder: Path) -> None:
        self.world, self.folder, self.rules = World(), folder, DuplicateRules()
        self.profiles: Any = self.world.profiles
        self.graph = IdentityGraph(self.profiles)
        self.candidates = CandidateStore(boto3.client("dynamodb"), "definitions")
        self.runs = RunStore(boto3.client("s3"), "bucket")
        self.search = Search(self.profiles, self.candidates, self.runs, self.graph, lambda: self.rules)
        self.workflow = Workflow()
        self.review = Review(self.candidates, self.profiles, self.graph, self.workflow)  # type: ignore[arg-type]
        self.erase = Profiles(self.profiles).erase
        self._events = 0
        self._runs = 0

    def arrive(self, identifier: tuple[str, str], **traits: Any) -> str:
        """Somebody is told of; answers the profile."""
        self._events += 1
        self.world.deliver(identify(self._events, identifier, traits=traits))
        return self.of(identifier)

    def of(self, identifier: tuple[str, str]) -> str:
        """The person with an identifier."""
        profile = self.profiles.owners([identifier])[identifier].profile
        return self.profiles.load([profile])[profile].merged_into or profile

    def run(self, by_hand: bool = True, times: int = 1, between: Any = None) -> dict[str, Any]:
        """A whole search, each step done `times` times; `between()` happens after the comparison."""
        self._runs += 1
        run = f"run{self._runs}"
        for _ in range(times):
            parts = self.search.plan(run, by_hand, NOW)["parts"]
            for part in parts * times:
                self.search.extract(run, part)
            chunks = compare(self.runs, run, self.folder, 500)["chunks"]
        if between is not None:
            between()
        for chunk in chain(chunks, chunks[: len(chunks) * (times - 1)]):
            self.search.propose(run, chunk, NOW)
        for _ in range(times):
            report = self.search.finish(run, NOW)
        return report

    def open(self) -> list[str]:
        """The ids of the queue."""
        return [item["id"] for item in self.review.page("open", 100)["items"]]


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    for name, value in (("AWS_DEFAULT_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")):
        monkeypatch.setenv(name, value)
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName="definitions", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}, {"AttributeName": "SK", "AttributeType": "S"}])
        boto3.client("s3").create_bucket(Bucket="bucket")
        yield Town(tmp_path)


__all__ = ["NOW", "PARTS", "Town"]
