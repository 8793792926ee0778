"""Where the keys of links come from, and what happens when they are out of reach."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from socle.errors import Unavailable
from socle.links.store import LIFETIME, KeyStore
from socle.links.token import Keys

FIRST, SECOND = "the-first-key-of-links", "the-second-key-of-links"


class Broken:
    """Secrets Manager in an outage."""

    def __init__(self, client) -> None:
        self.client, self.down, self.calls = client, False, 0

    def get_secret_value(self, SecretId):
        self.calls += 1
        if self.down:
            raise self.client.exceptions.ClientError({"Error": {"Code": "InternalServiceError"}, "ResponseMetadata": {
                "HTTPStatusCode": 500}}, "GetSecretValue")
        return self.client.get_secret_value(SecretId=SecretId)


@pytest.fixture
def secrets():
    with mock_aws():
        client = boto3.client("secretsmanager")
        client.create_secret(Name="links", SecretString=FIRST)
        yield Broken(client)


def test_keys_are_read_again_after_a_while_and_not_before(secrets):
    now = [1_000]
    store = KeyStore(secrets, "links", lambda: now[0])
    assert store().newest == Keys(FIRST).newest
    secrets.client.put_secret_value(SecretId="links", SecretString=f"{SECOND}\n{FIRST}")
    now[0] += LIFETIME - 1
    assert store().newest == Keys(FIRST).newest
    assert secrets.calls == 1
    now[0] += 1
    assert store().newest == Keys(SECOND).newest


def test_keys_that_are_known_outlast_an_outage(secrets):
    now = [1_000]
    store = KeyStore(secrets, "links", lambda: now[0])
    secrets.down = True
    with pytest.raises(Unavailable):
        store()
    secrets.down = False
    store()
    secrets.down = True
    now[0] += 10 * LIFETIME
    assert store().newest == Keys(FIRST).newest
