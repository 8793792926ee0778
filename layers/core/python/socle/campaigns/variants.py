"""Who gets which variant, and who is in the test: by hashes, so that asking again gives the same answer. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from socle.campaigns.model.document import ONLY, Variant
from socle.segments.evaluate import share


def variant_of(campaign: str, variants: Sequence[Variant], profile: str) -> str:
    """The variant of somebody, the same in every run of a campaign as long as its variants and shares are the same."""
    if not variants:
        return ONLY
    place, end = share(f"variant/{campaign}", profile), 0.0
    for variant in variants:
        end += variant.share * 100
        if place < round(end):
            return variant.name
    return variants[-1].name


def is_tested(occurrence: str, per_cent: float, profile: str) -> bool:
    """Whether somebody is in the part that variants are tried on: others in each occurrence, whatever variant they get."""
    return share(f"test/{occurrence}", profile) < per_cent * 100
