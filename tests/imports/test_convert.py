"""Rows about people, what they did, accounts and items: each says one thing, with an id that is the same in every run."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from socle.errors import Rejected
from socle.imports import convert, rejects
from socle.imports.accept import accept
from socle.imports.formats import open_rows
from socle.imports.model import BUCKETS, Mapping, Reject, Row, Send
from socle.imports.named import named_columns
from socle.imports.state import dump, load, reconcile
from tests.imports.rows import NOW, Importer, converted, prepared

PEOPLE = {"kind": "people", "identifiers": {"crm_id": {"column": "id", "clean": "integer"}, "email": "mail", "phone": "tel"},
          "traits": {"city": "city", "age": {"column": "age", "type": "number"}, "vip": {"column": "vip", "type": "boolean"}},
          "region": "FR"}
EVENTS = {"kind": "events", "identifiers": {"user_id": "user"}, "event": {"column": "what"}, "timestamp": "at",
          "properties": {"note": "note"}}


def mapping(document, **more):
    return Mapping.model_validate({**document, **more})


def test_a_person_is_an_identify_with_every_identifier_in_its_place():
    found, _ = converted(mapping(PEOPLE), "id,mail,tel,city,age,vip\n7.0,A@b.fr,06 12 34 56 78,Köln,\"1 000\",oui\n")
    assert [draft.message for draft in found] == [{
        "type": "identify", "traits": {"city": "Köln", "age": 1000, "vip": True, "email": "A@b.fr", "phone": "06 12 34 56 78"},
        "context": {"externalIds": [{"id": "7", "type": "crm_id", "collection": "users", "encoding": "none"}],
                    "location": {"country": "FR"}}}]


def test_an_event_carries_the_identifiers_where_they_are_looked_for():
    importer = Importer(mapping(EVENTS, identifiers={"user_id": "user", "anonymous_id": "anon", "email": "mail"}))
    importer.run("user,anon,mail,what,at,note\n42.0,a-1,x@y.fr,Visited,2026-01-01,n\n")
    (event,) = importer.events
    assert set(event.ids) == {("user_id", "42.0"), ("anonymous_id", "a-1"), ("email", "x@y.fr")}
    assert (event.name, event.type, event.body["properties"]) == ("Visited", "track", {"note": "n"})


def test_equal_rows_about_a_person_say_one_thing_and_different_ones_two():
    data = "id,mail,tel,city,age,vip\n" + "1,,,Paris,,\n" * 3 + "1,,,Lyon,,\n"
    found, _ = converted(mapping(PEOPLE), data)
    assert sorted((draft.message["traits"]["city"], draft.rows) for draft in found) == [("Lyon", (5,)), ("Paris", (2, 3, 4))]


def test_a_corrected_contact_is_a_revision_that_happens_when_it_is_imported():
    importer = Importer(mapping(PEOPLE))
    importer.run("id,mail,tel,city,age,vip\n1,,,Paris,,\n", NOW)
    assert importer.run("id,mail,tel,city,age,vip\n1,,,Lyon,,\n2,,,Nice,,\n", NOW + 5) == 2
    first, second, _ = importer.events
    assert (second.key, second.revision, first.at, second.at) == (first.key, 1, NOW, NOW + 5)


def test_equal_events_without_an_id_are_each_kept_and_none_comes_twice():
    importer = Importer(mapping(EVENTS))
    text = "user,what,at,note\n" + "u,Called,2026-01-01,hi\n" * 2
    assert (importer.run(text), importer.run(text)) == (2, 0)
    assert importer.run(text + "u,Called,2026-01-01,hi\n") == 1
    assert len({event.key for event in importer.events}) == 3


def test_an_event_with_an_id_is_corrected():
    importer = Importer(mapping(EVENTS, id="note"))
    importer.run("user,what,at,note\nu,Opened,2026-01-01,t1\n")
    importer.run("user,what,at,note\nu,Solved,2026-01-02,t1\n")
    first, second = importer.events
    assert (second.key, second.revision, second.name) == (first.key, 1, "Solved")


def test_an_account_is_a_group_call_with_or_without_a_person():
    account = mapping({"kind": "accounts", "account": "siret", "identifiers": {"email": "mail"}, "traits": {"name": "name"}})
    found, refused = converted(account, "siret,name,mail\n1,A,x@y.fr\n1,A,\n,B,x@y.fr\n")
    assert sorted((draft.message["groupId"], "context" in draft.message) for draft in found) == [("1", False), ("1", True)]
    assert [(reject.code, reject.column) for reject in refused] == [("missing_value", "siret")]


def test_of_items_with_one_id_the_last_counts_and_a_changed_one_is_handed_on_again():
    items = mapping({"kind": "catalog", "item": {"type": "products", "id": "sku"}, "rest": True})
    found, _ = converted(items, "sku,name\na,One\nb,Two\na,Three\n")
    assert [(draft.message["id"], draft.message["properties"], draft.rows) for draft in found] == [
        ("a", {"name": "Three"}, (2, 4)), ("b", {"name": "Two"}, (3,))]
    again, _ = converted(items, "sku,name\na,Three\nb,New\n")
    after = reconcile(reconcile({}, found).state, again)
    assert [send.message["id"] for send in after.send] == ["b"]


def test_what_is_not_mapped_becomes_a_trait_or_property_if_the_mapping_says_so():
    found, _ = converted(mapping(EVENTS, rest=True), "user,what,at,note,Q1,Q2\nu,Answered,2026-01-01,n,5,\n")
    assert found[0].message["properties"] == {"note": "n", "Q1": "5"}


def test_why_a_row_was_rejected_before_is_nothing_about_the_person():
    file = rejects.header(["user", "what", "at", "note"]) + rejects.lines(
        ["user", "what", "at", "note"], [Reject(2, "bad_date", "at", "no date", ["u", "A", "2026-01-01", "n"])])
    found, _ = converted(mapping(EVENTS, rest=True), file)
    assert found[0].message["properties"] == {"note": "n"}


def test_columns_that_may_be_missing_are_left_out_and_named():
    plan = convert.plan("x", mapping(PEOPLE, skip_missing=True), ["mail", "city"])
    assert len(plan.notes) == 4
    assert convert.prepare(plan, Row(2, ["a@b.fr", "Rome"])).key == "email:a@b.fr"


@pytest.mark.parametrize(("change", "field", "column"), [
    ({"identifiers": {"user_id": "userid"}}, "identifiers.user_id", "userid"), ({"timestamp": "when"}, "timestamp", "when"),
    ({"properties": {"x": {"column": "X"}}}, "properties.x", "X"), ({"event": {"column": "evt"}}, "event", "evt"),
    ({"identifiers": {"user_id": "nobody"}, "skip_missing": True}, "identifiers.user_id", "nobody"),
])
def test_a_mapping_to_a_missing_column_names_its_field_and_the_columns_there_are(change, field, column):
    with pytest.raises(Rejected) as refused:
        convert.plan("x", mapping(EVENTS, **change), ["user", "what", "at", "note"])
    assert (refused.value.code, refused.value.field) == ("missing_column", field)
    assert repr(column) in refused.value.message
    assert "user, what, at, note" in refused.value.message


def test_a_column_is_found_whatever_its_case_and_a_near_miss_is_suggested():
    assert convert.plan("x", mapping(EVENTS), [" User", "WHAT", "At", "note"])
    with pytest.raises(Rejected, match="did you mean 'notes'"):
        convert.plan("x", mapping(EVENTS), ["user", "what", "at", "notes"])


@pytest.mark.parametrize(("wanted", "note"), [((), None),
(named_columns(Mapping.model_validate(EVENTS)), "late")], ids=["not", "looked for"])
def test_a_column_that_only_a_late_object_has_is_found_if_it_is_looked_for(wanted, note):
    data = '{"user": "u", "what": "A"}\n' * 1_500 + '{"user": "u", "what": "B", "note": "late"}\n'
    file = open_rows(io.BytesIO(data.encode()), "x.ndjson", mapping(EVENTS).format, wanted)
    good, refused = prepared(convert.plan("x", mapping(EVENTS), file.columns, file.is_open), file.rows)
    assert (len(good), refused, good[-1].values[3].get("note")) == (1_501, [], note)


@pytest.mark.parametrize(("document", "where"), [
    ({"kind": "orders", "identifiers": {"user_id": "u"}}, "order"), ({"kind": "people"}, "identifiers"),
    ({**EVENTS, "event": None}, "event"), ({"kind": "accounts"}, "account"), ({"kind": "catalog"}, "item"),
    ({**EVENTS, "order": {"order_id": "o", "price": "p"}}, "order"), ({**EVENTS, "identifiers": {"User": "u"}}, "identifiers"),
    ({**EVENTS, "colour": 1}, "colour"), ({**EVENTS, "timestamp": {"column": "a", "value": "b"}}, "timestamp"),
    ({**EVENTS, "format": {"timezone": "Mars/Olympus"}}, "timezone"), ({**EVENTS, "format": {"encoding": "utf-99"}}, "encoding"),
    ({**EVENTS, "format": {"delimiter": ";;"}}, "delimiter"), ({**EVENTS, "region": "France"}, "region"),
    ({**EVENTS, "kind": "orders", "event": None, "order": {"order_id": "o"}}, "order"),
    ({"kind": "orders", "identifiers": {"user_id": "u"}, "order": {"order_id": "o", "total": "t", "cancelled": {}}}, "cancelled"),
])
def test_a_mapping_that_could_not_run_is_refused_and_the_field_is_named(document, where):
    with pytest.raises(ValidationError) as refused:
        Mapping.model_validate(document)
    assert where in str(refused.value)


@given(st.text(st.characters(), max_size=20))
def test_every_key_has_a_bucket(key):
    assert 0 <= convert.bucket_of(key) < BUCKETS


@given(st.lists(st.tuples(st.sampled_from("uvw"), st.sampled_from("AB"), st.sampled_from(["2026-01-01", ""]),
st.sampled_from("xy"))),
       st.booleans())
def test_a_state_comes_back_as_it_was_written(rows, has_id):
    text = "user,what,at,note\n" + "".join(",".join(row) + "\n" for row in rows)
    found, _ = converted(mapping(EVENTS, **({"id": "note"} if has_id else {})), text)
    state = reconcile({}, found).state
    assert load(dump(state)) == state
    assert reconcile(load(dump(state)), found).send == []


def test_no_state_is_the_empty_one():
    assert load(b"") == {}


def test_the_id_of_a_message_depends_on_the_mapping_and_fits():
    data = "user,what,at,note\nu,A,2026-01-01,\n"
    ids = {converted(mapping(EVENTS), data, name)[0][0].message_id for name in ("a", "b", "n" * 60)}
    assert len(ids) == 3
    assert all(len(one) <= 60 and one.startswith("import:") for one in ids)


def test_what_the_checks_of_http_refuse_is_refused_here_with_the_same_reason():
    sends = [Send({"type": "track", "event": "A", "userId": "u", "messageId": "m1", "properties": {"x": "y" * 40_000}}, 0, 0,
    (2,)),
             Send({"type": "track", "event": "$A", "userId": "u", "messageId": "m2"}, 0, 0, (3,)),
             Send({"type": "track", "event": "A", "userId": "\ud800", "messageId": "m3"}, 0, 0, (4,)),
             Send({"type": "track", "event": "A", "userId": "u", "messageId": "m4"}, 0, 0, (5,))]
    accepted = accept(sends, "import", NOW)
    assert [(send.rows, fault.code) for send, fault in accepted.refused] == [
        ((2,), "too_large"), ((3,), "reserved_name"), ((4,), "not_unicode")]
    assert [event.message_id for event in accepted.events] == ["m4"]


def test_ids_of_things_may_count_from_zero_and_those_of_people_may_not():
    data = "id,user,what,at,note\n0,u0,Visited,,\n1,0,Visited,,\n"
    found, refused = converted(mapping(EVENTS, id="id"), data)
    assert [draft.message["userId"] for draft in found] == ["u0"]
    assert [(reject.number, reject.code) for reject in refused] == [(3, "no_identifier")]
    (item,), _ = converted(mapping({"kind": "catalog", "item": {"type": "stores", "id": "id"}}), "id\n0\n")
    assert item.message["id"] == "0"
