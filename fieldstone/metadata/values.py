"""JSON as this project reads and writes it: numbers with a point are Decimal, never float."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

Scalar = None | bool | int | Decimal | str
Json = Scalar | Sequence["Json"] | Mapping[str, "Json"]
JsonObject = Mapping[str, Json]
JsonSchema = dict[str, object]

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_CANONICAL: Final = msgspec.json.Encoder(decimal_format="number", order="sorted")
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)


def write_json(value: object) -> str:
    """Give a value as JSON text; a Decimal keeps every digit."""
    return _ENCODER.encode(value).decode()


def write_json_bytes(value: object) -> bytes:
    """Give a value as JSON in UTF-8."""
    return _ENCODER.encode(value)


def write_canonical(value: object) -> bytes:
    """Give a value as JSON in UTF-8 with the keys of objects in order: equal ones are alike."""
    return _CANONICAL.encode(value)


def read_json(text: str | bytes) -> Json:
    """Read JSON text. Raises msgspec.DecodeError."""
    result: Json = _DECODER.decode(text)
    return result


def fold(text: str) -> str:
    """Give the form in which texts are compared: case does not count."""
    return text.lower()
