"""All addresses of a person, whatever is sent to them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from socle.events.model import Identifier
from socle.identity.model import DEVICE_TOKEN, EMAIL, PHONE
from socle.messages.model import EMAIL as BY_EMAIL
from socle.messages.model import PUSH, SMS, Address
from socle.normalisation.emails import email
from socle.normalisation.phones import phone
from socle.profiles.model import Snapshot

KINDS = {BY_EMAIL: EMAIL, SMS: PHONE, PUSH: DEVICE_TOKEN}
"""Channel → type of identifier that is an address on it."""
_TRAITS = ((BY_EMAIL, "email", lambda value: email(value).value), (SMS, "phone", lambda value: phone(value, None).value))


def addresses(snapshot: Snapshot) -> list[Address]:
    """All that the person can be reached at: identifiers, and what traits say."""
    found = addresses_among((kind, value) for kind, values in sorted(snapshot.identifiers.items()) for value in sorted(values))
    for channel, trait, form in _TRAITS:
        register = snapshot.traits.get(trait)
        value = form(register.value) if register is not None and isinstance(register.value, str) else None
        if isinstance(value, str):
            found.append(Address(channel, value))
    return list(dict.fromkeys(found))


def addresses_among(identifiers: Iterable[Identifier]) -> list[Address]:
    """The addresses among identifiers."""
    channels = {kind: channel for channel, kind in KINDS.items()}
    return [Address(channels[kind], value) for kind, value in identifiers if kind in channels]
