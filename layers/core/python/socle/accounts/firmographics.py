"""What is known of a company, in one form: read from an account's traits, whatever their spelling; the rest is flagged. Pure.

The raw traits stay as they came. Reading happens when somebody looks, so that a better rule needs no rewrite.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from socle.normalisation.companies import siren, siret, vat_number
from socle.normalisation.countries import country
from socle.normalisation.model import NOT_TEXT, Reading
from socle.profiles.money import DEFAULT_CURRENCY, amount, minor

NOT_A_SECTOR = "not_a_sector"
NOT_A_NUMBER = "not_a_number"
NOT_AN_AMOUNT = "not_an_amount"
NOT_A_WEBSITE = "not_a_website"
CONTRADICTS = "contradicts_the_siret"

_NAF = re.compile(r"([0-9]{2})\.?([0-9])([0-9])\.?([A-Z])")
_NACE = re.compile(r"(?:([A-U])\s?)?([0-9]{2})(?:\.?([0-9])([0-9])?)?")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[ ,'\u00a0\u202f][0-9]{3})+")
_CURRENCY = re.compile(r"[A-Z]{3}")
MAX_TEXT = 256
MAX_NUMBER = 10**100
"""Above it, and where it is infinite or none, a number is not what somebody typed."""

_SPELLINGS = {
    "name": ("name", "company", "company_name"),
    "industry": ("industry", "sector"),
    "sector_code": ("naf", "ape", "nace", "naf_code", "nace_code", "sector_code", "code_naf", "code_ape"),
    "employees": ("employees", "employee_count", "headcount", "effectif", "number_of_employees"),
    "revenue": ("revenue", "annual_revenue", "turnover", "chiffre_affaires"),
    "siren": ("siren",), "siret": ("siret",), "vat_number": ("vat_number", "vat", "tva", "vat_id"),
    "website": ("website", "url"), "domain": ("domain",), "country": ("country", "country_code"), "plan": ("plan",),
    "currency": ("currency", "revenue_currency"),
}
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\s-]+")


class Firmographics(NamedTuple):
    """values: field → what it is in one form. flags: what could not be read, [{field, trait, code}]; the trait holds it raw."""

    values: dict[str, Any]
    flags: list[dict[str, str]]


def firmographics(traits: Mapping[str, Any]) -> Firmographics:
    """Read the traits. Of two spellings of one field the one that comes first in our table counts."""
    found = _by_field(traits)
    values: dict[str, Any] = {}
    flags: list[dict[str, str]] = []
    region = _read(found, "country", lambda value: country(_text(value)), values, flags)
    for name in ("name", "industry", "plan"):
        _read(found, name, lambda value: Reading(" ".join(_text(value).split())[:MAX_TEXT] or None, NOT_TEXT), values, flags)
    _read(found, "sector_code", sector_code, values, flags)
    if "sector_code" not in found and "industry" in values and _is_code(values["industry"]):
        values["sector_code"] = sector_code(values["industry"]).value
    _read(found, "employees", _headcount, values, flags)
    _read(found, "siren", lambda value: siren(_digits(value, 9)), values, flags)
    whole = _read(found, "siret", lambda value: siret(_digits(value, 14)), values, flags)
    if whole and values.setdefault("siren", whole[:9]) != whole[:9]:
        flags.append({"field": "siren", "trait": found["siren"][0], "code": CONTRADICTS})
    _read(found, "vat_number", lambda value: vat_number(_text(value), region), values, flags)
    _read(found, "website", _website, values, flags)
    host = _read(found, "domain", lambda value: Reading(_host(_text(value)), NOT_A_WEBSITE), values, flags)
    if not host and "website" in values:
        values["domain"] = _host(values["website"])
    _revenue(found, values, flags)
    return Firmographics(values, flags)


def sector_code(value: Any) -> Reading:
    """`62.01Z` (NAF, France) or `62.01`, `62.0`, `62` (NACE, which may begin with its section: `J62.01`); flag `not_a_sector`.

    Only the form is checked: the lists change (NAF 2025 takes effect in 2027), and old codes stay right for their time.
    """
    text = _text(value).strip().upper()
    if match := _NAF.fullmatch(text):
        return Reading(f"{match[1]}.{match[2]}{match[3]}{match[4]}")
    if match := _NACE.fullmatch(text):
        rest = f".{match[3]}{match[4] or ''}" if match[3] else ""
        return Reading(f"{match[2]}{rest}")
    return Reading(None, NOT_A_SECTOR)


def _by_field(traits: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
    """field → (trait, value); `employeeCount`, `Employee Count` and `employee_count` are one spelling."""
    spelt: dict[str, tuple[str, Any]] = {}
    for trait, value in sorted(traits.items()):
        if value is not None and value != "":
            spelt.setdefault(_WORDS.sub("_", trait.strip()).lower(), (trait, value))
    return {field: next(spelt[name] for name in names if name in spelt)
            for field, names in _SPELLINGS.items() if any(name in spelt for name in names)}


def _read(found: Mapping[str, tuple[str, Any]], field: str, read: Callable[[Any], Reading], values: dict[str, Any],
          flags: list[dict[str, str]]) -> str | None:
    if field not in found:
        return None
    trait, value = found[field]
    reading = read(value)
    if reading.value is None:
        flags.append({"field": field, "trait": trait, "code": reading.flag})
    else:
        values[field] = int(reading.value) if field == "employees" else reading.value
    return reading.value


def _revenue(found: Mapping[str, tuple[str, Any]], values: dict[str, Any], flags: list[dict[str, str]]) -> None:
    """{"amount": minor units, "currency"}; an object {amount, currency} or an amount beside a trait `currency`."""
    if "revenue" not in found:
        return
    trait, value = found["revenue"]
    currency: Any = found["currency"][1] if "currency" in found else DEFAULT_CURRENCY
    if isinstance(value, dict):
        currency = value.get("currency", currency)
    number = amount(_plain(value.get("amount") if isinstance(value, dict) else value))
    code = _text(currency).strip().upper()
    if number is None or number < 0 or not _CURRENCY.fullmatch(code):
        flags.append({"field": "revenue", "trait": trait, "code": NOT_AN_AMOUNT})
    else:
        values["revenue"] = {"amount": minor(number, code), "currency": code}


def _headcount(value: Any) -> Reading:
    number = amount(_plain(value))
    if number is None or number < 0 or number != number.to_integral_value() or number >= Decimal(10) ** 9:
        return Reading(None, NOT_A_NUMBER)
    return Reading(str(int(number)))


def _plain(value: Any) -> Any:
    """`1 200` and `1,200,000` without their separators: groups of three only, so that no decimals are lost."""
    if isinstance(value, str) and _GROUPED.fullmatch(value.strip()):
        return re.sub(r"[^0-9]", "", value)
    return value


def _website(value: Any) -> Reading:
    text = _text(value).strip()
    host = _host(text)
    if host is None:
        return Reading(None, NOT_A_WEBSITE)
    return Reading(text if "://" in text else f"https://{text}")


def _host(text: str) -> str | None:
    text = text.strip()[:2_000]
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = (parts.hostname or "").removeprefix("www.").encode("idna").decode("ascii")
    except ValueError:
        return None
    return host if parts.scheme in ("http", "https") and _HOST.fullmatch(host) else None


def _is_code(text: str) -> bool:
    return any(character.isdigit() for character in text) and sector_code(text).value is not None


def _digits(value: Any, width: int) -> str:
    """A number that lost its zeroes in a spreadsheet gets them back."""
    text = _text(value)
    return text.zfill(width) if isinstance(value, int | float) else text


def _text(value: Any) -> str:
    """Text and whole numbers; anything else is none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < MAX_NUMBER or value != int(value):
        return ""
    return str(int(value))
