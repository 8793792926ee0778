"""Keys that follow their source while it changes, and lists of keys that take several reads."""

from __future__ import annotations

from typing import Any

from socle.sources.model import WriteKey
from socle.sources.service import WriteKeys
from socle.sources.store import KeyStore

NOW = 1_717_243_200_000
KEY = WriteKey("k1", "web", "hash", "hint", NOW)


class Rows:
    """Key rows in memory; knows which keys may be used."""

    def __init__(self, *keys: WriteKey) -> None:
        self.stored = {key.id: key for key in keys}
        self.usable: dict[str, bool] = {}

    def keys(self, source: str) -> list[WriteKey]:
        return list(self.stored.values())

    def add(self, key: WriteKey, usable: bool) -> None:
        self.save([key], usable)

    def save(self, keys: list[WriteKey], usable: bool) -> None:
        for key in keys:
            self.stored[key.id] = key
            self.usable[key.id] = usable and key.revoked is None


def changing(*states: bool | None) -> Any:
    """A source that is another each time that somebody looks, and stays as it was last."""
    left = list(states)
    return lambda source: left.pop(0) if len(left) > 1 else left[0]


def test_a_source_that_is_disabled_while_its_keys_are_enabled_ends_disabled() -> None:
    rows = Rows(KEY)
    WriteKeys(rows, changing(True, False)).follow("web", NOW)
    assert rows.usable == {"k1": False}


def test_a_key_issued_while_its_source_is_disabled_is_not_usable_in_the_end() -> None:
    rows = Rows()
    WriteKeys(rows, changing(True, False)).issue("web", "k1", "secret", NOW)
    assert rows.usable == {"k1": False}


def test_keys_of_several_reads_are_all_listed() -> None:
    def item(name: str) -> dict[str, Any]:
        return {"PK": {"S": "sources#web"}, "SK": {"S": f"K#{name}"}, "hash": {"S": name}, "hint": {"S": "x"},
                "created": {"N": "1"}}

    class Paged:
        def query(self, ExclusiveStartKey: Any = None, **asked: Any) -> dict[str, Any]:
            if ExclusiveStartKey is None:
                return {"Items": [item("a")], "LastEvaluatedKey": "a"}
            return {"Items": [item("b")]}

    assert [key.id for key in KeyStore("definitions", Paged()).keys("web")] == ["a", "b"]
