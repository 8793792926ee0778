"""Ad audiences: identifiers normalised and hashed (SHA-256, lower-case hexadecimal) as Google and Meta publish it. Pure.

Google: "Format your customer data file" (support.google.com/google-ads/answer/7659867) and "Format user data"
(developers.google.com/data-manager/api/devguides/concepts/formatting). Email, phone and names are hashed, country and postal
code are not.
Meta: "Customer information parameters" (developers.facebook.com/docs/marketing-api/conversions-api/parameters) and "How to
format a customer list" (facebook.com/business/help/2082575038703844). Everything is hashed.
"""

from __future__ import annotations

import hashlib
import unicodedata

from socle.exports.person import Person

GOOGLE_COLUMNS = ("Email", "Phone", "First Name", "Last Name", "Country", "Zip")
META_COLUMNS = ("email", "phone", "fn", "ln", "ct", "st", "zip", "country", "dob")
_GMAIL = ("gmail.com", "googlemail.com")


def google_row(person: Person) -> list[str] | None:
    """A row of GOOGLE_COLUMNS; None for somebody whom nothing in it could match."""
    names = [_google_name(person.first_name), _google_name(person.last_name)]
    place = [person.country, _google_zip(person.postal_code, person.country)]
    if not (person.email or person.phone or all((*names, *place))):
        return None
    return [hashed(google_email(person.email)), hashed(person.phone), hashed(names[0]), hashed(names[1]), *place]


def meta_row(person: Person) -> list[str] | None:
    """A row of META_COLUMNS; None for somebody whom nothing in it could match."""
    first, last, city = meta_name(person.first_name), meta_name(person.last_name), meta_place(person.city)
    postal_code, born = meta_zip(person.postal_code, person.country), person.born.replace("-", "")
    if not (person.email or person.phone or (first and last and (postal_code or city or born))):
        return None
    return [hashed(value) for value in (
        meta_email(person.email), person.phone.removeprefix("+").lstrip("0"), first, last, city, meta_place(person.state),
        postal_code, person.country.lower(), born)]


def hashed(value: str) -> str:
    """SHA-256 of the UTF-8 text; an empty value stays empty, for its hash would look like an address."""
    return hashlib.sha256(value.encode("utf-8", "replace")).hexdigest() if value else ""


def google_email(address: str) -> str:
    """Lower case, no spaces; of Gmail addresses without dots and what follows a plus in the local part."""
    address = "".join(address.split()).lower()
    local, _, domain = address.rpartition("@")
    if domain in _GMAIL:
        return f"{local.partition('+')[0].replace('.', '')}@{domain}"
    return address


def _google_name(name: str) -> str:
    return " ".join(_plain(name).split())


def _google_zip(code: str, country: str) -> str:
    """No extension outside the United States."""
    return code if country == "US" or not code[:5].isdecimal() else code.partition("-")[0] if len(code) == 10 else code


def meta_email(address: str) -> str:
    """Lower case, trimmed: dots and plus signs stay."""
    return address.strip().lower()


def meta_name(name: str) -> str:
    """Lower case, no punctuation."""
    return " ".join(_plain(name).split())


def meta_place(name: str) -> str:
    """A city or state: lower case, no punctuation, no spaces."""
    return "".join(_plain(name).split())


def meta_zip(code: str, country: str) -> str:
    """Lower case, no spaces, no dash; the first five digits in the United States."""
    plain = "".join(code.split()).replace("-", "").lower()
    return plain[:5] if country == "US" else plain


def _plain(text: str) -> str:
    """NFC, lower case, without punctuation and symbols."""
    return "".join(letter for letter in unicodedata.normalize("NFC", text).lower()
                   if unicodedata.category(letter)[0] not in "PS")
