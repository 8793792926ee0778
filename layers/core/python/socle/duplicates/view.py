"""Candidates and reports as the admin API shows them: JSON-ready, times in ISO 8601 with Z. Pure."""

from __future__ import annotations

import math
from typing import Any

from socle.duplicates.levels import FIELDS
from socle.duplicates.model import Candidate, Parameters
from socle.iso import to_iso


def candidate_view(candidate: Candidate) -> dict[str, Any]:
    """One candidate: who, how probable, and what each field said."""
    pair = candidate.pair
    return {
        "id": pair.id, "state": candidate.state, "profiles": [pair.left, pair.right], "probability": pair.probability,
        "weight": pair.weight, "certain": pair.certain,
        "comparison": [level._asdict() for level in pair.levels],
        "found": to_iso(candidate.found), "decided": to_iso(candidate.decided) if candidate.decided is not None else None,
        "by": candidate.by,
    }


def model_view(model: Parameters) -> dict[str, Any]:
    """What each level of each field is worth: log2 of how much likelier it is for one person than for two."""
    return {field.name: {field.level_name(level): round(math.log2(model.m[field.name][level] / model.u[field.name][level]), 2)
                         for level in range(field.top, -1, -1)} for field in FIELDS}
