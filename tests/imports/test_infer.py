"""The mapping that is proposed for a file fits it, in English and French, and says what it guessed."""

from __future__ import annotations

import pytest

from socle.errors import Rejected
from socle.imports import convert
from socle.imports.infer import infer
from socle.imports.model import Mapping, Prepared
from socle.imports.named import named_columns
from socle.imports.ready import READY
from tests.imports.rows import LINES, converted, read


def proposed(text):
    columns, rows = read(text)
    return infer(columns, rows)


def test_the_columns_of_online_retail_are_those_of_its_ready_mapping():
    assert proposed(LINES).ready == "order-lines"
    assert proposed(LINES).mapping == READY["order-lines"]


@pytest.mark.parametrize(("text", "kind", "identifiers"), [
    ("Prénom,Nom,Courriel,Téléphone,Ville\nA,B,a@b.fr,0612,Paris\n", "people", {"email", "phone"}),
    ("N° client;N° commande;Date de commande;Montant TTC;Devise\n12.0;A1;13/02/2026;12,50;EUR\n", "orders", {"user_id"}),
    ("Order ID,Customer ID,SKU,Unit Price,Qty,Order Date\n1,2,x,3.5,1,2026-01-01\n", "orders", {"user_id"}),
    ("Ticket ID,Requester Email,Subject,Created At\n1,a@b.fr,Hi,2026-01-01\n", "events", {"email"}),
    ("user_id,event,timestamp,plan\n1,Signed Up,2026-01-01,pro\n", "events", {"user_id"}),
    ("SIRET,Raison sociale,Effectif\n73282932000074,A,12\n", "accounts", set()),
    ("SKU,Name,Price,Category\na,b,1,c\n", "catalog", set()), ("Store ID,Name,City\n1,b,c\n", "catalog", set()),
    ("contact,foo\na@b.de,1\nc@d.de,2\n", "people", {"email"}), ("Card Number,Tier\n123,gold\n", "people", {"loyalty_id"}),
])
def test_a_proposed_mapping_takes_every_row_of_its_file(text, kind, identifiers):
    found = proposed(text)
    assert (found.mapping.kind, set(found.mapping.identifiers)) == (kind, identifiers)
    columns, rows = read(text)
    plan = convert.plan("x", found.mapping, columns)
    assert all(isinstance(convert.prepare(plan, row), Prepared) for row in rows)
    assert Mapping.model_validate(found.mapping.model_dump()) == found.mapping


def test_no_column_is_lost():
    mapping = proposed("user_id,email,First Name,Shoe size,shoe_size,birthday\n1,a@b.fr,A,42,43,1990-01-02\n").mapping
    assert {*mapping.traits} == {"firstName", "shoe_size", "shoe_size_2", "birthday"}


def test_what_only_the_values_tell_is_found_out_and_said():
    found = proposed("Customer ID;Order ID;Total;Date\n12.0;A1;12,50;25/02/2026\n13.0;A2;3,99;01/02/2026\n")
    assert (found.mapping.format.day_first, found.mapping.format.decimal) == (True, ",")
    messages, rejects = converted(found.mapping, "Customer ID;Order ID;Total;Date\n12.0;A1;1.212,50;01/02/2026\n")
    assert (messages[0].is_void, rejects) == (True, [])
    (order,) = [draft.message for draft in messages if not draft.is_void]
    assert (order["userId"], order["properties"]["total"], order["timestamp"]) == ("12", 1212.5, "2026-02-01T00:00:00.000Z")
    notes = " ".join(found.notes)
    assert all(word in notes for word in ("day first", "decimal comma", "17850.0", "currency"))


def test_dates_that_stay_ambiguous_are_said():
    assert any("ambiguous" in note for note in proposed("email,date\na@b.fr,01/02/2026\n").notes)


def test_a_file_of_nobody_and_nothing_is_refused_with_its_columns():
    with pytest.raises(Rejected, match="colour, shape") as refused:
        proposed("colour,shape\nred,round\n")
    assert (refused.value.code, refused.value.field) == ("no_mapping", "mapping")


@pytest.mark.parametrize("name", READY)
def test_a_ready_mapping_takes_a_row_of_its_own_columns_and_is_what_such_a_file_is_proposed(name):
    columns = list(dict.fromkeys(named_columns(READY[name])))
    values = {"Price": "1.5", "UnitPrice": "1.5", "Quantity": "2", "Points": "7", "Score": "9", "Latitude": "48.85",
    "Longitude": "2.35"}
    dated = ("Date", "At", "Joined", "Birthday", "timestamp")
    row = ["2026-01-02" if column.endswith(dated) else values.get(column, f"{column} 1") for column in columns]
    text = ",".join(columns) + "\n" + ",".join(row) + "\n"
    messages, rejects = converted(READY[name], text)
    assert (len([one for one in messages if not one.is_void]), rejects) == (1, [])
    assert proposed(text).ready == name
