"""Mailing addresses as a block of lines: who, where, and the last line in the order that the country wants. Pure.

After the Universal Postal Union's "Postal addressing systems" and the national posts: most countries write the postal code
before the town; GB has it on a line of its own below the town; US, CA and AU after town and state. The country stands last, in
capitals and in English, when the letter leaves the sender's country.
"""

from __future__ import annotations

from functools import cache

from socle.exports.person import Person

LINES = 8
POSTAL_COLUMNS = ("id", *(f"line_{number}" for number in range(1, LINES + 1)), "country")

_CAPITALS = {"FR", "MC", "GB", "GG", "JE", "IM", "US", "PR", "CA", "AU", "IE"}
"""Where the post asks for the town in capitals."""
_AFTER = {"US": "{city} {state} {code}", "PR": "{city} {state} {code}", "CA": "{city} {state}  {code}",
          "AU": "{city} {state} {code}", "NZ": "{city} {code}", "IN": "{city} {code}", "SG": "{city} {code}"}
_BELOW = {"GB", "GG", "JE", "IM", "IE"}
_NO_STATE = {"AT", "BE", "CH", "CZ", "DE", "DK", "EE", "FI", "FR", "GB", "GG", "HR", "IE", "IM", "IS", "JE", "LI", "LT", "LU",
             "LV", "MC", "NL", "NO", "PL", "PT", "SE", "SI", "SK"}
"""Where an address names no state, province or county."""
_NO_CODE = {"AE", "AG", "BS", "HK", "IE", "QA", "PA", "JM"}
"""Where there are no postal codes, or letters arrive without."""


def postal_row(person: Person, sender: str | None) -> list[str] | None:
    """A row of POSTAL_COLUMNS; None for somebody whom a letter could not reach.

    sender  country that the letters are sent from (alpha-2), and that of people who name none
    """
    country = person.country or sender or ""
    code, streets = person.postal_code, person.streets
    if not (person.name or person.company) or not (streets and person.city and country):
        return None
    if not code and country not in _NO_CODE:
        return None
    lines = [*filter(None, (person.name, person.company)), *streets, *_town(person.city, person.state, code, country)]
    if country != sender:
        lines.append(_country_name(country))
    return [person.id, *lines[:LINES], *[""] * (LINES - len(lines)), country]


def _town(city: str, state: str, code: str, country: str) -> list[str]:
    if country in _CAPITALS:
        city, state = city.upper(), state.upper()
    if country in _BELOW:
        return [city, code] if code else [city]
    if country in _AFTER:
        return [_AFTER[country].format(city=city, state=state, code=code).replace("   ", " ").strip()]
    if country == "IT" and len(state) == 2:
        return [f"{code} {city} {state.upper()}"]
    further = [state] if state and country not in _NO_STATE else []
    return [f"{code} {city}".strip(), *further]


def _country_name(code: str) -> str:
    return _names().get(code, code).upper()


@cache
def _names() -> dict[str, str]:
    from socle.normalisation.country_table import TABLE

    found = {}
    for entry in TABLE.split(";"):
        alpha2, _, written = entry.split(maxsplit=2)
        found[alpha2] = written.split("|")[0]
    return found
