"""Money, numbers, dates and plurals in people's own language."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from socle.templates.model import Unrenderable
from tests.templates.letters import Links, text

FR, EN, US, PL = "fr-FR", "en-GB", "en-US", "pl"


def said(source: str, locale: str, **person: Any) -> str:
    shown = text(source, {"locale": locale, "timezone": "Europe/Paris", "v": person.pop("v", None), **person})
    return shown.replace("\u202f", " ").replace("\xa0", " ")


@pytest.mark.parametrize(("source", "locale", "value", "shown"), [
    ("{{ v | money: 'EUR' }}", FR, 1234.5, "1 234,50 €"), ("{{ v | money: 'EUR' }}", EN, 1234.5, "€1,234.50"),
    ("{{ v | money: 'EUR' }}", FR, "12.30", "12,30 €"), ("{{ v | money }}", FR, 3, "3,00 €"),
    ("{{ v | money: 'EUR', minor: true }}", FR, 123450, "1 234,50 €"), ("{{ v | money: 'JPY', minor: true }}", EN, 500, "JP¥500"),
    ("{{ v | money: 'TND', minor: true }}", EN, 1500, "TND1.500"), ("{{ v | number }}", FR, 1234.5, "1 234,5"),
    ("{{ v | number: 2 }}", EN, 1234, "1,234.00"), ("{{ v | number: 0 }}", EN, 1234.6, "1,235"),
    ("{{ v | plural: one: '# article', other: '# articles' }}", FR, 0, "0 article"),
    ("{{ v | plural: one: '# item', other: '# items' }}", EN, 0, "0 items"),
    ("{{ v | plural: one: '# item', other: '# items' }}", EN, 1, "1 item"),
    ("{{ v | plural: one: '# plik', few: '# pliki', many: '# plików', other: '# pliku' }}", PL, 3, "3 pliki"),
    ("{{ v | plural: one: '# plik', few: '# pliki', many: '# plików', other: '# pliku' }}", PL, 5, "5 plików"),
    ("{{ v | date: 'long' }}", FR, "2026-03-01", "1 mars 2026"), ("{{ v | date }}", EN, "2026-03-01", "1 Mar 2026"),
    ("{{ v | date: 'full' }}", US, "2026-03-01", "Sunday, March 1, 2026"),
    ("{{ v | date: 'long' }}", FR, "2026-03-01T23:30:00Z", "2 mars 2026"),
    ("{{ v | date: 'time' }}", FR, "2026-03-01T23:30:00Z", "00:30"), ("{{ v | date: 'time' }}", US, 1772407800, "12:30 AM"),
    ("{{ v | date: 'HH:mm', 'America/New_York' }}", US, 1772407800000, "18:30"),
    ("{{ v | date: 'EEEE d MMMM' }}", FR, "2026-03-01", "dimanche 1 mars"),
    ("{{ v | date: '%d %B %Y' }}", FR, "2026-03-01", "01 mars 2026"),
    ("{{ v | date: '%A at %H:%M' }}", EN, "2026-03-01T11:05:00+00:00", "Sunday at 12:05"),
    ("{{ v | date: 'medium_time' }}", EN, datetime(2026, 3, 1, 11, 5, tzinfo=UTC), "1 Mar 2026, 12:05:00"),
    ("{{ v | json }}", EN, {"a": [1, "é"]}, '{"a": [1, "é"]}'), ("{{ v | url_encode }}", EN, "a b/é", "a+b%2F%C3%A9"),
])
def test_values_are_written_as_people_of_that_language_do(source: str, locale: str, value: Any, shown: str) -> None:
    assert said(source, locale, v=value) == shown


@pytest.mark.parametrize(("locale", "shown"), [("fr-XX", "1,5"), ("fr_CA", "1,5"), ("xx", "1.5"), ("", "1.5"), ("../x", "1.5"),
                                               ("en-Latn-US-x-a", "1.5")])
def test_an_odd_language_is_the_nearest_one_or_english(locale: str, shown: str) -> None:
    assert said("{{ v | number }}", locale, v=1.5) == shown


def test_the_brand_says_language_currency_and_zone_of_who_says_nothing() -> None:
    from socle.templates.compile import compile_frozen
    from tests.templates.letters import frozen
    brand = {"locale": "fr", "currency": "CHF", "timezone": "Asia/Tokyo"}
    made = compile_frozen(frozen({"channel": "sms", "text": "{{ v | money }} {{ d | date: 'HH:mm' }}"}, brand=brand))
    rendered: Any = made.render({"v": 2, "d": "2026-03-01T00:00:00Z"})
    assert rendered.text.replace("\xa0", " ") == "2,00 CHF 09:00"


def test_a_template_may_choose_the_language() -> None:
    assert said("{% assign locale = 'de' %}{{ v | number }}", FR, v=1234.5) == "1.234,5"


@pytest.mark.parametrize("source", [
    "{{ 'x' | money }}", "{{ 1 | money: 'euro' }}", "{{ true | number }}", "{{ 1 | number: 99 }}", "{{ 'soon' | date }}",
    "{{ '2026-02-31' | date }}", "{{ 1 | plural: few: 'x' }}", "{{ '1e999999' | number }}", "{{ 'NaN' | number }}",
    "{{ 999999999999999999999 | date }}", "{{ 1 | date: '%Q' }}", "{{ segments | number }}",
    "{{ 'a' | divided_by: 0 }}", "{{ 1 | divided_by: 0 }}"])
def test_what_is_no_number_or_date_makes_no_message(source: str) -> None:
    with pytest.raises(Unrenderable) as refused:
        text(source)
    assert refused.value.code in ("liquid", "too_long")


def test_assets_surveys_items_and_coupons_are_asked_for_by_filters() -> None:
    class Lookups:
        def item(self, type_: str, id_: str) -> dict[str, Any] | None:
            return {"name": f"{type_} {id_}"} if id_ == "42" else None

        def coupon(self, pool: str) -> str:
            return f"{pool}-1"

    source = ("{{ 'logo.png' | asset_url }} {{ 'nps' | survey_url }} {% assign p = 42 | item %}{{ p.name }} "
              "{% assign q = 43 | item: 'stores' %}{% if q %}a{% else %}b{% endif %} {{ 'spring' | coupon }}")
    assert text(source, links=Links(), lookups=Lookups()) == (
        "https://p.example/assets/logo.png https://s/surveys/nps products 42 b spring-1")
