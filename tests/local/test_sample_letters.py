"""The sample's letters are what the real Socle takes: saved, without a warning, rendered, not clipped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from infra.local.machine import LocalMachine, local_machine
from infra.local.sample import letters
from infra.local.sample.catalog import PRODUCTS
from infra.local.sample.segments import define
from socle.items.model import Item
from socle.items.store import ItemStore

ADMIN = {"authorization": "Bearer local-admin-token"}
CLIPPED = 102 * 1024


class Direct:
    """A client that asks in process."""

    def __init__(self, machine: LocalMachine) -> None:
        self._machine = machine

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        sent = b"" if body is None else json.dumps(body).encode()
        status, _, answer = self._machine.request(method, path, ADMIN, sent)
        assert status < 300, (method, path, answer)
        return json.loads(answer)

    def put(self, path: str, document: Any) -> None:
        self.ask("PUT", path, document)


@pytest.fixture(scope="module")
def client() -> Iterator[Direct]:
    patch = pytest.MonkeyPatch()
    patch.setattr(letters, "bring_products", lambda _: None)
    with local_machine() as machine:
        found = Direct(machine)
        ItemStore(boto3.client("dynamodb"), machine.outputs["DefinitionsTable"]).save(Item("products", one.sku, {
            "name": one.name, "brand": one.brand, "path": one.path, "price": one.price / 100, "image": f"{one.category}.png"})
            for one in PRODUCTS)
        define(found)  # type: ignore[arg-type]  # it needs no more of a client
        letters.define(found, "")  # type: ignore[arg-type]
        yield found
    patch.undo()


@pytest.mark.parametrize("name", ["autumn-paths", "autumn-packs", "winter-preview"])
def test_a_letter_has_nothing_odd_and_is_not_clipped(client: Direct, name: str) -> None:
    assert client.ask("GET", f"/api/templates/{name}/checks")["warnings"] == []
    shown = client.ask("POST", f"/api/templates/{name}/preview", {})
    assert shown["problem"] is None, shown
    assert len(shown["parts"]["html"].encode()) < CLIPPED
    assert "€" in shown["parts"]["html"]
    assert "Chloé" in json.dumps(shown["parts"], ensure_ascii=False)
    assert "désabonner" in shown["parts"]["text"]


@pytest.mark.parametrize("name", letters._CAMPAIGNS)
def test_a_campaign_can_run(client: Direct, name: str) -> None:
    assert client.ask("GET", f"/api/campaigns/{name}")["document"]["topic"] == "newsletter"
