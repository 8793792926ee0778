"""What an SMS takes: its alphabet, its parts, its price. Pure.

A part has 140 bytes: 160 characters of the GSM 7-bit alphabet (3GPP TS 23.038, 6.2.1), else 70 UTF-16 units. Of several parts
each loses 6 bytes to the header that joins them: 153 or 67. One character outside the alphabet changes the whole text's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from socle.messages.model import TRANSACTIONAL, Sender

MAX_PARTS = 10
"""SNS takes 1,600 characters in one call."""
GSM, UCS2 = "GSM-7", "UCS-2"
_SINGLE, _JOINED = {GSM: 160, UCS2: 70}, {GSM: 153, UCS2: 67}
_BASIC = frozenset("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
                   "abcdefghijklmnopqrstuvwxyzäöñüà")
_EXTENDED = frozenset("\f^{}\\[~]|€")
"""Each takes two places: an escape before it."""
_SENDER_ID = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}")
_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}")

MICRO_USD = {"1": 6_450, "33": 75_000, "34": 80_000, "39": 77_000, "41": 75_000, "44": 48_000, "49": 100_000, "32": 95_000,
             "31": 100_000, "351": 50_000, "352": 90_000, "353": 80_000, "55": 30_000, "61": 47_000, "91": 40_000}
"""Calling code → millionths of a USD for a part. The one for +1 is AWS's list price in the USA, where carriers add their fees;
the others are rounded, for an order of magnitude: prices change monthly, aws.amazon.com/sns/sms-pricing has them."""
ELSEWHERE = 80_000
"""Where the table has nothing."""


class Size(NamedTuple):
    """alphabet GSM-7 or UCS-2; units: places taken; odd: characters outside GSM-7."""

    alphabet: str
    units: int
    parts: int
    odd: str = ""


def measure(text: str) -> Size:
    """How many parts a text makes; an empty one makes one. SNS cuts at words, so that now and then it makes one more."""
    units, odd = 0, ""
    for character in text:
        if character in _BASIC:
            units += 1
        elif character in _EXTENDED:
            units += 2
        elif character not in odd:
            odd += character
    if odd:
        return Size(UCS2, *_ucs2(text), odd[:20])
    return Size(GSM, units, _gsm_parts(text, units))


def _gsm_parts(text: str, units: int) -> int:
    if units <= _SINGLE[GSM]:
        return 1
    return _packed((2 if character in _EXTENDED else 1 for character in text), _JOINED[GSM])


def _ucs2(text: str) -> tuple[int, int]:
    sizes = [2 if ord(character) > 0xFFFF else 1 for character in text]
    units = sum(sizes)
    return units, 1 if units <= _SINGLE[UCS2] else _packed(sizes, _JOINED[UCS2])


def _packed(sizes: Iterable[int], room: int) -> int:
    """Parts of `room` units; a character of two is not cut."""
    parts, used = 1, 0
    for size in sizes:
        if used + size > room:
            parts, used = parts + 1, 0
        used += size
    return parts


def price(number: str, parts: int, prices: dict[str, int] | None = None) -> int:
    """Estimated price in millionths of a USD of a text of `parts` to an E.164 number. `prices` go before the table's."""
    known = MICRO_USD | (prices or {})
    digits = number.removeprefix("+")
    each = next((known[digits[:length]] for length in (4, 3, 2, 1) if digits[:length] in known), ELSEWHERE)
    return each * parts


def attributes(sender: Sender, purpose: str) -> dict[str, str]:
    """What SNS is told beside the text. Transactional texts go by the more reliable route; marketing must not call itself so.

    The sender's address, if it is a phone number, is where the text comes from; else its name, where letters may stand.
    """
    told = {"AWS.SNS.SMS.SMSType": "Transactional" if purpose == TRANSACTIONAL else "Promotional"}
    name = re.sub(r"\s+", "", sender.name)
    if _NUMBER.fullmatch(sender.address):
        told["AWS.MM.SMS.OriginationNumber"] = sender.address
    elif _SENDER_ID.fullmatch(name):
        told["AWS.SNS.SMS.SenderID"] = name
    return told
