"""Identifiers come to one form, and what identifies nobody is no identifier."""

from __future__ import annotations

from typing import Any

import pytest

from socle.errors import Rejected
from socle.identity import normalise


@pytest.mark.parametrize(("value", "text"), [
    ("u1", "u1"), (" u1\n", "u1"), (42, "42"), (17850.0, "17850"), (1.5, "1.5"), (-7, "-7"),
    (None, None), ("", None), (" ", None), ("0", None), (0, None), (-1, None), ("---", None), ("NULL", None),
    ("undefined", None), ("Anonymous", None), ("n/a", None), ("00000000-0000-0000-0000-000000000000", None),
])
def test_an_id_as_text(value: Any, text: str | None) -> None:
    assert normalise.id_text(value, "userId") == text


@pytest.mark.parametrize(("value", "code"), [
    (True, "wrong_type"), ({}, "wrong_type"), ([], "wrong_type"), (float("nan"), "wrong_type"),
    (float("inf"), "wrong_type"), (10**400, "wrong_type"), ("x" * 257, "id_too_long"),
])
def test_what_is_no_id_is_refused(value: Any, code: str) -> None:
    with pytest.raises(Rejected) as refusal:
        normalise.id_text(value, "userId")
    assert (refusal.value.code, refusal.value.field) == (code, "userId")


@pytest.mark.parametrize(("value", "address"), [
    ("Jane@Shop.Example", "jane@shop.example"), ("  j+x@a.co.uk ", "j+x@a.co.uk"),
    ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"), ("jane", None), ("jane@shop", None),
    ("a b@c.de", None), ("a@b@c.de", None), ("a@c.de, b@c.de", None),
    ("a" * 250 + "@c.de", None), ("test@test.com", None), (5, None), (None, None), ("", None), (["a@b.de"], None),
])
def test_an_email_address(value: Any, address: str | None) -> None:
    assert normalise.email(value) == address


@pytest.mark.parametrize(("value", "number"), [
    ("+49 (30) 123-456", "+4930123456"), ("+1.415.555.2671", "+14155552671"), ("+49/30/123456", "+4930123456"),
    ("410-555-9412", None), ("0049 30 123456", None), ("+0123456789", None), ("+49", None), ("+" + "1" * 16, None),
    ("+49 30 123456 ext 5", None), ("+44 (0)20 7946 0958", "+442079460958"),
    (493012345, None), (None, None), ("+" + " " * 100, None),
])
def test_a_phone_number(value: Any, number: str | None) -> None:
    assert normalise.phone(value) == number
