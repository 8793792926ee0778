"""Write keys: shown once, found while they are good, refused when revoked, expired or their source is off."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from socle.clock import DAY, SECOND
from socle.errors import Conflict, NotFound, Rejected, Unavailable
from socle.ids import new_write_key
from socle.sources.find import BAD_FOR, GOOD_FOR, MAX_REMEMBERED, KeyFinder
from socle.sources.model import hash_secret
from socle.sources.service import MAX_LIVE, WriteKeys
from socle.sources.store import KeyStore

NOW = 1_717_243_200_000
TABLE = "definitions"


class Sources(dict[str, bool]):
    """Which sources there are, and whether they are enabled."""


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyStore]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName=TABLE, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")])
        yield KeyStore(TABLE, client)


@pytest.fixture
def sources() -> Sources:
    return Sources(web=True, app=True)


@pytest.fixture
def keys(store: KeyStore, sources: Sources) -> WriteKeys:
    return WriteKeys(store, sources.get)


def found(store: KeyStore, secret: str, now: int = NOW) -> str | None:
    return KeyFinder(store).find(secret, now)


def test_an_issued_key_finds_its_source(store: KeyStore, keys: WriteKeys) -> None:
    keys.issue("web", "k1", "local-write-key", NOW)
    keys.issue("app", "k2", new_write_key(), NOW)
    assert found(store, "local-write-key") == "web"
    assert found(store, "another") is None


def test_a_secret_is_stored_nowhere(store: KeyStore, keys: WriteKeys) -> None:
    secret = new_write_key()
    keys.issue("web", "k1", secret, NOW)
    rows = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
    assert len(rows) == 2
    assert secret not in repr(rows)
    assert hash_secret(secret) in repr(rows)
    [key] = keys.list("web")
    assert (key.id, key.hint, key.created) == ("k1", secret[-4:], NOW)


def test_write_keys_are_192_random_bits() -> None:
    assert len({new_write_key() for _ in range(100)}) == 100
    assert len(new_write_key()) == 32


def test_a_revoked_key_is_refused_and_stays_in_the_list(store: KeyStore, keys: WriteKeys) -> None:
    keys.issue("web", "k1", "secret-1", NOW)
    keys.issue("web", "k2", "secret-2", NOW + 1)
    assert keys.revoke("web", "k1", NOW + 5).revoked == NOW + 5
    assert keys.revoke("web", "k1", NOW + 9).revoked == NOW + 5
    assert found(store, "secret-1") is None
    assert found(store, "secret-2") == "web"
    assert [(key.id, key.revoked) for key in keys.list("web")] == [("k1", NOW + 5), ("k2", None)]


def test_after_rotating_both_keys_work_until_the_grace_is_over(store: KeyStore, keys: WriteKeys) -> None:
    keys.issue("web", "k1", "old", NOW)
    keys.rotate("web", "k2", "new", NOW, grace=DAY)
    assert [found(store, secret, NOW + DAY - 1) for secret in ("old", "new")] == ["web", "web"]
    assert [found(store, secret, NOW + DAY) for secret in ("old", "new")] == [None, "web"]


def test_rotating_again_does_not_lengthen_an_earlier_grace(keys: WriteKeys) -> None:
    keys.issue("web", "k1", "one", NOW)
    keys.rotate("web", "k2", "two", NOW, grace=SECOND)
    keys.rotate("web", "k3", "three", NOW, grace=DAY)
    assert [key.expires for key in keys.list("web")] == [NOW + SECOND, NOW + DAY, None]


def test_the_keys_of_a_disabled_source_are_refused_until_it_is_enabled(
        store: KeyStore, keys: WriteKeys, sources: Sources) -> None:
    keys.issue("web", "k1", "secret-1", NOW)
    keys.issue("web", "k2", "secret-2", NOW)
    keys.revoke("web", "k2", NOW)
    sources["web"] = False
    keys.follow("web", NOW)
    keys.issue("web", "k3", "secret-3", NOW)
    assert [found(store, f"secret-{n}") for n in (1, 2, 3)] == [None, None, None]
    sources["web"] = True
    keys.follow("web", NOW)
    assert [found(store, f"secret-{n}") for n in (1, 2, 3)] == ["web", None, "web"]


def test_the_keys_of_a_deleted_source_are_refused(store: KeyStore, keys: WriteKeys, sources: Sources) -> None:
    keys.issue("web", "k1", "secret-1", NOW)
    del sources["web"]
    keys.follow("web", NOW)
    assert found(store, "secret-1") is None
    with pytest.raises(NotFound, match="PUT /api/sources/web"):
        keys.list("web")


def test_the_keys_of_a_deleted_source_stay_dead_when_there_is_one_of_its_name_again(
        store: KeyStore, keys: WriteKeys, sources: Sources) -> None:
    keys.issue("web", "k1", "secret-1", NOW)
    keys.issue("web", "k2", "secret-2", NOW)
    keys.revoke("web", "k2", NOW + 1)
    del sources["web"]
    for later in (5, 9):
        keys.follow("web", NOW + later)
    sources["web"] = True
    keys.follow("web", NOW + 10)
    assert [found(store, f"secret-{n}") for n in (1, 2)] == [None, None]
    assert [key.revoked for key in keys.list("web")] == [NOW + 5, NOW + 1]


def test_a_key_issued_while_its_source_is_disabled_is_not_usable(store: KeyStore, sources: Sources) -> None:
    answers = iter([True, False, False, False])  # disabled between the first look and the last
    WriteKeys(store, lambda source: next(answers)).issue("web", "k1", "secret-1", NOW)
    assert found(store, "secret-1") is None


def test_a_key_that_is_taken_is_a_conflict(keys: WriteKeys) -> None:
    keys.issue("web", "k1", "secret-1", NOW)
    with pytest.raises(Conflict):
        keys.issue("app", "k9", "secret-1", NOW)
    with pytest.raises(Conflict):
        keys.issue("web", "k1", "secret-2", NOW)
    assert keys.list("app") == []


def test_unknown_sources_and_keys_are_not_found_and_keys_are_limited(keys: WriteKeys) -> None:
    with pytest.raises(NotFound):
        keys.issue("shop", "k1", "secret", NOW)
    with pytest.raises(NotFound):
        keys.revoke("web", "k1", NOW)
    for number in range(MAX_LIVE):
        keys.issue("web", f"k{number}", f"secret-{number}", NOW)
    with pytest.raises(Rejected, match="revoke one first"):
        keys.issue("web", "one-more", "secret", NOW)


class Rows:
    """Key rows in memory that count how often they are read; None is an outage."""

    def __init__(self, rows: dict[str, tuple[str, int | None]] | None) -> None:
        self.rows = rows
        self.reads = 0

    def find(self, key_hash: str) -> tuple[str, int | None] | None:
        self.reads += 1
        if self.rows is None:
            raise Unavailable("keys_unavailable", "try again")
        return self.rows.get(key_hash)


def test_a_known_key_is_remembered_and_then_looked_up_again() -> None:
    rows = Rows({hash_secret("k"): ("web", None)})
    finder = KeyFinder(rows)
    assert [finder.find("k", NOW + n) for n in range(5)] == ["web"] * 5
    assert rows.reads == 1
    rows.rows = {}
    assert finder.find("k", NOW + GOOD_FOR - 1) == "web"
    assert finder.find("k", NOW + GOOD_FOR) is None


def test_an_unknown_key_is_remembered_for_two_seconds() -> None:
    """No longer: a client forgets what got a 401, so a key that is issued after its first use would cost its events."""
    assert BAD_FOR <= 2 * SECOND
    rows = Rows({})
    finder = KeyFinder(rows)
    assert finder.find("k", NOW) is None
    rows.rows = {hash_secret("k"): ("web", None)}
    assert finder.find("k", NOW + BAD_FOR - 1) is None
    assert finder.find("k", NOW + BAD_FOR) == "web"


def test_a_remembered_key_stops_the_moment_it_expires() -> None:
    finder = KeyFinder(Rows({hash_secret("k"): ("web", NOW + 10)}))
    assert finder.find("k", NOW) == "web"
    assert finder.find("k", NOW + 9) == "web"
    assert finder.find("k", NOW + 10) is None


def test_random_keys_do_not_fill_the_memory_and_endless_ones_are_not_looked_up() -> None:
    rows = Rows({})
    finder = KeyFinder(rows)
    for number in range(MAX_REMEMBERED + 50):
        finder.find(f"key-{number}", NOW)
    assert len(finder._remembered) == MAX_REMEMBERED
    reads = rows.reads
    assert finder.find("x" * 10_000, NOW) is None
    assert rows.reads == reads


def test_an_outage_is_not_mistaken_for_an_unknown_key(store: KeyStore) -> None:
    with pytest.raises(Unavailable):
        KeyFinder(Rows(None)).find("k", NOW)
    with pytest.raises(Unavailable):
        KeyFinder(KeyStore("no-such-table", boto3.client("dynamodb"))).find("k", NOW)
