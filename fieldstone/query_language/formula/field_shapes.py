"""What is known of a field's values beforehand."""

from __future__ import annotations

from typing import Final

from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.catalog import Field
from fieldstone.query_language.formula.typed import Shape

SYSTEM_DIGITS: Final = 20


def shape_of_field(field: Field) -> Shape:
    """Give what is known of the values of a field that formulas read."""
    assert field.type.calculation is not None, "fields without a calculation are refused"
    kind = field.type.calculation.kind
    return sized(field, kind) if kind.is_number else Shape(kind)


def sized(field: Field, kind: Kind) -> Shape:
    """Give what is known of a field of numbers. kind: as which they enter formulas."""
    precision = int(getattr(field.options, "precision", SYSTEM_DIGITS))
    places = int(getattr(field.options, "places", 0))
    if field.is_system:
        precision, places = SYSTEM_DIGITS, 0
    shift = 2 if kind is Kind.PERCENT else 0
    return Shape(kind, max(precision - places, 1), places + shift)
