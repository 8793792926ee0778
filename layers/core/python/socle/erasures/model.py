"""What stays of an erasure outside the profiles table, so that a replay of the raw objects brings nobody back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Erasure(NamedTuple):
    """One erased person, without anything that says who it was.

    profiles     the profile's id, then those of its members
    erased       when, epoch ms
    identifiers  their keys as the profiles table remembers them (socle.profiles.items.erased_key: SHA-256)
    """

    profiles: tuple[str, ...]
    erased: int
    identifiers: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The marker in S3."""
        return {"profiles": list(self.profiles), "erased": self.erased, "identifiers": list(self.identifiers)}

    @classmethod
    def from_json(cls, marker: Mapping[str, Any]) -> Erasure:
        """Inverse of `to_json`."""
        return cls(tuple(marker["profiles"]), int(marker["erased"]), tuple(marker["identifiers"]))
