"""Write keys over their life: issue, list, rotate, revoke, and follow their source when it is disabled or deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from socle.errors import NotFound, Rejected
from socle.sources.model import WriteKey, hash_secret

MAX_LIVE = 20
"""Keys of one source that may be used at the same time."""


class Rows(Protocol):
    """Key rows, as socle.sources.store.KeyStore keeps them."""

    def keys(self, source: str) -> list[WriteKey]: ...
    def add(self, key: WriteKey, usable: bool) -> None: ...
    def save(self, keys: list[WriteKey], usable: bool) -> None: ...


class WriteKeys:
    """The keys of all sources. `is_enabled(source)` is None when there is no such source."""

    def __init__(self, rows: Rows, is_enabled: Callable[[str], bool | None]) -> None:
        self._rows = rows
        self._is_enabled = is_enabled

    def issue(self, source: str, key_id: str, secret: str, now: int) -> WriteKey:
        """A new key. The caller shows `secret` once; it is not stored.

        Raises NotFound(`no_such_source`), Rejected(`too_many_keys`), Conflict(`key_exists`).
        """
        enabled = self._known(source)
        if sum(key.is_live(now) for key in self._rows.keys(source)) >= MAX_LIVE:
            raise Rejected("too_many_keys", f"{source} has {MAX_LIVE} keys: revoke one first", status=409)
        key = WriteKey(key_id, source, hash_secret(secret), secret[-4:], now)
        self._rows.add(key, usable=enabled)
        if self._is_enabled(source) is not enabled:
            self.follow(source, now)
        return key

    def list(self, source: str) -> list[WriteKey]:
        """All keys of a source, revoked ones too, oldest first. Raises NotFound(`no_such_source`)."""
        self._known(source)
        return self._rows.keys(source)

    def rotate(self, source: str, key_id: str, secret: str, now: int, grace: int) -> WriteKey:
        """A new key now; every other live key of the source is refused after `grace` ms."""
        old = self.list(source)
        new = self.issue(source, key_id, secret, now)
        end = now + grace
        ending = [key._replace(expires=end) for key in old
                  if key.is_live(now) and (key.expires is None or key.expires > end)]
        self._rows.save(ending, usable=bool(self._is_enabled(source)))
        return new

    def revoke(self, source: str, key_id: str, now: int) -> WriteKey:
        """Refuse a key from now on; containers that know it go on for socle.sources.find.GOOD_FOR.

        Raises NotFound(`no_such_source` or `no_such_key`). Revoking twice changes nothing.
        """
        for key in self.list(source):
            if key.id == key_id:
                if key.revoked is None:
                    key = key._replace(revoked=now)
                    self._rows.save([key], usable=bool(self._is_enabled(source)))
                return key
        raise NotFound("no_such_key", f"{source} has no key {key_id}: list its keys")

    def follow(self, source: str, now: int) -> None:
        """Make the keys of a source usable or not, as the source says now; those of a deleted one are revoked for good.

        The one place that does so; to be called after each change of a definition of kind `sources`, deleting
        included, and before a source is made: a deletion that broke off must leave it no keys.
        Safe to call again at any time, and it looks again afterwards, for changes at the same time.
        """
        while True:
            enabled = self._is_enabled(source)
            keys = self._rows.keys(source)
            if enabled is None:
                keys = [key._replace(revoked=now) for key in keys if key.revoked is None]
            self._rows.save(keys, usable=bool(enabled))
            if self._is_enabled(source) is enabled:
                return

    def _known(self, source: str) -> bool:
        enabled = self._is_enabled(source)
        if enabled is None:
            raise NotFound("no_such_source", f"there is no source {source}: PUT /api/sources/{source} first")
        return enabled
