"""How good one profile is: presence, validity, freshness, agreement of each field, and a score of their sum. Pure.

A field of weight w has w / sum of weights of 100 points. Of these it keeps

    present · valid · freshness · (1 - conflict_penalty, if sources disagree)        freshness = 0.5 ** (age / half-life)

and the sum is cut by duplicate_penalty while the profile has an open near-duplicate. With the default half-life of 833 days
2.5 % of the points are gone after a month: what studies of decaying contact data report (2 to 3 % a month).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from socle.identity.model import ANONYMOUS_ID, DEVICE_TOKEN
from socle.profiles.model import Register, Snapshot
from socle.quality.model import (
    AGEING,
    CONFLICT,
    DAY_MS,
    INVALID,
    MISSING,
    STALE,
    Assessment,
    FieldRule,
    FieldState,
    QualityRulesDocument,
)

Normalise = Callable[[dict[str, Any], dict[str, Any]], tuple[dict[str, Any], dict[str, Any], dict[str, str]]]
"""(traits, context) → (normalised traits, what changed as it was, trait or path → code of what can't be normalised)."""

PLACEHOLDERS = frozenset({
    "-", "--", ".", "?", "??", "n/a", "na", "n.a.", "none", "null", "nil", "undefined", "unknown", "inconnu", "unbekannt", "test",
    "tbd", "xxx", "xx", "asdf", "anonymous", "not provided", "non renseigné", "no email", "no phone", "(null)", "[object object]",
    "1900-01-01", "1970-01-01", "0000-00-00",
})


def is_placeholder(value: Any) -> bool:
    """Whether somebody typed something to get past a form, or a program wrote its word for nothing."""
    if not isinstance(value, str):
        return False
    text = value.strip().lower()
    return text in PLACEHOLDERS or (len(text) > 3 and not text.strip("0 -.+"))


def is_blank(value: Any) -> bool:
    """Whether there is nothing in it."""
    return value is None or (isinstance(value, str | list | dict) and not (value.strip() if isinstance(value, str) else value))


def freshness(age: int, half_life_days: float | None) -> float:
    """0.5 ** (age / half-life): the share of such values, `age` ms old, that are still true. 1 when they do not age."""
    return 1.0 if half_life_days is None else 0.5 ** (max(age, 0) / (half_life_days * DAY_MS))


def normalised(traits: Mapping[str, Any], context: Mapping[str, Any], normalise: Normalise,
               ) -> tuple[dict[str, Any], dict[str, str]]:
    """(the traits as their normalisers write them, trait or path → why it is not valid)."""
    better, _, flags = normalise(dict(traits), dict(context))
    return better, flags | {name: "placeholder" for name, value in traits.items() if is_placeholder(value)}


def values_of(snapshot: Snapshot) -> dict[str, Any]:
    """Trait → value, without what was removed."""
    return {name: register.value for name, register in snapshot.traits.items() if register.value is not None}


def context_of(snapshot: Snapshot) -> dict[str, Any]:
    """What normalisers look at beside the traits: the region of a phone number without a country code."""
    return {name: snapshot.context[name].value for name in ("locale", "timezone") if name in snapshot.context}


def is_known(snapshot: Snapshot) -> bool:
    """Whether there is somebody to ask: an identifier that is not merely a browser's or a device's."""
    return bool(set(snapshot.identifiers) - {ANONYMOUS_ID, DEVICE_TOKEN})


def at_path(traits: Mapping[str, Any], path: str) -> Any:
    """The value at `address.city`, or None. A trait whose own name has a dot goes first."""
    if path in traits:
        return traits[path]
    value: Any = traits
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def assess(snapshot: Snapshot, rules: QualityRulesDocument, now: int, normalise: Normalise,
           conflicts: Mapping[str, bool] | None = None, duplicates: int | None = None) -> Assessment:
    """The assessment of a profile at `now` (epoch ms).

    conflicts   field → whether sources disagree about it (socle.quality.sources); None when nobody looked
    duplicates  how many open near-duplicates it has; None when nobody looked
    """
    traits = values_of(snapshot)
    _, flags = normalised(traits, context_of(snapshot), normalise)
    whole = sum(rule.weight for rule in rules.fields)
    states = tuple(_state(rule, snapshot, traits, flags, now, 100 * rule.weight / whole, rules.conflict_penalty,
                          conflicts.get(rule.name, False) if conflicts is not None else None) for rule in rules.fields)
    kept = max(0.0, round(100 - sum(points for state in states for points in state.lost.values()), 9))
    lost = kept * rules.duplicate_penalty if duplicates else 0.0
    return Assessment(kept - lost, states, duplicates, lost)


def _state(rule: FieldRule, snapshot: Snapshot, traits: Mapping[str, Any], flags: Mapping[str, str], now: int, points: float,
           penalty: float, conflict: bool | None) -> FieldState:
    trait = next((path for path in rule.traits if not is_blank(at_path(traits, path))), None)
    if trait is None and not (rule.identifier and snapshot.identifiers.get(rule.identifier)):
        return FieldState(rule.name, None, False, False, None, None, 0.0, conflict, {MISSING: points})
    # An identifier does not say when it was last used: it is as old as the person.
    written = _register(snapshot, trait).at if trait else snapshot.first_seen
    age = max(0, now - written)
    fresh = freshness(age, rule.half_life_days)
    flag = _flag(trait, flags, at_path(traits, trait)) if trait else None
    if flag is not None:
        return FieldState(rule.name, trait, True, False, flag, age, fresh, conflict, {INVALID: points})
    lost = {}
    if fresh < 1:
        lost[STALE if fresh < 0.5 else AGEING] = points * (1 - fresh)
    if conflict:
        lost[CONFLICT] = points * fresh * penalty
    return FieldState(rule.name, trait, True, True, None, age, fresh, conflict, lost)


def _register(snapshot: Snapshot, path: str) -> Register:
    return snapshot.traits[path if path in snapshot.traits else path.partition(".")[0]]


def _flag(path: str, flags: Mapping[str, str], value: Any) -> str | None:
    if path in flags:
        return flags[path]
    return "placeholder" if is_placeholder(value) else None
