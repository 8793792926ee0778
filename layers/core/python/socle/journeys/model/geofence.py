"""The document of a geofence: places on a map, each with how near one must be."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from socle.journeys.model.triggers import Document

KIND = "geofences"
MAX_PLACES = 1_000
NEAREST, FARTHEST = 20, 100_000
"""Metres that a radius may be: a telephone does not know its place to less than the first."""


class Place(Document):
    """One place, such as a shop: a circle on the ground."""

    name: str = Field(min_length=1, max_length=100, description="the key with which people enter", examples=["Lyon Bellecour"])
    latitude: float = Field(ge=-90, le=90, description="degrees north (WGS 84)", examples=[45.7578])
    longitude: float = Field(ge=-180, le=180, description="degrees east (WGS 84)", examples=[4.832])
    radius_m: float = Field(ge=NEAREST, le=FARTHEST, description="metres", examples=[150])


class GeofenceDocument(Document):
    """Places that one trigger watches, such as all shops."""

    description: str = Field(default="", max_length=1_000)
    places: tuple[Place, ...] = Field(min_length=1, max_length=MAX_PLACES)

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        met: set[str] = set()
        for place in self.places:
            if place.name in met:
                raise ValueError(f"places have different names: there are several called {place.name!r}")
            met.add(place.name)
        return self
