"""GEOLOCATION and DISTANCE: places on the earth, and how far they are from each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Double, Numeric, case, cast, func
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.calculation import Kind, Place, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sizes import number
from fieldstone.query_language.formula.sql_values import number_sql
from fieldstone.query_language.formula.typed import Constant, Failed, Misused, Shape, Typed
from fieldstone.query_language.functions.function import (
    NUMBER,
    PLACE,
    TEXT,
    Category,
    Plain,
    Takes,
)
from fieldstone.query_language.functions.guarded import Guarded
from fieldstone.query_language.functions.rounding import round_sql
from fieldstone.query_language.functions.trigonometry import (
    ARGUMENT_PLACES,
    as_float,
    from_float,
    from_float_sql,
)

DIAMETERS: Final = {
    "mi": 7917.522,
    "km": 12742.018,
    "MI": 7917.522,
    "KM": 12742.018,
}
"""The mean diameter of the earth, as Salesforce has it."""

_PLACES: Final = 6
_DEGREE: Final = math.pi / 180
_HALF_DEGREE: Final = math.pi / 360


class Geolocation(Plain):
    """The place of a latitude and a longitude in degrees; one that is not on the earth fails."""

    name = "GEOLOCATION"
    category = Category.MATH
    takes = (Takes("latitude", NUMBER), Takes("longitude", NUMBER))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.PLACE)

    def value(self, latitude: Decimal, longitude: Decimal) -> Value:
        if abs(latitude) > 90 or abs(longitude) > 180:
            raise Failed("There is no such place on the earth.")
        return latitude, longitude

    def sql(
        self, latitude: ColumnElement[Any], longitude: ColumnElement[Any]
    ) -> ColumnElement[Any]:
        return func.jsonb_build_object(
            constant("latitude"), latitude, constant("longitude"), longitude, type_=JSONB()
        )

    def wrong(
        self, latitude: ColumnElement[Any], longitude: ColumnElement[Any]
    ) -> ColumnElement[bool]:
        beyond = func.greatest(
            func.abs(latitude) - number_sql(90), func.abs(longitude) - number_sql(180)
        )
        # Null where a number is missing, lest half of a place be one.
        return case(((latitude + longitude).is_not(None), beyond > number_sql(0)))


class Distance(Guarded):
    """The way over the surface of the earth from one place to another in 'mi' or 'km'.

    The earth is a sphere; the distance has 6 places. Another unit fails.
    """

    name = "DISTANCE"
    category = Category.MATH
    takes = (Takes("from", PLACE), Takes("to", PLACE), Takes("unit", TEXT))
    repeats = True
    reads_constants = True
    examples = (
        ("DISTANCE(GEOLOCATION(52.52, 13.405), GEOLOCATION(48.137, 11.575), 'km')", "504.338612"),
    )

    def shape(self, arguments: Sequence[Typed]) -> Shape:
        found = super().shape(arguments)
        match arguments[2]:
            case Constant(value=str() as unit) if unit not in DIAMETERS:
                raise Misused("unit must be 'mi' or 'km'.", place=2)
        return found

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return number(5, _PLACES)

    def value(self, one: Place, other: Place, unit: str) -> Value:
        if not unit:
            return None
        if unit not in DIAMETERS:
            raise Failed("The unit of a distance is 'mi' or 'km'.")
        return from_float(DIAMETERS[unit] * _half_angle(one, other), _PLACES)

    def sql(
        self, one: ColumnElement[Any], other: ColumnElement[Any], unit: ColumnElement[Any]
    ) -> ColumnElement[Any]:
        known = {constant(name): _float_sql(long) for name, long in DIAMETERS.items()}
        diameter = case(known, value=unit)
        found = from_float_sql(diameter * _half_angle_sql(one, other), _PLACES)
        # LEAST passes over null: without a place the way would lead around half of the earth.
        both = _part_sql(one, "latitude") + _part_sql(other, "latitude")
        return case((both.is_not(None), found))


def _half_angle(one: Place, other: Place) -> float:
    """Give half of the angle between two places (haversine), as a float.

    PostgreSQL takes the same steps in the same order, so that all digits are the same.
    """
    north = math.pow(math.sin(as_float(other[0] - one[0]) * _HALF_DEGREE), 2)
    east = math.pow(math.sin(as_float(other[1] - one[1]) * _HALF_DEGREE), 2)
    width = math.cos(as_float(one[0]) * _DEGREE) * math.cos(as_float(other[0]) * _DEGREE)
    return math.asin(math.sqrt(min(north + width * east, 1.0)))


def _half_angle_sql(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    half, whole = _float_sql(_HALF_DEGREE), _float_sql(_DEGREE)
    latitudes = [_part_sql(place, "latitude") for place in (one, other)]
    longitudes = [_part_sql(place, "longitude") for place in (one, other)]
    north = func.power(func.sin(_rounded_sql(latitudes[1] - latitudes[0]) * half), _float_sql(2))
    east = func.power(func.sin(_rounded_sql(longitudes[1] - longitudes[0]) * half), _float_sql(2))
    width = func.cos(_rounded_sql(latitudes[0]) * whole) * func.cos(
        _rounded_sql(latitudes[1]) * whole
    )
    return func.asin(func.sqrt(func.least(north + width * east, _float_sql(1))))


def _part_sql(place: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    return cast(func.jsonb_extract_path_text(place, constant(name)), Numeric)


def _rounded_sql(one: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(round_sql(one, ARGUMENT_PLACES), Double)


def _float_sql(one: float) -> ColumnElement[Any]:
    return cast(constant(repr(one)), Double)
