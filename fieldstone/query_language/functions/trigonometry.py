"""PI and the functions of angles in radians, to 10 places.

Both evaluators work with floating point numbers of 53 bits, whose last digits may differ: of the
arguments 20 places count, of the values 15 digits and of these 10 places.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, Double, Numeric, cast, func

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.sizes import number
from fieldstone.query_language.formula.sql_values import number_sql
from fieldstone.query_language.formula.typed import Failed, Shape
from fieldstone.query_language.functions.function import NUMBER, Category, Plain, Takes
from fieldstone.query_language.functions.guarded import Guarded, within
from fieldstone.query_language.functions.rounding import round_sql, rounded

PLACES: Final = 10
ARGUMENT_PLACES: Final = 20
_LEAST: Final = Decimal(1).scaleb(-ARGUMENT_PLACES)
_LIMIT: Final = Decimal(10) ** 100
_PI: Final = Decimal("3.141592653589793238462643")


def as_float(one: Decimal) -> float:
    """Give a number in floating point; zero has no sign."""
    return float(rounded(one, ARGUMENT_PLACES, ROUND_HALF_UP)) + 0.0


def as_float_sql(one: ColumnElement[Any], limit: Decimal = _LIMIT) -> ColumnElement[Any]:
    """Give the same in SQL, null for a number beyond a limit."""
    past = f"{limit + _LEAST:f}"
    cut = within(round_sql(one, ARGUMENT_PLACES), number_sql(f"-{past}"), number_sql(past))
    return cast(cut, Double)


def from_float(one: float, places: int = PLACES) -> Decimal:
    """Give a floating point number as a number of 15 digits, and then of some places."""
    return rounded(Decimal(f"{one:.15g}"), places, ROUND_HALF_UP)


def from_float_sql(one: ColumnElement[Any], places: int = PLACES) -> ColumnElement[Any]:
    """Give the same in SQL: of a float PostgreSQL's numeric keeps 15 digits."""
    return round_sql(cast(one, Numeric), places)


class Pi(Plain):
    """The ratio of a circle's circumference to its diameter, to 24 places."""

    name = "PI"
    category = Category.MATH
    examples = (("PI()", "3.141592653589793238462643"),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return number(1, 24)

    def value(self) -> Value:
        return _PI

    def sql(self) -> ColumnElement[Any]:
        return number_sql(str(_PI))


class OfAngle(Guarded):
    """What functions of one number share; numbers beyond their limit fail.

    limit: the greatest argument. digits: the most that stand before the point. python: the same
    in floating point.
    """

    category = Category.MATH
    takes = (Takes("number", NUMBER),)
    limit: ClassVar[Decimal] = _LIMIT
    digits: ClassVar[int] = 1
    python: ClassVar[Callable[[float], float]]

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return number(self.digits, PLACES)

    def value(self, one: Decimal) -> Value:
        if abs(rounded(one, ARGUMENT_PLACES, ROUND_HALF_UP)) > self.limit:
            raise Failed(f"{self.name} has no value for so large a number.")
        return from_float(type(self).python(as_float(one)))

    def sql(self, one: ColumnElement[Any]) -> ColumnElement[Any]:
        function = getattr(func, self.name.lower())
        return from_float_sql(function(as_float_sql(one, self.limit)))


class Sine(OfAngle):
    """The sine of an angle in radians, to 10 places."""

    name = "SIN"
    python = math.sin
    examples = (("SIN(PI() / 6)", "0.5"),)


class Cosine(OfAngle):
    """The cosine of an angle in radians, to 10 places."""

    name = "COS"
    python = math.cos
    examples = (("COS(PI())", "-1"),)


class Tangent(OfAngle):
    """The tangent of an angle in radians, to 10 places."""

    name = "TAN"
    python = math.tan
    digits = 20
    examples = (("TAN(PI() / 4)", "1"),)


class ArcSine(OfAngle):
    """The angle in radians of which a number from -1 to 1 is the sine, to 10 places."""

    name = "ASIN"
    python = math.asin
    limit = Decimal(1)
    examples = (("ASIN(1)", "1.5707963268"),)


class ArcCosine(OfAngle):
    """The angle in radians of which a number from -1 to 1 is the cosine, to 10 places."""

    name = "ACOS"
    python = math.acos
    limit = Decimal(1)
    examples = (("ACOS(0)", "1.5707963268"),)


class ArcTangent(OfAngle):
    """The angle in radians of which a number is the tangent, to 10 places."""

    name = "ATAN"
    python = math.atan
    examples = (("ATAN(1)", "0.7853981634"),)


class ArcTangentOfPoint(Guarded):
    """The angle in radians of the way from the origin to the point (x, y), to 10 places."""

    name = "ATAN2"
    category = Category.MATH
    takes = (Takes("y", NUMBER), Takes("x", NUMBER))
    examples = (("ATAN2(1, -1)", "2.3561944902"), ("ATAN2(0, 0)", "0"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return number(1, PLACES)

    def value(self, y: Decimal, x: Decimal) -> Value:
        if max(abs(y), abs(x)) > _LIMIT:
            raise Failed("ATAN2 has no value for so large a number.")
        return from_float(math.atan2(as_float(y), as_float(x)))

    def sql(self, y: ColumnElement[Any], x: ColumnElement[Any]) -> ColumnElement[Any]:
        return from_float_sql(func.atan2(as_float_sql(y), as_float_sql(x)))
