"""Liquid is strict about what is missing, and bounded: nobody's template holds up the others."""

from __future__ import annotations

import gc
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.errors import Rejected
from socle.templates.liquid import HTML
from socle.templates.model import Unrenderable
from tests.templates.letters import ZOE, letter, text

_GROWING = "{% assign a = 'xxxxxxxxxx' %}{% for i in (1..40) %}{% assign a = a | append: a %}{% endfor %}{{ a }}"
_LONG = "{% assign a = 'x' %}{% for i in (1..16) %}{% assign a = a | append: a %}{% endfor %}"
BOMBS = [
    "{% for i in (1..1000000000) %}x{% endfor %}", "{% for i in (1..1000000000) reversed %}x{% endfor %}",
    "{% assign r = (1..1000000000) %}{% for i in r reversed %}x{% endfor %}", "{{ (1..1000000000) | join: ',' }}",
    "{{ (1..99999999999999999999999999) | size }}", "{% for i in (1..200) %}{% for j in (1..200) %}{% endfor %}{% endfor %}",
    "{% for i in (1..9000) %}{% endfor %}{% for i in (1..9000) %}{% endfor %}", _GROWING,
    "{% for i in (1..40) %}{% capture a %}{{ a | default: 'xxxxxxxxxxxx' }}{{ a | default: 'x' }}{% endcapture %}{% endfor %}",
    _LONG + "{{ a | replace: 'x', a }}", _LONG + "{{ a | replace: '', a }}", _LONG + "{{ a | split: '' | join: a }}",
    _LONG + "{% for i in (1..5000) %}{{ a }}{% endfor %}",
    _LONG + "{% for i in (1..5000) %}{% assign b = a | upcase %}{% endfor %}",
    "{% assign n = 9999999 %}{% for i in (1..5000) %}{% assign n = n | times: n %}{% endfor %}x",
    "{% assign a = 'a,b' | split: ',' %}{% for i in (1..40) %}{% assign a = a | concat: a %}{% endfor %}x",
    _LONG + "{{ a | url_encode | append: a | append: a | append: a }}", _LONG + "{{ a" + " | append: a" * 1_000 + " }}",
]


@pytest.mark.parametrize("source", BOMBS, ids=range(len(BOMBS)))
def test_what_would_never_end_is_too_long_and_takes_little_memory(source: str) -> None:
    gc.collect()
    tracemalloc.start()
    try:
        with pytest.raises(Unrenderable) as refused:
            text(source)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.value.code in ("too_long", "liquid")
    assert peak < 30_000_000


def test_a_value_may_not_be_longer_than_a_mail_could_be() -> None:
    with pytest.raises(Unrenderable):
        text("{% assign a = traits.note | append: traits.note %}{{ a.size }}", {"traits": {"note": "x" * 60_000}})


def test_a_number_may_not_be_longer_than_money_could_be() -> None:
    with pytest.raises(Unrenderable):
        text("{{ 1000000000 | times: 1000000000 }}")


def test_ten_megabytes_of_output_are_too_long() -> None:
    person = {"event": {"note": "x" * 30_000}}
    with pytest.raises(Unrenderable) as refused:
        letter(person, html="{% for i in (1..400) %}{{ event.note }}{% endfor %}")
    assert (refused.value.code, refused.value.field) == ("too_long", "html")


@pytest.mark.parametrize(("source", "shown"), [
    ("{{ traits.nickname | default: 'friend' }}", "friend"), ("{% if traits.nickname %}a{% else %}b{% endif %}", "b"),
    ("{% if event.total > 3 or event.total <= 3 or event.list contains 'x' %}a{% else %}b{% endif %}", "b"),
    ("{% if traits.nickname == 'x' %}a{% else %}b{% endif %}", "b"), ("{% unless event.total %}none{% endunless %}", "none"),
    ("{{ nothing.at.all | default: 1 }}", "1"), ("{% if segments contains 'vip' %}vip{% endif %}", "vip"),
    ("{{ traits['firstName'] }} {{ segments[0] }} {{ segments.first }} {{ segments.size }}", "Zoé vip vip 1"),
    ("{% assign x = traits.nickname | default: 'friend' %}{{ x }}", "friend"),
    ("{% capture y %}{{ traits.firstName }}!{% endcapture %}{{ y }}{{ y.size }}", "Zoé!4"),
    ("{% for s in segments %}{{ forloop.index }}{{ s }}{% endfor %}", "1vip"), ("a{% comment %}{{ x }}{% endcomment %}b", "ab"),
    ("{% case segments.first %}{% when 'vip' %}V{% else %}N{% endcase %}", "V"), ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
    ("{% for i in (1..5) %}{% if i == 2 %}{% continue %}{% elsif i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}", "13"),
    ("{% for i in (1..4) %}{% cycle 'a', 'b' %}{% endfor %}", "abab"), ("{% with x: 'y' %}{{ x }}{% endwith %}", "y"),
])
def test_conditions_and_defaults_may_ask_for_what_is_missing(source: str, shown: str) -> None:
    assert text(source) == shown


@pytest.mark.parametrize("source", [
    "{{ traits.nickname }}", "{{ traits.nickname | upcase }}", "{{ nothing }}", "{{ traits.firstName.first }}",
    "{{ traits.a.b.c }}",
    "{% for p in event.products %}x{% endfor %}", "{{ event.total | money }}", "{{ event.at | date }}", "{{ event | json }}",
    "{{ event.n | plural: one: 'a', other: 'b' }}", "{{ 'x' | item }}", "{{ links.nowhere }}"])
def test_what_is_missing_elsewhere_makes_no_message(source: str) -> None:
    with pytest.raises(Unrenderable) as refused:
        text(source)
    assert refused.value.code == "undefined"
    assert refused.value.field == "text"


@pytest.mark.parametrize("source", ["{{ 'now' | date }}", "{{ now }}", "{{ today }}"])
def test_a_template_cannot_read_the_clock(source: str) -> None:
    with pytest.raises(Unrenderable):
        text(source)


EVIL = "<script>alert('x')</script>\"'&"
_ARGUMENTS = ("", ": ' '", ": 'a', 'b'", ": 3", ": one: '#', other: '#'", ": 'EUR'")


@pytest.mark.parametrize("name", sorted(HTML.filters))
def test_no_filter_lets_a_value_write_html(name: str) -> None:
    for argument in _ARGUMENTS:
        for value in (EVIL, [EVIL], {"a": EVIL}):
            try:
                html = letter({"event": {"v": value}}, html=f"<p>{{{{ event.v | {name}{argument} }}}}</p>").html
            except Unrenderable:
                continue
            assert "<script" not in html, f"{name}{argument}"


def test_there_is_no_filter_that_leaves_a_value_unescaped() -> None:
    with pytest.raises(Rejected):
        letter(html="{{ traits.firstName | safe }}")


def test_a_value_cannot_leave_its_attribute() -> None:
    html = letter({"traits": {"firstName": '" onclick="x'}}, html='<p title="{{ traits.firstName }}">x</p>').html
    assert 'title="&#34; onclick=&#34;x"' in html


@given(st.text(max_size=200))
def test_any_value_is_shown_as_it_is_in_a_text(value: str) -> None:
    assert text("<{{ traits.firstName }}>", {"traits": {"firstName": value}}) == f"<{value}>".strip()


def test_one_rendering_leaves_nothing_for_the_next() -> None:
    source = "{% assign x = traits.firstName %}{{ x }}"
    assert [text(source), text(source, {"traits": {"firstName": "Bo"}})] == ["Zoé", "Bo"]
    assert ZOE["traits"] == {"firstName": "Zoé"}
