"""How many digits a number may have: known before any record is read, so that sums stay exact.

PostgreSQL's numeric and Python's Decimal both hold these sizes without rounding. Only division and
the functions of analysis round, to a number of places of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from fieldstone.metadata.calculation import Kind
from fieldstone.query_language.formula.typed import Misused, Shape

MAX_DIGITS: Final = 1_000
MAX_PLACES: Final = 1_000
QUOTIENT_PLACES: Final = 24
"""Places of a quotient; half is rounded away from zero."""


def number(digits: int, places: int, kind: Kind = Kind.NUMBER) -> Shape:
    """Give the shape of a number. Raises Misused for one that is too large."""
    if digits > MAX_DIGITS or places > MAX_PLACES:
        raise Misused(
            "may give a number of too many digits.",
            hint="Round what it is made of by ROUND.",
        )
    return Shape(kind, digits, places)


def shape_of_number(value: Decimal) -> Shape:
    """Give the shape of a constant."""
    digits = max(value.adjusted() + 1, 1)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return Shape(Kind.NUMBER, digits, max(-exponent, 0))


def kind_of_numbers(shapes: Iterable[Shape]) -> Kind:
    """Give the kind of a sum: that of all its parts, or currency if one is."""
    kinds = {shape.kind for shape in shapes if shape.kind.is_number}
    if len(kinds) == 1:
        return kinds.pop()
    return Kind.CURRENCY if Kind.CURRENCY in kinds else Kind.NUMBER


def widest(shapes: Iterable[Shape]) -> Shape:
    """Give the shape of a number that is one of several."""
    parts = [shape for shape in shapes if shape.kind.is_number]
    digits = max((part.digits for part in parts), default=1)
    places = max((part.places for part in parts), default=0)
    return Shape(kind_of_numbers(parts), digits, places)
