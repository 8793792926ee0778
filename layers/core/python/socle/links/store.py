"""The secret that links are signed with, in Secrets Manager.

    access          key                  call
    its lines       the secret's ARN     GetSecretValue, at most every LIFETIME
"""

from __future__ import annotations

from collections.abc import Callable

from socle.aws import Client, translated
from socle.errors import Unavailable
from socle.links.token import Keys

LIFETIME = 5 * 60_000
"""Milliseconds after which keys are read again. Before a new line may sign, all who read must know it: wait as long between
adding a line below the first and moving it to the top, and nobody meets a link that they can't read."""


class KeyStore:
    """The keys, read again when they are older than LIFETIME; in an outage those that are known stay good.

    clock  the time, epoch ms
    """

    def __init__(self, secrets: Client, arn: str, clock: Callable[[], int]) -> None:
        self._secrets = secrets
        self._arn = arn
        self._clock = clock
        self._keys: Keys | None = None
        self._until = 0

    def __call__(self) -> Keys:
        """The keys of now. Raises Unavailable when none were ever read."""
        now = self._clock()
        if self._keys is None or now >= self._until:
            try:
                with translated("the keys of links"):
                    secret = self._secrets.get_secret_value(SecretId=self._arn)["SecretString"]
                self._keys = Keys(secret)
            except Unavailable:
                if self._keys is None:
                    raise
            self._until = now + LIFETIME
        return self._keys
