"""What is shown of quality: of one profile, and of all: shares, worst fields and sources, what to fix first, the trend. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socle.iso import to_iso
from socle.quality.model import DAY_MS, Assessment, QualityRulesDocument
from socle.quality.sources import Said
from socle.quality.tally import Tally

MAX_DAYS = 400
"""Days of the trend that are kept."""
MAX_FIXES = 10
WORTH_IT = 0.05
"""Points of the mean score below which something is not worth saying."""

_DO = {
    "missing": "ask for {field}: in a form, a survey, or by enriching",
    "invalid": "correct {field} at its source; POST /api/quality/cleanup shows and removes what can't be used",
    "stale": "ask people to confirm {field}",
    "ageing": "have {field} confirmed now and then: every new event that names it makes it fresh",
    "conflict": "decide which source is right about {field}, and rank sources by survivorship",
    "duplicate": "review the near-duplicates",
}


def report(tally: Tally, rules: QualityRulesDocument, now: int, run: str, sources: Mapping[str, Mapping[str, int]],
           ) -> dict[str, Any]:
    """The document of one survey; shares are 0 to 1, scores and points 0 to 100.

    sources  source → {"values": values of fields that it sent, "invalid": of these, those that can't be used}
    """
    whole = sum(rule.weight for rule in rules.fields)
    fields: dict[str, dict[str, Any]] = {rule.name: {
        "weight": rule.weight, "completeness": _share(tally.present[rule.name], tally.people),
        "validity": _share(tally.valid[rule.name], tally.present[rule.name]),
        "freshness": _share(tally.fresh[rule.name], tally.present[rule.name] * 1_000),
        "people": tally.present[rule.name],
        "points_lost": _share(sum(points for what, points in tally.lost.items() if what.partition(" ")[0] == rule.name),
                              tally.people * 1_000),
    } for rule in rules.fields}

    def weighted(name: str) -> float | None:
        known = [(rule.weight, fields[rule.name][name]) for rule in rules.fields if fields[rule.name][name] is not None]
        total = sum(weight for weight, _ in known)
        return round(sum(weight * value for weight, value in known) / total, 4) if known else None

    return {
        "day": to_iso(now)[:10], "at": to_iso(now), "run": run, "people": tally.people,
        "anonymous": tally.anonymous,
        "score": _share(tally.score, tally.people * 1_000),
        "completeness": weighted("completeness"), "validity": weighted("validity"), "freshness": weighted("freshness"),
        "duplicates": tally.duplicates, "histogram": tally.histogram,
        "fields": {name: {**state, "weight": round(state["weight"] / whole, 4)} for name, state in fields.items()},
        "sources": {name: {**dict(counts), "validity": _share(counts["values"] - counts["invalid"], counts["values"])}
                    for name, counts in sorted(sources.items())},
        "worst_fields": sorted((name for name in fields if (fields[name]["points_lost"] or 0) >= WORTH_IT),
                               key=lambda name: (-fields[name]["points_lost"], name))[:5],
        "worst_sources": sorted((name for name, counts in sources.items() if counts["invalid"]),
                                key=lambda name: (-sources[name]["invalid"] / sources[name]["values"], name))[:5],
        "fix_first": fixes(tally),
        "traits": dict(sorted(tally.filled.items())), "traits_overflow": tally.overflow,
    }


def fixes(tally: Tally) -> list[dict[str, Any]]:
    """What costs most: by how many points the mean score would rise, and for how many people."""
    found: list[dict[str, Any]] = []
    for what, points in sorted(tally.lost.items(), key=lambda item: (-item[1], item[0]))[:MAX_FIXES]:
        name, _, code = what.partition(" ")
        found.append({"field": name or None, "code": code, "people": tally.touched[what],
                      "raises_score_by": _share(points, tally.people * 1_000), "do": _DO[code].format(field=name)})
    return [fix for fix in found if (fix["raises_score_by"] or 0) >= WORTH_IT]


def with_trend(document: dict[str, Any], previous: Mapping[str, Any] | None) -> dict[str, Any]:
    """The document with one row per day, those of the previous one and its own; a later survey of a day replaces its row."""
    rows = {row["day"]: row for row in (previous or {}).get("trend", ())}
    own = {name: document[name] for name in (
        "day", "people", "anonymous", "score", "completeness", "validity", "freshness", "duplicates")}
    rows[document["day"]] = own
    return {**document, "trend": [rows[day] for day in sorted(rows)][-MAX_DAYS:]}


def assessment_view(profile: str, found: Assessment, said: Mapping[str, Mapping[str, Said]]) -> dict[str, Any]:
    """The quality of one profile, JSON-ready."""
    sources: dict[str, dict[str, int]] = {}
    for by_source in said.values():
        for source, one in by_source.items():
            counts = sources.setdefault(source, {"fields": 0, "valid": 0})
            counts["fields"] += 1
            counts["valid"] += one.flag is None
    return {
        "id": profile, "score": round(found.score, 1), "reasons": found.reasons(), "duplicates": found.duplicates,
        "fields": {state.name: {
            "trait": state.trait, "present": state.present, "valid": state.valid, "flag": state.flag,
            "age_days": None if state.age is None else state.age // DAY_MS, "freshness": round(state.freshness, 4),
            "conflict": state.conflict,
            "sources": {source: {"value": one.value, "at": to_iso(one.at), "flag": one.flag}
                        for source, one in sorted(said.get(state.name, {}).items())},
        } for state in found.fields},
        "sources": dict(sorted(sources.items())),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
