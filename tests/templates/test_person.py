"""What a template sees of a person."""

from __future__ import annotations

from typing import Any

from socle.profiles.codec import entry_of
from socle.profiles.fold import fold
from socle.profiles.model import Aggregate, Snapshot
from socle.templates.person import person_view
from tests.people import T0, consent, event, identify, order
from tests.templates.letters import text


def person(*events: Any, **more: Any) -> Aggregate:
    snapshot = fold(Snapshot(), events)
    tail = tuple(entry_of(one) for one in events)
    return Aggregate("p1", 1, snapshot, tail, **more)


def test_a_person_is_seen_as_people_know_them() -> None:
    traits = {"firstName": "Ada", "language": "fr", "timezone": "Europe/Paris"}
    ada = person(
        identify(0, ("email", "ada@example.com"), traits=traits), order(1, order_id="o-1", currency="EUR", revenue=42.5),
        consent(2, "subscribed"), event(5, properties={"sku": "b"}), event(4, properties={"sku": "a"}),
        segments={"vip": T0, "all": T0}, given={"rfm": {"group": "champions"}})
    view = person_view(ada, {"score": 7}, T0 + 60_000, "Product Viewed")
    source = ("{{ traits.firstName }} {{ profile.email }} {{ profile.id }} {{ orders.EUR.count }} "
              "{{ orders.EUR.revenue | money: 'EUR', minor: true }} {{ segments | join: ',' }} {{ computed.score }} "
              "{{ rfm.group }} {{ consent.email.news }} {{ event.sku }} {{ profile.events['Product Viewed'] }} "
              "{{ now | date: 'HH:mm' }} {{ orders.EUR.last | date: 'long' }}")
    assert text(source, view).replace("\xa0", " ") == (
        "Ada ada@example.com p1 1 42,50 € all,vip 7 champions subscribed b 2 23:14 14 novembre 2023")


def test_what_is_not_known_is_missing_and_not_empty() -> None:
    view = person_view(person(identify(0, traits={"firstName": "Ada", "lastName": None})), {}, T0, "Order Completed")
    asked = "{% if traits.lastName or event or orders.EUR or rfm.group or profile.email %}a{% else %}b{% endif %}"
    assert text(asked, view) == "b"


def test_languages_and_zones_that_are_none_are_left_to_the_brand() -> None:
    view = person_view(person(identify(0, traits={"language": "Klingon!", "timezone": "Mars/Olympus"})), {}, T0)
    assert not {"locale", "timezone"} & view.keys()
