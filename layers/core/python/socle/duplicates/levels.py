"""How two people are compared, field by field: levels of agreement from "different" upwards, as conditions in SQL.

`a` and `b` are two rows of the table `person` (socle.duplicates.link). The levels were written down before any data with
known duplicates was looked at, and are the same for all; what each is worth is estimated from the profiles themselves.
"""

from __future__ import annotations

from typing import NamedTuple

UNKNOWN = -1
PERSONAL = ("given", "birth", "email", "phone")
"""What tells two people of one household apart. A pair that agrees in its address and surname alone is a family."""
SINGLE = ("given", "birth")
"""What a person has one of, whatever happens. A pair that differs there is never merged unseen, nor one that agrees in none
of it: a mailbox, a number, an address may be a family's or a firm's."""


class Compared(NamedTuple):
    """One field. `levels` holds (name, condition), the best first; the first condition that holds is the level.

    known   when both sides can be compared at all
    chance  believed beforehand: how likely two people agree at the best level
    exact   SQL of the value that is equal at the best level, for its frequency; None when frequencies don't matter
    weigh   whether agreeing in a rare value says more than in a frequent one
    """

    name: str
    known: str
    levels: tuple[tuple[str, str], ...]
    chance: float
    exact: str | None
    weigh: bool = False

    @property
    def top(self) -> int:
        """The number of the best level; 0 is "different"."""
        return len(self.levels)

    def level_name(self, level: int) -> str:
        """The name of a level's number."""
        if level == UNKNOWN:
            return "unknown"
        return self.levels[self.top - level][0] if level else "different"

    def sql(self) -> str:
        """The number of the level, UNKNOWN where one side has no value."""
        cases = " ".join(f"WHEN {condition} THEN {self.top - place}" for place, (_, condition) in enumerate(self.levels))
        return f"(CASE WHEN NOT ({self.known}) THEN {UNKNOWN} {cases} ELSE 0 END)::TINYINT"


def _known(*columns: str) -> str:
    return " AND ".join(f"a.{column} IS NOT NULL AND b.{column} IS NOT NULL" for column in columns)


def _alike(one: str, other: str, least: float = 0.92) -> str:
    return f"jaro_winkler_similarity({one}, {other}) >= {least}"


def _typo(one: str, other: str, edits: int) -> str:
    # The edit distance costs ten times what the other conditions do: it is asked only of those that look alike at all.
    return (f"(abs(length({one}) - length({other})) <= {edits} AND jaro_winkler_similarity({one}, {other}) >= 0.7 "
            f"AND damerau_levenshtein({one}, {other}) <= {edits})")


def _name(column: str, other: str, chance: float) -> Compared:
    mine, yours = f"a.{column}", f"b.{column}"
    # Crossed both ways, or one way where the counterpart is unknown: one way alone is a common name and chance.
    across = f"(a.{other} IS NOT NULL OR b.{other} IS NOT NULL)"
    swapped = f"(coalesce({mine} = b.{other}, true) AND coalesce({yours} = a.{other}, true) AND {across})"
    crossed = (f"(coalesce({_alike(mine, f'b.{other}', 0.88)}, true) AND coalesce({_alike(yours, f'a.{other}', 0.88)}, true) "
               f"AND {across})")
    return Compared(column, _known(column), (
        ("exact", f"{mine} = {yours}"),
        ("swapped", swapped),
        ("close", _alike(mine, yours)),
        ("similar", " OR ".join((
            _alike(mine, yours, 0.85), f"(least(length({mine}), length({yours})) >= 5 AND {_typo(mine, yours, 2)})", crossed))),
    ), chance, exact=column, weigh=True)


_SAME_YEAR = "a.birth[1:4] = b.birth[1:4]"
_SAME_DAY = "a.birth[5:8] = b.birth[5:8]"
_DAY_OR_MONTH = ("(a.birth[5:6] = b.birth[5:6] OR a.birth[7:8] = b.birth[7:8] "
                 "OR (a.birth[5:6] = b.birth[7:8] AND a.birth[7:8] = b.birth[5:6]))")
_BIRTH = Compared("birth", _known("birth"), (
    ("exact", "a.birth = b.birth"),
    ("one digit", _typo("a.birth", "b.birth", 1)),
    ("two of three", f"({_SAME_YEAR} AND {_DAY_OR_MONTH}) OR {_SAME_DAY}"),
    ("same year", _SAME_YEAR),
), 5e-5, exact="birth")

_EMAIL = Compared("email", _known("email"), (
    ("exact", "a.email = b.email"),
    ("same mailbox", "a.mailbox = b.mailbox"),
    # A typo, and not merely alike: many addresses are made of the name, and would say again what the name has said. And not
    # in a digit: by these, providers tell namesakes apart.
    ("one or two letters", "a.digits = b.digits AND ({} OR (length(a.mailbox) >= 6 AND {}))".format(
        _typo("a.email", "b.email", 2), _typo("a.mailbox", "b.mailbox", 1))),
), 1e-6, exact="email")

_PHONE = Compared("phone", _known("phone"), (
    ("exact", "a.phone = b.phone"),
    ("one digit", _typo("a.phone", "b.phone", 1)),
), 1e-6, exact="phone")

# One comparison for the whole address: its parts go together, and counted one by one they would make every family one person.
_STREET = "(a.street = b.street OR a.words = b.words)"
_NEAR_STREET = (f"({_STREET} OR len(list_intersect(a.words, b.words)) * 2 >= greatest(len(a.words), len(b.words)) "
                f"OR {_alike('a.street', 'b.street', 0.9)})")
_NEAR_CITY = f"(a.city = b.city OR {_alike('a.city', 'b.city', 0.88)})"
_NEAR_POSTCODE = f"(a.postcode = b.postcode OR {_typo('a.postcode', 'b.postcode', 1)})"
_ADDRESS = Compared("address", " OR ".join(f"({_known(column)})" for column in ("street", "postcode", "city")), (
    ("same street and place", f"{_STREET} AND (a.postcode = b.postcode OR a.city = b.city)"),
    ("similar street, same place", f"{_NEAR_STREET} AND ({_NEAR_POSTCODE} OR {_NEAR_CITY})"),
    ("similar street", _NEAR_STREET),
    ("postcode and city", f"{_NEAR_POSTCODE} AND {_NEAR_CITY}"),
    ("postcode", "a.postcode = b.postcode"),
    ("city", "a.city = b.city"),
    ("similar city", _NEAR_CITY),
), 1e-5, exact=None)

FIELDS = (_name("given", "surname", 0.005), _name("surname", "given", 0.002), _BIRTH, _EMAIL, _PHONE, _ADDRESS)
BY_NAME = {field.name: field for field in FIELDS}
