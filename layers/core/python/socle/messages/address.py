"""Where somebody is reached over a channel. Pure."""

from __future__ import annotations

from typing import Any

from socle.errors import Rejected
from socle.identity.model import DEVICE_TOKEN, EMAIL, PHONE
from socle.messages.model import EMAIL as BY_EMAIL
from socle.messages.model import PUSH, SMS, Address
from socle.normalisation.emails import email
from socle.normalisation.phones import phone
from socle.profiles.model import Register, Snapshot

_NOT_ASCII = "the part before the @ has letters that not every mail server takes"


def address_of(snapshot: Snapshot, channel: str) -> Address | None:
    """The person's address: what they were last known by, else the first identifier of the type. None: there is none.

    Raises Rejected(`invalid_address`) when what there is can't be one.
    """
    if channel == BY_EMAIL:
        value = _text(snapshot.traits.get("email")) or _first(snapshot, EMAIL)
        return Address(channel, checked_email(value)) if value else None
    if channel == SMS:
        value = _text(snapshot.traits.get("phone")) or _first(snapshot, PHONE)
        return Address(channel, _checked_phone(value)) if value else None
    if channel == PUSH:
        device = snapshot.context.get("device")
        token = device.value.get("token") if device and isinstance(device.value, dict) else None
        known = snapshot.identifiers.get(DEVICE_TOKEN, ())
        value = token if isinstance(token, str) and token in known else _first(snapshot, DEVICE_TOKEN)
        return Address(channel, value) if value else None
    return None


def checked_email(text: str) -> str:
    """An e-mail address as it is sent to: lower case, the domain as DNS knows it. Raises Rejected(`invalid_address`)."""
    value = email(text).value
    if not isinstance(value, str):
        raise Rejected("invalid_address", "this is not an e-mail address: it has the form name@domain", "to")
    if not value.isascii():
        raise Rejected("invalid_address", f"{_NOT_ASCII}: use another address", "to")
    return value


def _checked_phone(text: str) -> str:
    value = phone(text, None).value
    if not isinstance(value, str):
        raise Rejected("invalid_address", "this is not a phone number: write it as +33612345678", "to")
    return value


def domain_of(address: Address) -> str:
    """The domain of an e-mail address, "" of any other."""
    return address.value.rpartition("@")[2] if address.channel == BY_EMAIL else ""


def _text(register: Register | None) -> str:
    value: Any = register.value if register else None
    return value.strip() if isinstance(value, str) else ""


def _first(snapshot: Snapshot, kind: str) -> str:
    return min(snapshot.identifiers.get(kind, ()), default="")
