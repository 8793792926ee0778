"""In which place of a geofence somebody is. Pure.

The earth is a sphere of its mean radius (IUGG), which is wrong by 0.6 % at most: by less than telephones are. Points are vectors
of length 1, and two of them are compared by the straight line (chord) between them: that is the haversine formula, without
its special cases at 180 degrees and at the poles. So that most places are not looked at, each lies in all cubes of a grid that it
touches, and a point looks into the one that it is in: a grid for places of 20 to 80 m, one up to 320 m, and so on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import product
from math import ceil, cos, floor, log, radians, sin
from typing import Any

EARTH_M = 6_371_008.8
"""Mean radius in metres."""
_FIRST, _WIDER = 80, 4
"""Metres up to which places are in the first grid, and how much greater those of the next ones are."""

Circle = tuple[str, float, float, float]
"""A place as its document has it: name, latitude and longitude in degrees (WGS 84), radius in metres."""
_Cube = tuple[int, int, int]
_Ball = tuple[float, float, float, float, str]
"""The middle, the square of the longest chord from it, and the name."""


class Places:
    """The places of one geofence, made once and asked often."""

    def __init__(self, circles: Iterable[Circle]) -> None:
        self._grids: dict[float, dict[_Cube, list[_Ball]]] = {}
        for name, latitude, longitude, metres in circles:
            # An edge is at least twice as long as the longest chord: a place touches eight cubes at most.
            edge = 2 * _chord(_FIRST * _WIDER ** _order(metres))
            grid = self._grids.setdefault(edge, defaultdict(list))
            middle, chord = _point(latitude, longitude), _chord(metres)
            east, north, up = ({floor((x - chord) / edge), floor((x + chord) / edge)} for x in middle)
            for cube in product(east, north, up):
                grid[cube].append((*middle, chord * chord, name))

    def at(self, latitude: float, longitude: float) -> str | None:
        """The name of the place at a point in degrees; where several meet, the one whose middle is nearest. None: no place."""
        x, y, z = _point(latitude, longitude)
        nearest: tuple[float, str] | None = None
        for edge, grid in self._grids.items():
            for a, b, c, most, name in grid.get((floor(x / edge), floor(y / edge), floor(z / edge)), ()):
                away = (x - a) * (x - a) + (y - b) * (y - b) + (z - c) * (z - c)
                if away <= most and (nearest is None or (away, name) < nearest):
                    nearest = away, name
        return nearest[1] if nearest else None


def place_of(places: Places, latitude: Any, longitude: Any) -> str | None:
    """The place at what an event says of its point; None for no place, and for what is no point: other than finite numbers, a
    latitude beyond 90 or a longitude beyond 180 degrees."""
    if not (_is_angle(latitude, 90) and _is_angle(longitude, 180)):
        return None
    return places.at(latitude, longitude)


def _is_angle(value: Any, most: int) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -most <= value <= most


def _order(metres: float) -> int:
    return max(0, ceil(log(metres / _FIRST, _WIDER)))


def _chord(metres: float) -> float:
    return 2 * sin(metres / EARTH_M / 2)


def _point(latitude: float, longitude: float) -> tuple[float, float, float]:
    north, east = radians(latitude), radians(longitude)
    return cos(north) * cos(east), cos(north) * sin(east), sin(north)
