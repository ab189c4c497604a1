"""Values of several parts: postal addresses, names of persons, points on the earth."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup, escape

from fieldstone.errors import BadValue
from fieldstone.metadata.catalog import Field
from fieldstone.metadata.field_types.address import PARTS as ADDRESS_PARTS
from fieldstone.metadata.field_types.number import parse_decimal
from fieldstone.metadata.field_types.person_name import PARTS as NAME_PARTS
from fieldstone.metadata.values import Json
from fieldstone.ui_generator.viewing import Viewing
from fieldstone.ui_generator.widgets.widget import TEXT_WORDS, FieldWidget, Texts, last


class Compound(FieldWidget):
    """Several inputs under one label."""

    grouped = True
    wide = True

    def texts(self, value: Json, of: Field, view: Viewing) -> Texts:
        assert value is None or isinstance(value, Mapping)
        held = value or {}
        return {part: [str(held[part])] if held.get(part) else [] for part in self.parts}

    def read(self, sent: Texts, of: Field, view: Viewing) -> Json:
        texts: dict[str, Json] = {part: last(sent, part).strip() for part in self.parts}
        if not any(texts.values()):
            return None
        encoded: Json = of.type.encode(of.type.accept(texts, of.options))
        return encoded


class Address(Compound):
    """A postal address."""

    name = "address"
    parts = tuple(part.name for part in ADDRESS_PARTS)
    listable = False

    def full(self, value: Json, of: Field, view: Viewing) -> Markup:
        lines = (escape(line) for line in of.type.decode(value).lines)
        return Markup("<address>{}</address>").format(Markup("<br>").join(lines))


class PersonName(Compound):
    """The name of a person."""

    name = "person_name"
    filter_words = TEXT_WORDS
    parts = tuple(part.name for part in NAME_PARTS)


class Geolocation(Compound):
    """A point on the earth: latitude and longitude."""

    name = "geolocation"
    parts = ("latitude", "longitude")
    wide = False
    listable = False

    def texts(self, value: Json, of: Field, view: Viewing) -> Texts:
        if value is None:
            return {part: [] for part in self.parts}
        point = of.type.decode(value)
        return {"latitude": [f"{point.latitude:f}"], "longitude": [f"{point.longitude:f}"]}

    def read(self, sent: Texts, of: Field, view: Viewing) -> Json:
        latitude, longitude = (last(sent, part).strip() for part in self.parts)
        if not latitude and not longitude:
            return None
        if not longitude and "," in latitude:
            # Both typed or pasted into the first input.
            pasted: Json = of.type.encode(of.type.parse(latitude, of.options))
            return pasted
        degrees = {"latitude": _degrees(latitude, "latitude")}
        degrees["longitude"] = _degrees(longitude, "longitude")
        encoded: Json = of.type.encode(of.type.accept(degrees, of.options))
        return encoded


def _degrees(text: str, name: str) -> Json:
    try:
        return parse_decimal(text)
    except BadValue as error:
        raise BadValue(
            f"The {name} is not a number of degrees.", at=f"/{name}", hint="Write 41.88."
        ) from error
