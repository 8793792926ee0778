"""What rows name is listed with types, sources, times; parts of the catalogue merge to the same in any order; it is bounded."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from socle.catalogue import look as looking
from socle.catalogue import model
from socle.catalogue.look import look
from socle.catalogue.model import Catalogue
from socle.catalogue.service import by_source, uses
from socle.definitions.model import Definition
from socle.quality.validity import invalid
from tests.people import event, identify, order


def row(one):
    return {"row": "event", "profile": "p", **one.to_json()}


PROPERTIES = {"order_id": "1", "revenue": 5, "tax": 0.5, "gift": None, "new": True,
              "products": [{"sku": "a", "variant": {"size": {"eu": {"too": "deep"}}}}, {"other": 1}], "tags": ["x"]}


def test_an_event_is_listed_with_the_types_of_its_properties_also_inside():
    found = look([row(event(1, name="Order Completed", properties=PROPERTIES))], invalid).events["Order Completed"]
    assert {path: dict(column.types) for path, column in found.columns.items()} == {
        "order_id": {"string": 1}, "revenue": {"integer": 1}, "tax": {"number": 1}, "gift": {"null": 1}, "new": {"boolean": 1},
        "products": {"array": 1}, "products[]": {"object": 1}, "products[].sku": {"string": 1},
        "products[].variant": {"object": 1},
        "products[].variant.size": {"object": 1}, "tags": {"array": 1}, "tags[]": {"string": 1}}


def test_a_trait_is_listed_with_its_sources_times_and_how_many_values_cannot_be_used():
    rows = [row(identify(number, traits={"email": "nope" if number == 2 else "a@example.com", "address": {"city": "n/a"}})
                ._replace(source="crm" if number == 3 else "shop")) for number in (1, 2, 3)]
    found = look([*rows, {"row": "profile"}], invalid)
    email = found.traits["email"]
    assert (email.total.count, email.total.invalid, email.total.last - email.total.first) == (3, 1, 2_000)
    assert {name: (sent.count, sent.invalid) for name, sent in email.sent.items()} == {"shop": (2, 1), "crm": (1, 0)}
    assert set(found.traits["address"].columns) == {"", "city"}
    assert by_source(found) == {"shop": {"values": 4, "invalid": 1}, "crm": {"values": 2, "invalid": 0}}


ROWS = st.lists(st.builds(
    lambda number, name, source, value: row((identify(number, traits={name: value}) if number % 2 else event(
        number, name=name, properties={name: value}))._replace(source=source)),
    st.integers(0, 20), st.sampled_from("abcdef"), st.sampled_from(["s1", "s2", "s3", "s4"]),
    st.sampled_from([1, "x", None, {"a": 1, "b": 2, "c": [1]}])), max_size=12)


@given(st.data())
def test_catalogues_merge_to_the_same_in_any_order_also_beyond_the_limits(data):
    rows = data.draw(ROWS)
    shuffled, cut = data.draw(st.permutations(rows)), data.draw(st.integers(0, len(rows)))
    kept = [(module, name, getattr(module, name)) for module in (model, looking)
            for name in ("MAX_NAMES", "MAX_SOURCES", "MAX_PROPERTIES")]
    for module, name, _ in kept:
        setattr(module, name, 2)
    try:
        merged = Catalogue.from_json(json.loads(json.dumps(look(shuffled[cut:], invalid).to_json())))
        merged.merge(look(shuffled[:cut], invalid))
        whole = look(rows, invalid)
    finally:
        for module, name, value in kept:
            setattr(module, name, value)
    assert merged == whole
    assert len(whole.events) <= 2
    named = [one["name"] for one in rows]
    assert whole.unlisted("events") == len([name for name in named if name not in whole.events])


def test_where_a_name_is_used_is_read_from_definitions():
    found = [Definition("webhooks", "erp", 1, {"url": "https://x", "events": ["Order Completed"]}, 0, 0),
             Definition("survivorship", "default", 1, {"traits": {"phone": {"rule": "latest"}}}, 0, 0),
             Definition("mappings", "crm", 1, {"columns": {"Tel": "traits.phone", "Town": "address.city"}}, 0, 0),
             Definition("sources", "phone", 1, {"description": "phone"}, 0, 0)]
    assert uses(found, "trait")["phone"] == ["mappings/crm", "survivorship/default"]
    assert uses(found, "trait")["address"] == ["mappings/crm"]
    assert uses(found, "event")["Order Completed"] == ["webhooks/erp"]


def test_what_an_order_is_made_of_does_not_depend_on_revisions():
    rows = [row(order(1, order_id="1", revision=revision, revenue=5)) for revision in (0, 1)]
    assert look(rows, invalid).events["Order Completed"].total.count == 2
