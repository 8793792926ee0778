"""The identifiers that a message names, most trusted first. Pure.

Where they are: userId and anonymousId, an identify's traits, context.traits, context.externalIds and context.device.token, an
alias's previousId. What is no identifier after normalising is absent, and so is what is blocked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from socle.errors import Rejected
from socle.events.model import Identifier
from socle.identity import normalise
from socle.identity.model import ANONYMOUS_ID, DEVICE_TOKEN, EMAIL, KIND, MAX_LENGTH, PHONE, USER_ID, rank
from socle.normalisation.model import UNLIKELY_PHONE, Normalised
from socle.normalisation.traits import region_of

MAX_EXTERNAL_IDS = 20
"""Entries of context.externalIds in one event."""

_NOT_A_PERSONS = frozenset(("group_id",))
_OF_PEOPLE = (None, "", "users")
_IN_THE_CLEAR = (None, "", "none")
_FIELD = "context.externalIds"

Message = dict[str, Any]


def identifiers(kind: str, message: Message, context: Message, identify: Normalised | None) -> tuple[Identifier, ...]:
    """`identify`: traits of an identify call. Raises Rejected: `no_identifier`, or what is wrong with a field that holds one."""
    user = _id(message, "userId", "user_id")
    anonymous = _id(message, "anonymousId", "anonymous_id")
    ids = [(USER_ID, user)] if user else []
    theirs = context.get("traits")
    if identify is not None or theirs:
        ids.extend(_addresses(identify, theirs if theirs.__class__ is dict else {}, context))
    if kind == "alias":
        previous = normalise.id_text(message.get("previousId"), "previousId")
        if not user or not previous:
            missing = "previousId" if user else "userId"
            raise Rejected("no_identifier", "an alias needs both previousId and userId"
                           + placeholders(message, "previousId", _field(message, "userId", "user_id")), missing)
        if previous != user:
            ids.append((ANONYMOUS_ID, previous))
        if anonymous in (previous, user):
            anonymous = None
    if anonymous:
        ids.append((ANONYMOUS_ID, anonymous))
    if "externalIds" in context or "device" in context:
        further = [*_external(context, user), *_device(context)]
        if further:
            ids = sorted(dict.fromkeys(ids + further), key=lambda identifier: rank(identifier[0]))
    if not ids:
        raise Rejected("no_identifier", "send userId or anonymousId: without one the event belongs to nobody"
                       + placeholders(message, _field(message, "userId", "user_id"),
                                      _field(message, "anonymousId", "anonymous_id")), "userId")
    return tuple(ids)


def _addresses(identify: Normalised | None, theirs: Message, context: Message) -> Iterator[Identifier]:
    """E-mail and phone: the identify's own, else that of context.traits."""
    address = _normal(identify, EMAIL) or normalise.email(theirs.get(EMAIL))
    if address:
        yield EMAIL, address
    number = _normal(identify, PHONE)
    if not number and theirs.get(PHONE):
        number = normalise.phone(theirs[PHONE], region_of(theirs, context))
    if number:
        yield PHONE, number


def _normal(identify: Normalised | None, name: str) -> str | None:
    """The trait, if it could be normalised and is not blocked."""
    if identify is None or identify.flags.get(name, UNLIKELY_PHONE) != UNLIKELY_PHONE:
        return None
    value = identify.traits.get(name)
    if not value or normalise.is_blocked(value.strip()) or (name == PHONE and normalise.is_made_up(value)):
        return None
    return str(value)


def _external(context: Message, user: str | None) -> Iterator[Identifier]:
    """Those of context.externalIds that are a person's, in the clear, and of a type that can be one of ours."""
    listed = context.get("externalIds")
    if listed is None:
        return
    if listed.__class__ is not list:
        raise Rejected("wrong_type", f"{_FIELD} must be an array of objects with id and type", _FIELD)
    if len(listed) > MAX_EXTERNAL_IDS:
        raise Rejected("too_many_ids", f"{len(listed)} external ids: send at most {MAX_EXTERNAL_IDS} in one event", _FIELD)
    for index, entry in enumerate(listed):
        field = f"{_FIELD}[{index}]"
        if entry.__class__ is not dict:
            raise Rejected("wrong_type", f"{field} must be an object with id and type", field)
        kind = entry.get("type")
        if (kind.__class__ is not str or not KIND.fullmatch(kind) or kind in _NOT_A_PERSONS
                or entry.get("collection") not in _OF_PEOPLE or entry.get("encoding") not in _IN_THE_CLEAR):
            continue
        value = _value(kind, entry.get("id"), f"{field}.id", context)
        if kind == USER_ID and value and user not in (None, value):
            continue  # one event is one person's: its userId says whose
        if value:
            user = value if kind == USER_ID else user
            yield kind, value


def _value(kind: str, value: Any, field: str, context: Message) -> str | None:
    if kind == EMAIL:
        return normalise.email(value)
    if kind == PHONE:
        return normalise.phone(value, region_of({}, context))
    return normalise.id_text(value, field)


def _device(context: Message) -> Iterator[Identifier]:
    """The push token of context.device; one that can't be an identifier is none, for most of context is anything."""
    device = context.get("device")
    token = device.get("token") if device.__class__ is dict else None
    if token.__class__ is str and len(token) <= MAX_LENGTH:
        text = normalise.id_text(token, "context.device.token")
        if text:
            yield DEVICE_TOKEN, text


def placeholders(message: Message, *fields: str) -> str:
    """Of fields that were found sound, those that hold something but identify nobody: `; userId "null" counts as none`."""
    return "".join(f"; {field} {json.dumps(message[field])[:40]} counts as none" for field in fields
                   if message.get(field) not in (None, "") and normalise.id_text(message[field], field) is None)


def _id(message: Message, name: str, other: str) -> str | None:
    field = _field(message, name, other)
    return normalise.id_text(message.get(field), field)


def _field(message: Message, name: str, other: str) -> str:
    return other if name not in message and other in message else name
