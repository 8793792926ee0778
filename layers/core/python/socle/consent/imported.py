"""A suppression list as other tools write it, read line by line: what is one becomes an address, the rest says why not. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from socle.consent.model import DOMAIN, IMPORTED, REASONS
from socle.errors import Rejected
from socle.messages.address import checked_email
from socle.messages.model import EMAIL, PUSH, SMS, Address
from socle.normalisation.phones import phone

CHANNELS = (EMAIL, SMS, PUSH, DOMAIN)
MAX_LINES = 2_000
"""Of one request."""
_NAMES = ("address", "email", "e-mail", "email_address", "emailaddress", "mail", "phone", "domain", "value")
_MAX_TOKEN = 2_000


class Listed(NamedTuple):
    """A line that is good."""

    address: Address
    reason: str


class Refused(NamedTuple):
    """A line that is not. `line` counts from 1, the header included."""

    line: int
    code: str
    message: str


def read(text: str, channel: str, reason: str = IMPORTED) -> Iterator[Listed | Refused]:
    """Every line of CSV (with a header that names the column, or of one column), or of NDJSON. Raises Rejected(`too_large`).

    channel, reason   where a line says nothing of them
    """
    text = text.removeprefix("\ufeff")
    if text.count("\n") > MAX_LINES + 1:
        raise Rejected("too_large", f"a request takes {MAX_LINES:,} lines: split the list", "content", 413)
    yield from (_json_lines if text.lstrip().startswith("{") else _csv_lines)(text, channel, reason)


def checked(channel: str, value: str) -> Address:
    """An address of a channel, or of DOMAIN, in its one form. Raises Rejected that names `address` or `channel`."""
    value = value.strip()
    if channel == EMAIL:
        try:
            return Address(EMAIL, checked_email(value))
        except Rejected as error:
            raise Rejected(error.code, error.message, "address") from error
    if channel == SMS:
        number = phone(value, None).value
        if not isinstance(number, str):
            raise Rejected("invalid_address", "this is not a phone number: write it as +33612345678", "address")
        return Address(SMS, number)
    if channel == DOMAIN:
        try:
            return Address(DOMAIN, checked_email(f"a@{value.removeprefix('@')}").partition("@")[2])
        except Rejected as error:
            raise Rejected("invalid_address", "this is not a domain: it has the form example.com", "address") from error
    if channel == PUSH and value and len(value) <= _MAX_TOKEN:
        return Address(PUSH, value)
    if channel == PUSH:
        raise Rejected("invalid_address", f"a device token has 1 to {_MAX_TOKEN:,} characters", "address")
    raise Rejected("unknown_channel", f"channel must be one of {', '.join(CHANNELS)}", "channel")


def _json_lines(text: str, channel: str, reason: str) -> Iterator[Listed | Refused]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            yield _one(number, {str(name).strip().lower(): value for name, value in row.items()}, channel, reason)
        else:
            yield Refused(number, "bad_json", "this line is not a JSON object")


def _csv_lines(text: str, channel: str, reason: str) -> Iterator[Listed | Refused]:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header: list[str] | None = None
    while True:
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield Refused(rows.line_num, "bad_csv", f"this line can't be read: {error}")
            continue
        if cells is None:
            return
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if header is None:
            names = [cell.lower() for cell in cells]
            if set(names) & set(_NAMES):
                header = names
                continue
            header = ["address"]
        yield _one(rows.line_num, dict(zip(header, cells, strict=False)), channel, reason)


def _one(number: int, row: dict[str, Any], channel: str, reason: str) -> Listed | Refused:
    name = next((name for name in _NAMES if row.get(name)), "")
    value = row.get(name)
    if not isinstance(value, str):
        return Refused(number, "no_address", "this line has no address: name the column `address`")
    why = str(row.get("reason") or reason).strip().lower()
    if why not in REASONS:
        return Refused(number, "unknown_reason", f"reason must be one of {', '.join(REASONS)}")
    try:
        return Listed(checked(str(row.get("channel") or (DOMAIN if name == "domain" else channel)).strip().lower(), value), why)
    except Rejected as error:
        return Refused(number, error.code, error.message)
