"""What somebody sent of a form, checked field by field. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, NamedTuple

from socle.forms.document import MAX_TEXT, FormDocument, FormField
from socle.identity import normalise

_NUMBER = re.compile(r"[+-]?\d{1,15}([.,]\d{1,10})?")


class Filled(NamedTuple):
    """A form as it was sent.

    values   field → value; empty ones are left out
    faults   field, or `topic/channel`, → key of the words that say what is wrong (socle.pages.words)
    topics   (topic, channel) of the ticked boxes
    email, phone  normalised; None when not given
    """

    values: Mapping[str, Any]
    faults: Mapping[str, str]
    topics: tuple[tuple[str, str], ...]
    email: str | None = None
    phone: str | None = None


def check(form: FormDocument, sent: Mapping[str, str], ticked: Collection[str]) -> Filled:
    """Read the fields of a form. `ticked` holds `topic/channel`; what the form does not have is dropped."""
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for one in form.fields:
        text = sent.get(one.name, "").replace("\r\n", "\n").strip()
        if not text:
            if one.required:
                faults[one.name] = "error_tick" if one.type == "checkbox" else "error_required"
            elif one.type == "checkbox":
                values[one.name] = False
            continue
        value, fault = _read(one, text)
        if fault:
            faults[one.name] = fault
        else:
            values[one.name] = value
    boxes = {f"{box.topic}/{box.channel}": box for box in form.topics}
    faults |= {name: "error_tick" for name, box in boxes.items() if box.required and name not in ticked}
    kinds = {one.type: values[one.name] for one in form.fields if one.type in ("email", "phone") and one.name in values}
    topics = tuple((box.topic, box.channel) for name, box in boxes.items() if name in ticked)
    for _, channel in topics:
        kind = "email" if channel == "email" else "phone"
        field = next(one.name for one in form.fields if one.type == kind)
        if kind not in kinds and field not in faults:
            faults[field] = "error_required"
    return Filled(values, faults, topics, kinds.get("email"), kinds.get("phone"))


def _read(one: FormField, text: str) -> tuple[Any, str]:
    """The value, or what is wrong with it."""
    if len(text) > MAX_TEXT:
        return None, "error_long"
    value: Any = text
    if one.type == "email":
        value = normalise.email(text)
    elif one.type == "phone":
        value = normalise.phone(text)
    elif one.type == "number":
        value = _number(text)
    elif one.type == "date":
        value = _date(text)
    elif one.type == "choice":
        value = text if text in one.options else None
    elif one.type == "checkbox":
        value = True
    return value, f"error_{one.type}" if value is None else ""


def _number(text: str) -> int | float | None:
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text.replace(",", "."))
    return int(value) if math.isfinite(value) and value == int(value) else value


def _date(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None
