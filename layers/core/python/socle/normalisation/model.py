"""Normalised traits: what they became, what was sent, and what could not be brought to one form.

An event's body holds the normalised traits; `raw` has what the client sent in place of each value that changed, `flags` a code
for each that is in doubt. Both name a trait by its path in the traits: `email`, `address.country`, `company.siret`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

RAW = "raw"
FLAGS = "flags"
SENT = "sent"
"""Fields of an event's body that are ours. What a client sends under one of these names lies in the object `sent`."""
OURS = (RAW, FLAGS, SENT)

NOT_AN_EMAIL = "not_an_email"
NOT_A_PHONE = "not_a_phone"
NO_REGION = "no_region"
UNLIKELY_PHONE = "unlikely_phone"
ASSUMED_REGION = "assumed_region"
NOT_A_NAME = "not_a_name"
UNKNOWN_COUNTRY = "unknown_country"
UNKNOWN_LANGUAGE = "unknown_language"
NOT_A_DATE = "not_a_date"
AMBIGUOUS_DATE = "ambiguous_date"
IMPLAUSIBLE_DATE = "implausible_date"
NOT_A_POSTAL_CODE = "not_a_postal_code"
NOT_A_SIREN = "not_a_siren"
NOT_A_SIRET = "not_a_siret"
NOT_A_VAT_NUMBER = "not_a_vat_number"
NOT_TEXT = "not_text"
TOO_LONG = "too_long"

CODES: Mapping[str, str] = {
    NOT_AN_EMAIL: "no address that mail can be sent to",
    NOT_A_PHONE: "no number of the country it belongs to, or one with an extension",
    NO_REGION: "a national number, and nothing says of which country",
    UNLIKELY_PHONE: "an international number all the same, though its country has none of this length",
    ASSUMED_REGION: "a national number, read as one of the country that the device's language names: it identifies nobody",
    NOT_A_NAME: "no letter in it, or an @",
    UNKNOWN_COUNTRY: "no code of ISO 3166-1 and no English or French name of a country",
    UNKNOWN_LANGUAGE: "no BCP 47 tag and no English or French name of a language",
    NOT_A_DATE: "no calendar date",
    AMBIGUOUS_DATE: "a date in more than one way",
    IMPLAUSIBLE_DATE: "nobody's date of birth: of 1900-01-01 or before, or of the future",
    NOT_A_POSTAL_CODE: "not of the form that the address's country uses",
    NOT_A_SIREN: "not nine digits with their check digit",
    NOT_A_SIRET: "not fourteen digits with their check digits",
    NOT_A_VAT_NUMBER: "no VAT number of a country whose form is known",
    NOT_TEXT: "neither text nor a number",
    TOO_LONG: "longer than any value of its kind",
}
"""Every flag, with what it says about the value."""


class Reading(NamedTuple):
    """What a value was understood as.

    value  the normalised text, or None when there is none: then the value stays as sent
    flag   one of CODES, "" when nothing is in doubt
    """

    value: str | None
    flag: str = ""


class Normalised(NamedTuple):
    """traits: as they are to be used; raw: path → as sent, where that differs; flags: path → one of CODES."""

    traits: dict[str, Any]
    raw: dict[str, Any]
    flags: dict[str, str]


def as_sent(body: Mapping[str, Any]) -> dict[str, Any]:
    """An event's body with its traits, and its own fields `raw`, `flags` and `sent`, as the client sent them."""
    found = {name: value for name, value in body.items() if name not in OURS}
    raw = body.get(RAW)
    if raw:
        traits = found["traits"] = dict(found["traits"])
        for path, value in raw.items():
            section, _, name = path.rpartition(".")
            if section:
                traits[section] = {**traits[section], name: value}
            else:
                traits[name] = value
    return found | (body.get(SENT) or {})
