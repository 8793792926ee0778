"""In which place of a geofence somebody is: on a round earth, whatever an event says of its point."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from socle.journeys.model.geofence import GeofenceDocument, Place
from socle.journeys.places import EARTH_M, Circle, Places, place_of
from tests.examples import examples

LYON = Place(name="Lyon", latitude=45.7578, longitude=4.832, radius_m=150)
LATITUDES, LONGITUDES = st.floats(-90, 90), st.floats(-180, 180)
METRE = 360 / (2 * 3.141592653589793 * EARTH_M)
"""Degrees of latitude."""


def circle(place: Place) -> Circle:
    return place.name, place.latitude, place.longitude, place.radius_m


def haversine(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two points, as the textbook has it."""
    (a, b), (c, d) = [(radians(latitude), radians(longitude)) for latitude, longitude in (one, other)]
    return 2 * EARTH_M * asin(min(1, sqrt(sin((c - a) / 2) ** 2 + cos(a) * cos(c) * sin((d - b) / 2) ** 2)))


@pytest.mark.parametrize(("metres", "found"), [(0, "Lyon"), (149, "Lyon"), (151, None), (50_000, None)])
def test_somebody_is_in_a_place_within_its_radius(metres: float, found: str | None) -> None:
    assert place_of(Places([circle(LYON)]), LYON.latitude + metres * METRE, LYON.longitude) == found
    assert place_of(Places([circle(LYON)]), LYON.latitude - metres * METRE, LYON.longitude) == found


@pytest.mark.parametrize(("place", "point"), [
    (Place(name="Taveuni", latitude=-16.8, longitude=179.9999, radius_m=100), (-16.8, -179.9999)),
    (Place(name="Taveuni", latitude=-16.8, longitude=-180, radius_m=20), (-16.8, 180)),
    (Place(name="North Pole", latitude=89.9999, longitude=0, radius_m=50), (89.9999, 180)),
    (Place(name="South Pole", latitude=-90, longitude=12, radius_m=20), (-90, -77)),
])
def test_the_date_line_and_the_poles_are_places_like_others(place: Place, point: tuple[float, float]) -> None:
    assert place_of(Places([circle(place)]), *point) == place.name


@pytest.mark.parametrize("point", [
    (None, None), ("45.7578", "4.832"), (True, False), (float("nan"), 4.832), (45.7578, float("inf")), (90.1, 0), (0, 180.1),
    ([45.7578], {"degrees": 4.8}), (10**400, 0)])
def test_what_is_no_point_is_in_no_place(point: tuple[Any, Any]) -> None:
    assert place_of(Places([("wide", 45.7578, 4.832, 100_000)]), *point) is None


def test_a_latitude_beyond_the_pole_is_in_no_place() -> None:
    pole = Places([("South Pole", -89.9, 0, 100_000)])
    assert (place_of(pole, -89.9, 0), place_of(pole, -90.1, 0), place_of(pole, -89.9, -181)) == ("South Pole", None, None)


def test_where_places_meet_the_nearest_counts_whatever_their_order() -> None:
    mall = Place(name="mall", latitude=45.7578, longitude=4.832, radius_m=2_000)
    shop = Place(name="shop", latitude=45.7600, longitude=4.832, radius_m=150)
    for places in (Places([circle(mall), circle(shop)]), Places([circle(shop), circle(mall)])):
        assert place_of(places, 45.7601, 4.832) == "shop"
        assert place_of(places, 45.7579, 4.832) == "mall"


@examples(300)
@given(st.lists(st.tuples(LATITUDES, LONGITUDES, st.floats(20, 100_000)), min_size=1, max_size=20), LATITUDES, LONGITUDES,
       st.floats(0, 1.5), st.integers(0, 19))
def test_it_is_the_haversine_formula(circles: list[tuple[float, float, float]], latitude: float, longitude: float, near: float,
                                     pick: int) -> None:
    places = [Place(name=str(index), latitude=a, longitude=b, radius_m=most) for index, (a, b, most) in enumerate(circles)]
    chosen = places[pick % len(places)]
    for point in ((latitude, longitude), (max(-90.0, chosen.latitude - near * chosen.radius_m * METRE), chosen.longitude)):
        away = {place.name: haversine(point, (place.latitude, place.longitude)) for place in places}
        inside = {place.name for place in places if away[place.name] <= place.radius_m}
        doubtful = any(abs(away[place.name] - place.radius_m) < 0.001 for place in places)
        found = place_of(Places(map(circle, places)), *point)
        if not doubtful:
            assert (found is None) == (not inside)
            assert found is None or away[found] <= min(away[name] for name in inside) + 0.001


@pytest.mark.parametrize(("change", "said"), [
    ({"places": []}, "places"), ({"places": [{"name": "x", "latitude": 91, "longitude": 0, "radius_m": 100}]}, "latitude"),
    ({"places": [{"name": "x", "latitude": 1, "longitude": -181, "radius_m": 100}]}, "longitude"),
    ({"places": [{"name": "x", "latitude": float("nan"), "longitude": 0, "radius_m": 100}]}, "latitude"),
    ({"places": [{"name": "x", "latitude": 1, "longitude": 0, "radius_m": 5}]}, "radius_m"),
    ({"places": [LYON.model_dump(), LYON.model_dump()]}, "'Lyon'"),
    ({"places": [{**LYON.model_dump(), "name": str(index)} for index in range(1_001)]}, "places"),
])
def test_a_geofence_that_cannot_be_is_refused_and_says_where(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        GeofenceDocument.model_validate(change)
