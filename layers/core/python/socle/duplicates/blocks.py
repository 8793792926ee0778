"""Which pairs are compared at all: those that share the key of at least one rule.

All pairs of a million people would be 5e11. Each rule finds what the others miss: two people with a typo in the birth date
still share name and place. A key that very many share (a birth date of 1 January, a common surname and year) says little:
its block is left out, and the rules that combine more find those people.
"""

from __future__ import annotations

from typing import NamedTuple

BLOCK = 100
"""People who may share a key: at 100 a rule has at most 50 pairs for each person, whatever the number of people."""


class Rule(NamedTuple):
    """One way of finding pairs.

    key      SQL over `person`, NULL where it does not apply
    agrees   the fields whose agreement it presupposes
    teaches  whether the model learns from its pairs: only where a given name or a birthday is shared. Among those who share a
             surname or an address most are families, and the model would learn that a person's given name and birth differ
    """

    name: str
    key: str
    agrees: tuple[str, ...]
    teaches: bool = False


def _both(one: str, other: str) -> str:
    return f"{one} || '|' || {other}"


_YEAR, _DAY = "birth[1:4]", "birth[5:8]"

RULES = (
    Rule("birth", "birth", ("birth",), teaches=True),
    Rule("name", _both("given", "surname"), ("given", "surname"), teaches=True),
    Rule("email", "email", ("email",)),
    Rule("mailbox", "CASE WHEN length(mailbox) >= 5 THEN mailbox END", ("email",)),
    Rule("phone", "phone", ("phone",)),
    Rule("address", _both("street", "coalesce(postcode, city)"), ("address",)),
    Rule("given, postcode", _both("given", "postcode"), ("given", "address"), teaches=True),
    Rule("surname, postcode", _both("surname", "postcode"), ("surname", "address")),
    Rule("given, city", _both("given", "city"), ("given", "address"), teaches=True),
    Rule("surname, city", _both("surname", "city"), ("surname", "address")),
    Rule("given, year", _both("given", _YEAR), ("given", "birth"), teaches=True),
    Rule("surname, year", _both("surname", _YEAR), ("surname", "birth")),
    Rule("given, day", _both("given", _DAY), ("given", "birth"), teaches=True),
    Rule("surname, day", _both("surname", _DAY), ("surname", "birth"), teaches=True),
    Rule("initials, postcode", "given[1] || surname[1] || '|' || postcode", ("given", "surname", "address")),
    Rule("beginnings of names, year", f"given[1:3] || '|' || surname[1:3] || '|' || {_YEAR}", ("given", "surname", "birth")),
    Rule("birth year, postcode", _both(_YEAR, "postcode"), ("birth", "address")),
    Rule("crossed names", "least(given, surname) || '|' || greatest(given, surname)", ("given", "surname"), teaches=True),
)
