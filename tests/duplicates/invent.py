"""Invented people for the search of near-duplicates: households, namesakes, and the same person twice with faults.

Names are made of syllables, with few frequent and many rare ones, as in any country. Everything follows from the seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import accumulate

from socle.duplicates.model import Person

_SYLLABLES = [a + b for a in "bdfgklmnprstv" for b in ("a", "e", "i", "o", "u", "an", "el", "in")]
_DOMAINS = ("example.com", "example.org", "mail.example.net")


class _Words:
    """Words of which the n-th is drawn in proportion to 1/n."""

    def __init__(self, chance: random.Random, number: int, syllables: int) -> None:
        self._words = list(dict.fromkeys("".join(chance.choices(_SYLLABLES, k=syllables)) for _ in range(number)))
        self._sums = list(accumulate(1 / (rank + 8) for rank in range(len(self._words))))
        self._chance = chance

    def draw(self) -> str:
        return self._chance.choices(self._words, cum_weights=self._sums)[0]


def people(number: int, seed: int = 1, twice: float = 0.1) -> Iterator[tuple[Person, int]]:
    """About `number` people of whom a share of `twice` is there a second time; each with the number of who they really are."""
    chance = random.Random(seed)
    given, surnames = _Words(chance, max(200, number // 100), 2), _Words(chance, max(500, number // 10), 3)
    streets, cities = _Words(chance, max(100, number // 20), 3), _Words(chance, max(20, number // 1000), 3)
    who = 0
    while who < number:
        surname, street, city = surnames.draw(), f"{chance.randint(1, 120)} {streets.draw()} street", cities.draw()
        postcode = f"{sum(map(ord, city)) % 90 + 10}{chance.randint(0, 40):03}"
        for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
            who += 1
            birth = f"{chance.randint(1940, 2007)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
            name = given.draw()
            person = Person(f"p{who:08}a", 1, str(who), name, surname, birth,
                            f"{name}.{surname}{chance.randint(1, 99)}@{chance.choice(_DOMAINS)}",
                            f"+3312{chance.randint(0, 9_999_999):07}" if chance.random() < 0.6 else None,
                            street, postcode, city, "fr")
            yield person, who
            if chance.random() < twice:
                yield _again(chance, person)._replace(id=f"p{who:08}b", user=None), who


def _again(chance: random.Random, person: Person) -> Person:
    """The same person through another door: some fields left out, some mistyped, some not up to date."""
    values = person._asdict()
    for field in ("given", "surname", "birth", "email", "phone", "street", "postcode", "city"):
        value, fate = values[field], chance.random()
        if value is None or fate < 0.15:
            values[field] = None
        elif fate < 0.35:
            values[field] = _mistyped(chance, value)
    if chance.random() < 0.1:
        values["given"], values["surname"] = values["surname"], values["given"]
    if values["email"] == person.email and chance.random() < 0.9:  # the same address would have made them one at once
        values["email"] = None
    if values["phone"] == person.phone and chance.random() < 0.9:
        values["phone"] = None
    return Person(**values)


def _mistyped(chance: random.Random, value: str) -> str:
    place = chance.randrange(len(value) - 1)
    letter = chance.choice("0123456789" if value[place].isdigit() else "abdegiklmnoprst")
    match chance.randrange(4):
        case 0:
            return value[:place] + value[place + 1] + value[place] + value[place + 2:]
        case 1 if not value.isdigit():
            return value[:place] + value[place + 1:]
        case 2 if not value.isdigit():
            return value[:place] + letter + value[place:]
        case _:
            return value[:place] + letter + value[place + 1:]
