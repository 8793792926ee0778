"""Imports end to end on the local machine: uploads by link, the template's workflow, files that load by themselves, hooks."""

from __future__ import annotations

import csv
import io
import json

import boto3
import pytest

from infra.local.machine import local_machine
from socle.imports.runs import RUNNING
from socle.imports.store import RunStore
from tests.imports.on_machine import HEAD, KEY, ORDERS, STORES, appear, ask, ended, imported, put, upload


@pytest.fixture(scope="module")
def machine():
    with local_machine() as running:
        yield running


def profile(machine, user_id="17850"):
    return ask(machine, "GET", f"/profiles?by=user_id:{user_id}")[1]


def test_a_file_becomes_orders_and_its_rejects_come_back_ready_to_be_sent_again(machine):
    done = imported(machine, ORDERS, mapping="order-lines", size=len(ORDERS))
    assert done["state"] == "succeeded"
    assert done["counts"] == {"rows": 4, "rejected": 1, "reasons": {"no_identifier": 1}, "items": 0,
                              "events": {"new": 2, "corrected": 0, "unchanged": 0}}
    # 2 x 2.50 + 1.125 is rounded once, half up: 6.13.
    shown = profile(machine)["orders"]["GBP"]
    assert (shown["count"], shown["revenue"], shown["refunds"], shown["refunded"]) == (1, 613, 1, 250)
    url = ask(machine, "GET", f"/imports/{done['id']}/rejects")[1]["url"]
    status, headers, text = machine.request("GET", url.removeprefix(machine.links.url))
    assert (status, "rejects.csv" in headers["content-disposition"]) == (200, True)
    (row,) = csv.DictReader(io.StringIO(text.decode("utf-8-sig")))
    assert (row["InvoiceNo"], row["import_code"]) == ("3", "no_identifier")
    mended = imported(machine, text.replace(b"2.50,,France", b"2.50,17850.0,France"), mapping="order-lines")
    assert (mended["counts"]["rejected"], mended["counts"]["events"]["new"]) == (0, 1)
    assert profile(machine)["orders"]["GBP"]["count"] == 2


def test_a_file_that_appears_in_the_bucket_loads_by_itself_and_once(machine):
    before = profile(machine)
    done = ended(machine, appear(machine, "imports/order-lines/2026/orders.csv", ORDERS))
    assert (done["state"], done["file"], done["counts"]["events"]["unchanged"]) == ("succeeded", "orders.csv", 2)
    assert profile(machine) == before


def test_a_file_in_a_folder_without_a_name_is_an_import_that_failed(machine):
    done = ended(machine, appear(machine, "imports//orders.csv", ORDERS))
    assert (done["state"], done["failure"]["code"]) == ("failed", "unknown_mapping")


def test_a_file_for_a_mapping_that_is_none_is_an_import_that_failed(machine):
    done = ended(machine, appear(machine, "imports/nothing/orders.csv", ORDERS))
    assert (done["state"], done["failure"]["code"]) == ("failed", "unknown_mapping")
    assert ask(machine, "PUT", "/mappings/nothing", STORES)[0] == 200
    assert ask(machine, "POST", f"/imports/{done['id']}/start")[0] == 202
    assert ended(machine, done["id"])["failure"]["code"] == "missing_column"


def test_a_catalogue_can_be_read(machine):
    assert ask(machine, "PUT", "/mappings/stores-of-ours", STORES)[0] == 200
    done = imported(machine, b"id,city\nA,Paris\nB,Lyon\n", mapping="stores-of-ours")
    assert (done["state"], done["counts"]["items"]) == ("succeeded", 2)
    page = ask(machine, "GET", "/catalog?type=stores&limit=1")[1]
    assert page["items"] == [{"type": "stores", "id": "A", "fields": {"city": "Paris"}}]
    assert ask(machine, "GET", f"/catalog?type=stores&cursor={page['next']}")[1]["items"][0]["id"] == "B"
    assert ask(machine, "GET", "/catalog/B?type=stores")[1]["fields"] == {"city": "Lyon"}
    assert ask(machine, "GET", "/catalog/C?type=stores")[1]["error"]["code"] == "unknown_item"
    imported(machine, "id,city\nParis é,Paris\n".encode(), mapping="stores-of-ours")
    assert ask(machine, "GET", "/catalog/Paris%20%C3%A9?type=stores")[1]["fields"] == {"city": "Paris"}


def test_what_a_file_wants_can_be_seen_before_it_is_imported(machine):
    id_ = upload(machine, ORDERS)
    status, shown = ask(machine, "GET", f"/imports/{id_}/preview")
    assert (status, shown["ready"], len(shown["rows"])) == (200, "order-lines", 4)
    assert shown["rows"][3]["reject"]["code"] == "no_identifier"
    assert {message["message"]["event"] for message in shown["messages"]} == {"Order Completed", "Order Refunded"}
    status, started = ask(machine, "POST", f"/imports/{id_}/start", {"mapping": shown["mapping"], "dry_run": True})
    assert (status, started["dry_run"]) == (202, True)
    done = ended(machine, id_)
    assert (done["state"], done["counts"]["events"]["new"]) == ("succeeded", 2)
    other = ask(machine, "GET", f"/imports/{id_}/preview?mapping=stores-of-ours")
    assert (other[0], other[1]["error"]["code"]) == (400, "missing_column")


def test_columns_that_the_mapping_wants_and_the_file_has_not_are_named_before_it_is_imported(machine):
    id_ = upload(machine, b"Email,City\na@example.com,Paris\n", mapping="crm-contacts")
    assert "traits.company: the file has no column 'Company'" in ask(machine, "GET", f"/imports/{id_}/preview")[1]["notes"]


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), [
    ("POST", "/imports", {"file": "../x.csv"}, 400, "bad_file_name"),
    ("POST", "/imports", {"file": "x.csv", "size": 0}, 400, "invalid"),
    ("POST", "/imports", {"file": "x.csv", "mapping": "none-such"}, 404, "unknown_mapping"),
    ("GET", "/imports/20260101t000000-abcdefgh", None, 404, "unknown_import"),
    ("GET", "/imports/nonsense", None, 400, "invalid"),
    ("POST", "/imports/20260101t000000-abcdefgh/start", None, 404, "unknown_import"),
    ("GET", "/imports?cursor=nonsense", None, 400, "bad_cursor"),
    ("PUT", "/mappings/bad", {"kind": "orders"}, 400, "invalid"),
    ("GET", "/catalog?type=Bad", None, 400, "invalid"),
])
def test_a_bad_request_says_what_to_change(machine, method, path, body, status, code):
    found = ask(machine, method, path, body)
    assert (found[0], found[1]["error"]["code"]) == (status, code)


def test_an_import_is_started_when_its_file_and_mapping_are_there(machine):
    made = ask(machine, "POST", "/imports", {"file": "orders.csv", "size": 10})[1]
    for path in ("start", "preview"):
        found = ask(machine, "POST" if path == "start" else "GET", f"/imports/{made['id']}/{path}")
        assert (found[0], found[1]["error"]["code"]) == (409, "no_file")
    assert ask(machine, "GET", f"/imports/{made['id']}/rejects")[1]["error"]["code"] == "wrong_state"
    assert put(machine, made["upload"]["url"], b"too long a file") == 403
    assert put(machine, made["upload"]["url"], b"0123456789") == 200
    assert ask(machine, "POST", f"/imports/{made['id']}/start")[1]["error"]["code"] == "no_mapping"
    assert put(machine, f"{machine.links.url}/local/files/invented/x", b"") == 404


def test_a_cancelled_import_stays_cancelled(machine):
    id_ = upload(machine, ORDERS, mapping="order-lines")
    runs = RunStore(boto3.client("dynamodb"), machine.outputs["DefinitionsTable"])
    runs.save(runs.load(id_).next(state=RUNNING, attempt=1))
    for _ in range(2):
        status, answer = ask(machine, "POST", f"/imports/{id_}/cancel")
        assert (status, answer["state"]) == (200, "cancelled")
    assert ask(machine, "POST", f"/imports/{id_}/start")[1]["error"]["code"] == "wrong_state"


def test_a_missing_column_fails_the_import_and_names_it(machine):
    done = imported(machine, b"A,B\n1,2\n", mapping="order-lines")
    failure = done["failure"]
    assert (done["state"], failure["code"], failure["field"]) == ("failed", "missing_column", "identifiers.user_id")
    assert ask(machine, "POST", f"/imports/{done['id']}/cancel")[0] == 200


def push(machine, name, body, key=KEY):
    status, headers, answer = machine.request("POST", f"/v1/hooks/{name}", key, body)
    machine.drain()
    return status, json.loads(answer), headers


def test_rows_that_are_pushed_become_events_once(machine):
    row = dict(zip(HEAD.strip().split(","), ["77", "A", "Thing", 2, "2010-12-05 10:00:00", "1.5", "90", "France"], strict=True))
    for _ in range(2):
        status, answer, _ = push(machine, "order-lines", json.dumps([row, {"InvoiceNo": "78"}, 5]).encode())
        assert (status, [(one["index"], one["code"]) for one in answer["quarantined"]]) == (
            200, [(1, "no_identifier"), (2, "wrong_type")])
    assert profile(machine, "90")["events"] == {"Order Completed": 1}
    push(machine, "order-lines", json.dumps(row | {"UnitPrice": "2.5"}).encode())
    found = profile(machine, "90")
    assert (found["events"], found["orders"]["GBP"]["revenue"]) == ({"Order Completed": 1}, 500)
    other = json.dumps(row | {"CustomerID": "91", "InvoiceNo": "79"}).encode()
    assert push(machine, "order-lines", other)[1] == {"success": True}
    assert profile(machine, "91")["orders"]["GBP"]["revenue"] == 300


@pytest.mark.parametrize(("name", "body", "key", "status", "code"), [
    ("order-lines", b"[]", {}, 401, "no_write_key"),
    ("order-lines", b"[]", {"authorization": "Bearer nonsense"}, 401, "bad_write_key"),
    ("none-such", b"[]", KEY, 404, "unknown_mapping"),
    ("stores-of-ours", b"[]", KEY, 400, "bad_mapping"),
    ("order-lines", b"{", KEY, 400, "bad_json"),
    ("order-lines", b"\xff", KEY, 400, "bad_json"),
    ("order-lines", b"[" * 100_000, KEY, 400, "bad_json"),
    ("order-lines", json.dumps([{}] * 2_501).encode(), KEY, 400, "too_many_events"),
])
def test_a_push_that_cannot_be_read_says_why(machine, name, body, key, status, code):
    found = push(machine, name, body, key)
    assert (found[0], found[1]["error"]["code"]) == (status, code)
