"""Geolocation: a point on the earth, as a JSON object of latitude and longitude in degrees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import ColumnElement

from fieldstone.errors import BadValue
from fieldstone.metadata.calculation import AS_PLACE, number_part
from fieldstone.metadata.field_types.field_type import FieldType, NoOptions, Widget
from fieldstone.metadata.field_types.number import encode_decimal, read_decimal
from fieldstone.metadata.field_types.stored import StoredJson, exact
from fieldstone.metadata.values import Json, JsonSchema

PLACES: Final = 8
_HINT: Final = "Write 41.88, -87.63: latitude from -90 to 90, longitude from -180 to 180."
_WRITTEN: Final = re.compile(
    r"(?P<latitude>[+-]?\d{1,2}(?:\.\d{1,20})?)\s*°?\s*(?P<ns>[NSns]?)\s*[,;\s]\s*"
    r"(?P<longitude>[+-]?\d{1,3}(?:\.\d{1,20})?)\s*°?\s*(?P<ew>[EWew]?)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Point:
    """A place in degrees (WGS 84), to 8 places: about a millimetre."""

    latitude: Decimal
    longitude: Decimal


def _degrees(value: Json, name: str, most: int) -> Decimal:
    try:
        number = read_decimal(value)
    except BadValue as error:
        raise BadValue(f"The {name} is not a number.", at=f"/{name}", hint=_HINT) from error
    if not -most <= number <= most:
        raise BadValue(f"The {name} is not from -{most} to {most}.", at=f"/{name}", hint=_HINT)
    rounded = round(number, PLACES)
    return abs(rounded) if rounded == 0 else rounded


class Geolocation(FieldType[NoOptions, Point]):
    """A point on the earth, such as where a site is."""

    name = "geolocation"
    label = "Geolocation"
    calculation = AS_PLACE
    parts = {"latitude": number_part("latitude"), "longitude": number_part("longitude")}

    def json_schema(self, options: NoOptions) -> JsonSchema:
        return {
            "type": "object",
            "properties": {
                "latitude": {"type": "number", "minimum": -90, "maximum": 90},
                "longitude": {"type": "number", "minimum": -180, "maximum": 180},
            },
            "required": ["latitude", "longitude"],
            "additionalProperties": False,
        }

    def accept(self, value: Json, options: NoOptions) -> Point:
        if not isinstance(value, Mapping) or set(value) != {"latitude", "longitude"}:
            raise BadValue(
                "This must be an object of latitude and longitude.",
                hint='Write {"latitude": 41.88, "longitude": -87.63}.',
            )
        latitude = _degrees(value["latitude"], "latitude", 90)
        return Point(latitude, _degrees(value["longitude"], "longitude", 180))

    def parse(self, text: str, options: NoOptions) -> Point:
        match = _WRITTEN.fullmatch(text.strip().removeprefix("(").removesuffix(")"))
        if match is None:
            raise BadValue(f"{text[:80]!r} is not a point on the earth.", hint=_HINT)
        south = -1 if match["ns"] in {"S", "s"} else 1
        west = -1 if match["ew"] in {"W", "w"} else 1
        latitude, longitude = Decimal(match["latitude"]), Decimal(match["longitude"])
        return self.accept({"latitude": latitude * south, "longitude": longitude * west}, options)

    def encode(self, value: Point) -> Json:
        return {
            "latitude": encode_decimal(value.latitude),
            "longitude": encode_decimal(value.longitude),
        }

    def decode(self, stored: Json) -> Point:
        assert isinstance(stored, Mapping)
        return Point(read_decimal(stored["latitude"]), read_decimal(stored["longitude"]))

    def sql(self, stored: StoredJson, options: NoOptions) -> ColumnElement[str]:
        return exact(stored)

    def sql_operand(self, value: Point, options: NoOptions) -> str:
        return self.show(value, options)

    def show(self, value: Point, options: NoOptions) -> str:
        return f"{value.latitude.normalize():f}, {value.longitude.normalize():f}"

    def widget(self, options: NoOptions) -> Widget:
        return Widget("geolocation", {"places": PLACES})
