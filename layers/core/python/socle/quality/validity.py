"""Which traits can be used: what their normalisers say. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from socle.normalisation.model import ASSUMED_REGION
from socle.normalisation.traits import normalise_traits
from socle.quality.assess import normalised


def normalise(traits: dict[str, Any], context: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """(normalised traits, what changed as it was, trait or path such as `address.country` → code of what can't be normalised)."""
    found = normalise_traits(traits, context)
    # A number whose region only the device's language tells identifies nobody; it can be called all the same.
    return found.traits, found.raw, {path: flag for path, flag in found.flags.items() if flag != ASSUMED_REGION}


def invalid(traits: dict[str, Any], context: dict[str, Any]) -> Iterable[str]:
    """Names of traits that can't be used."""
    return {path.partition(".")[0] for path in normalised(traits, context, normalise)[1]}
