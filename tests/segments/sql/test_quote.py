"""Whatever people write is a text in the query and nothing else."""

from __future__ import annotations

import duckdb
import pytest

from socle.segments.sql.quote import literal
from tests.people import T0, event
from tests.segments.sql.lake import Lake

ODD = {"quote": "it's", "quotes": "''';--", "double": 'a"b', "backslash": "a\\nb\\", "percent": "100%_", "nul": "a\0b",
       "emoji": "👩‍👧 é",
       "lines": "a\nb\r\t", "dollar": "$$x$1", "brace": "{x}", "comment": "/* */ --", "empty": ""}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_a_text_comes_back_as_it_was(text: str) -> None:
    assert duckdb.execute(f"SELECT {literal(text)}").fetchall() == [(text,)]


@pytest.mark.parametrize("text", [text for name, text in ODD.items() if name not in ("nul", "empty")],
                         ids=[name for name in ODD if name not in ("nul", "empty")])
def test_a_name_and_a_value_are_found_whatever_is_in_them(text: str) -> None:
    lake = Lake({"one": [event(1, name=text, properties={"v": f"<{text}>"})],
                 "two": [event(2, name="other", properties={"v": "x"})]})
    where = [{"property": "v", "test": {"op": op, "value": value}}
             for op, value in (("contains", text), ("starts_with", f"<{text}"), ("ends_with", f"{text}>"), ("eq", f"<{text}>"))]
    asked = {"type": "event", "event": text, "where": where}
    assert lake.members(asked, T0) == "one"
    assert lake.members({**asked, "where": []}, T0) == "one"


PATTERNS = ("a.b", "^b", "a$", "(?s)a.b", "(?m)^b$", "(?i)STRASSE", "\\bé", "\\d{2,}", "[[:alpha:]]+$", "a|",
            "(a+)+$", "100%", "a_b", "\\.",
            "\\pL\\z", "", "x*", "^$", "(?U)a+b", "\\Qa.b\\E", "it's")
TEXTS = ("a\nb", "a.b", "axb", "strasse", "STRAße", "é", "123", "", "100%", "a_b", "aaaaaaaaaaaaaaaaaaaa!", "it's", "b", "\n")


def test_regular_expressions_find_what_re2_finds() -> None:
    from socle.segments.values import pattern

    for source in PATTERNS:
        texts = ", ".join(map(literal, TEXTS))
        asked = f"SELECT list_transform([{texts}], lambda t: regexp_matches(t, {literal(source)}))"
        found = duckdb.execute(asked).fetchall()[0][0]
        assert found == [pattern(source).search(text) is not None for text in TEXTS], source
