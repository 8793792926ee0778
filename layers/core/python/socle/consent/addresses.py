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


def addresses(snapshot: Snapshot) -> list[Address]:
    """All that the person can be reached at: identifiers, and what traits say."""
    found = addresses_among((kind, value) for kind, values in sorted(snapshot.identifiers.items()) for value in sorted(values))
    said = {trait: register.value for trait in ("email", "phone")
            if (register := snapshot.traits.get(trait)) is not None and isinstance(register.value, str)}
    for channel, value in ((BY_EMAIL, email(said.get("email", "")).value), (SMS, phone(said.get("phone", ""), None).value)):
        if isinstance(value, str) and value:
            found.append(Address(channel, value))
    return list(dict.fromkeys(found))


def addresses_among(identifiers: Iterable[Identifier]) -> list[Address]:
    """The addresses among identifiers."""
    channels = {kind: channel for channel, kind in KINDS.items()}
    return [Address(channels[kind], value) for kind, value in identifiers if kind in channels]
