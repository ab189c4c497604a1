"""Geolocation: points on the earth."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.field_type import NoOptions
from fieldstone.metadata.field_types.geolocation import Geolocation, Point

GEOLOCATION = Geolocation()
NO = NoOptions()


@pytest.mark.parametrize("written", ["41.88, -87.63", "41.88 N, 87.63 W", "(41.88;-87.63)"])
def test_a_point_is_read_as_people_write_it(written):
    assert GEOLOCATION.parse(written, NO) == Point(Decimal("41.88"), Decimal("-87.63"))


def test_a_point_is_shown_in_the_shortest_digits():
    assert GEOLOCATION.show(Point(Decimal("41.880"), Decimal(-100)), NO) == "41.88, -100"


@pytest.mark.parametrize(
    "said",
    [
        {"latitude": 91, "longitude": 0},
        {"latitude": 0, "longitude": Decimal("-180.1")},
        {"latitude": 0},
        {"latitude": "1", "longitude": 0},
        {"latitude": 0, "longitude": 0, "altitude": 0},
        [1, 2],
    ],
)
def test_what_is_no_point_on_the_earth_is_refused(said):
    with pytest.raises(BadValue):
        GEOLOCATION.accept(said, NO)
