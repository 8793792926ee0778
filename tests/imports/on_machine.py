"""Imports on the local machine: files that are uploaded, or appear in the bucket, and the wait for what becomes of them."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3

from infra.local.machine import LocalMachine
from socle.imports.runs import RUNNING
from socle.imports.store import RunStore

ADMIN = {"authorization": "Bearer local-admin-token"}
KEY = {"authorization": "Basic bG9jYWwtd3JpdGUta2V5Og=="}  # local-write-key:
HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
ORDERS = (HEAD + "1,A,Thing,2,2010-12-01 08:26:00,2.50,17850.0,France\n1,B,Other,1,2010-12-01 08:26:00,1.125,17850.0,France\n"
          "C2,A,Thing,-1,2010-12-02 08:26:00,2.50,17850.0,France\n3,A,Thing,1,2010-12-01 08:26:00,2.50,,France\n").encode()
STORES = {"kind": "catalog", "item": {"type": "stores", "id": "id"}, "properties": {"city": "city"}}
COMPANIES = {"kind": "accounts", "account": "id", "traits": {"name": "name"}}


def ask(machine: LocalMachine, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """A request of the admin API: its status and its answer."""
    sent = b"" if body is None else json.dumps(body).encode()
    status, _, answer = machine.request(method, f"/api{path}", ADMIN, sent)
    return status, json.loads(answer) if answer else None


def upload(machine: LocalMachine, data: bytes, **wanted: Any) -> str:
    """Announce a file and send it; answers the id."""
    status, made = ask(machine, "POST", "/imports", {"file": "orders.csv", **wanted})
    assert status == 201, made
    assert put(machine, made["upload"]["url"], data) == 200
    return str(made["id"])


def put(machine: LocalMachine, url: str, data: bytes) -> int:
    """Send a file to the link; the status."""
    return machine.request("PUT", url.removeprefix(machine.links.url), {}, data)[0]


def appear(machine: LocalMachine, key: str, data: bytes) -> str:
    """An object that somebody else writes; answers the id of the import that begins by itself."""
    before = _ids(machine)
    boto3.client("s3").put_object(Bucket=machine.outputs["BucketName"], Key=key, Body=data)
    machine.drain()
    (new,) = _ids(machine) - before
    return new


def _ids(machine: LocalMachine) -> set[str]:
    return {one["id"] for one in ask(machine, "GET", "/imports?limit=1000")[1]["items"]}


def ended(machine: LocalMachine, id_: str) -> dict[str, Any]:
    """The import when it has ended, and its events are in the profiles."""
    until = time.monotonic() + 120
    while (found := ask(machine, "GET", f"/imports/{id_}")[1])["state"] == "running":
        assert time.monotonic() < until, found
        time.sleep(0.05)
    machine.drain()
    return dict(found)


def imported(machine: LocalMachine, data: bytes, **wanted: Any) -> dict[str, Any]:
    """Upload, start, wait."""
    id_ = upload(machine, data, **wanted)
    status, answer = ask(machine, "POST", f"/imports/{id_}/start")
    assert status == 202, answer
    return ended(machine, id_)


def import_files(machine: LocalMachine) -> None:
    """Everything that imports do, once: uploaded, by themselves, with rejects, a catalogue, cancelled, pushed."""
    done = imported(machine, ORDERS, mapping="order-lines")
    assert done["state"] == "succeeded", done
    assert ask(machine, "GET", f"/imports/{done['id']}/preview")[0] == 200
    assert ask(machine, "GET", f"/imports/{done['id']}/rejects")[0] == 200
    assert ended(machine, appear(machine, "imports/order-lines/orders.csv", ORDERS))["state"] == "succeeded"
    assert ask(machine, "PUT", "/mappings/stores-of-ours", STORES)[0] == 200
    assert imported(machine, b"id,city\nA,Paris\n", mapping="stores-of-ours")["counts"]["items"] == 1
    assert ask(machine, "GET", "/catalog/A?type=stores")[0] == 200
    assert ask(machine, "PUT", "/mappings/companies", COMPANIES)[0] == 200
    assert imported(machine, b"id,name\nbeta,Beta\n", mapping="companies")["counts"]["events"]["new"] == 1
    assert ask(machine, "GET", "/accounts/beta")[1]["traits"]["name"] == "Beta"
    id_ = upload(machine, ORDERS, mapping="order-lines")
    runs = RunStore(boto3.client("dynamodb"), machine.outputs["DefinitionsTable"])
    runs.save(runs.load(id_).next(state=RUNNING, attempt=1))
    assert ask(machine, "POST", f"/imports/{id_}/cancel")[0] == 200
    assert machine.request("POST", "/v1/hooks/order-lines", KEY, b"[{}]")[0] == 200
    machine.drain()
