"""What each source says about the fields of one person, and whether they agree. Pure: reads the items of a timeline."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from socle.iso import from_iso
from socle.quality.assess import Normalise, at_path, is_blank, normalised
from socle.quality.model import FieldRule


class Said(NamedTuple):
    """The newest value of a field that a source sent.

    value  as it was sent, after normalisation where that was possible
    at     effective time, epoch ms
    flag   why it is not valid, or None
    """

    value: Any
    at: int
    flag: str | None


def said_by_source(items: Iterable[Mapping[str, Any]], fields: Iterable[FieldRule], normalise: Normalise,
                   ) -> dict[str, dict[str, Said]]:
    """field → source → what it says; `items` are the identify events of a timeline, newest first."""
    rules = list(fields)
    found: dict[str, dict[str, Said]] = {rule.name: {} for rule in rules}
    for item in items:
        if item["type"] != "identify":
            continue
        traits = {name: value for name, value in item["properties"].items() if value is not None}
        better, flags = normalised(traits, item.get("context") or {}, normalise)
        for rule in rules:
            path = next((path for path in rule.traits if not is_blank(at_path(better, path))), None)
            if path is not None and item["source"] not in found[rule.name]:
                found[rule.name][item["source"]] = Said(at_path(better, path), from_iso(item["timestamp"]), flags.get(path))
    return found


def conflicts(said: Mapping[str, Mapping[str, Said]]) -> dict[str, bool]:
    """field → whether two sources hold different usable values; case and spaces around do not count."""
    return {field: len({_form(one.value) for one in sources.values() if one.flag is None}) > 1 for field, sources in said.items()}


def _form(value: Any) -> str:
    return value.strip().casefold() if isinstance(value, str) else json.dumps(value, sort_keys=True)
