"""ROUND and TRUNC: a number to some places. FLOOR, CEILING and their like: to a whole number."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
)
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, func

from fieldstone.metadata.calculation import Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.sizes import number
from fieldstone.query_language.formula.sql_values import any_of
from fieldstone.query_language.formula.typed import Compiled, Constant, Shape, Typed
from fieldstone.query_language.functions.function import NUMBER, Category, Plain, Takes
from fieldstone.query_language.functions.guarded import clamped


def rounded(one: Decimal, places: int, rounding: str) -> Decimal:
    """Give a number of at most so many places; negative places end before the point. No -0."""
    exponent = one.as_tuple().exponent
    assert isinstance(exponent, int)
    if places >= -exponent:
        return one
    least = -(max(one.adjusted(), 0) + 2)
    found = one.quantize(Decimal(1).scaleb(-max(places, least)), rounding)
    return found.quantize(Decimal(1)) + 0 if places < 0 else found + 0


class ToPlaces(Plain):
    """What ROUND and TRUNC share.

    A fraction of the second number does not count. grows: whether the number may get one digit
    more. rounding: how Python calls it; function: how PostgreSQL does.
    """

    category = Category.MATH
    takes = (Takes("number", NUMBER), Takes("places", NUMBER))
    reads_constants = True
    rounding: ClassVar[str]
    function: ClassVar[str]
    grows: ClassVar[bool] = False

    def shape(self, arguments: Sequence[Typed]) -> Shape:
        found = super().shape(arguments)
        match arguments:
            case [_, Constant(value=Decimal() as places)]:
                kept = min(max(int(places), 0), found.places)
                return Shape(found.kind, found.digits, kept)
            case _:
                return found

    def result(self, shapes: Sequence[Shape]) -> Shape:
        one = shapes[0]
        return number(one.digits + self.grows, one.places, one.kind)

    def value(self, one: Decimal, places: Decimal) -> Value:
        return rounded(one, int(places), self.rounding)

    def sql(self, one: ColumnElement[Any], places: ColumnElement[Any]) -> ColumnElement[Any]:
        return getattr(func, self.function)(one, places)  # type: ignore[no-any-return]

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        one, places = arguments
        # Places that the number does not have would be zeros, which later products would carry.
        kept = clamped(places.value, -(one.shape.digits + 1), one.shape.places)
        found = self.sql(one.value, kept)
        return Compiled(shape, found, any_of([one.fails, places.fails]))


class Round(ToPlaces):
    """The number to so many places; half of the last place is rounded away from zero."""

    name = "ROUND"
    rounding = ROUND_HALF_UP
    function = "round"
    grows = True
    examples = (("ROUND(2.345, 2)", "2.35"), ("ROUND(-1.5, 0)", "-2"), ("ROUND(1250, -2)", "1300"))


class Truncate(ToPlaces):
    """The number cut off behind so many places; without a second number, before the point."""

    name = "TRUNC"
    takes = (Takes("number", NUMBER), Takes("places", NUMBER, optional=True))
    rounding = ROUND_DOWN
    function = "trunc"
    examples = (("TRUNC(2.349, 2)", "2.34"), ("TRUNC(-1.9)", "-1"))

    def adapt(self, arguments: Sequence[Typed]) -> Sequence[Typed]:
        found = list(super().adapt(arguments))
        if len(found) == 1:
            found.append(Constant(Decimal(0), number(1, 0)))
        return found


_SETTLED_PLACES: Final = 18
"""Less is what quotients, which end after 24 places, are off by, and counts as nothing."""


class Whole(Plain):
    """What FLOOR, CEILING, MFLOOR and MCEILING share.

    6 / 11 * 11 is 6 to 18 places, and CEILING of it is 6, as in Salesforce.
    """

    category = Category.MATH
    takes = (Takes("number", NUMBER),)
    rounding: ClassVar[str]

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return number(shapes[0].digits + 1, 0, shapes[0].kind)

    def value(self, one: Decimal) -> Value:
        return rounded(rounded(one, _SETTLED_PLACES, ROUND_HALF_UP), 0, self.rounding)

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        (one,) = arguments
        if one.shape.places > _SETTLED_PLACES:
            settled = func.round(one.value, constant(_SETTLED_PLACES))
            one = Compiled(one.shape, settled, one.fails)
        return super().compile([one], shape)


class Floor(Whole):
    """The next whole number towards zero."""

    name = "FLOOR"
    rounding = ROUND_DOWN
    examples = (("FLOOR(2.5)", "2"), ("FLOOR(-2.5)", "-2"))

    def sql(self, one: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.trunc(one)


class Ceiling(Whole):
    """The next whole number away from zero."""

    name = "CEILING"
    rounding = ROUND_UP
    repeats = True
    examples = (("CEILING(2.5)", "3"), ("CEILING(-2.5)", "-3"))

    def sql(self, one: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.sign(one) * func.ceil(func.abs(one))


class FloorBelow(Whole):
    """The next whole number that is not greater."""

    name = "MFLOOR"
    rounding = ROUND_FLOOR
    examples = (("MFLOOR(2.5)", "2"), ("MFLOOR(-2.5)", "-3"))

    def sql(self, one: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.floor(one)


class CeilingAbove(Whole):
    """The next whole number that is not smaller."""

    name = "MCEILING"
    rounding = ROUND_CEILING
    examples = (("MCEILING(2.5)", "3"), ("MCEILING(-2.5)", "-2"))

    def sql(self, one: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.ceil(one)


def round_sql(one: ColumnElement[Any], places: int) -> ColumnElement[Any]:
    """Give a number rounded to places; half of the last is rounded away from zero."""
    return func.round(one, constant(places))
