"""Exact sums of numbers that lie in float8 slots.

A cast of float8 to numeric writes and reads digits, which takes longer than all the rest of a sum.
A number of few places is the float8 next to a whole number of hundredths (say), and those add up
exactly as bigint. What is no such number, as values may be that were kept when a field had more
places, goes the slow way.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Float, Numeric, and_, cast, func, literal, not_
from sqlalchemy.types import TypeEngine

from fieldstone.metadata.slots import SlotKind
from fieldstone.query_language.operands import uses_slot
from fieldstone.query_language.plan import FieldRef

_MOST_PLACES: Final = 6
_EXACT: Final = 9 * 10**15
"""Below 2^53, where every whole number is a float8."""


def total(ref: FieldRef, key: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the sum of a field over a group as numeric; null where no row has a value.

    key: what of the field is compared.
    """
    places = getattr(ref.field.options, "places", None)
    in_slot = ref.field.slot is not None and ref.field.type.slot is SlotKind.NUMBER
    if not (in_slot and uses_slot(ref)) or places is None or places > _MOST_PLACES:
        return func.sum(cast(key, Numeric))
    scale = 10**places
    whole = func.round(key * _number(scale, Float()))
    limit = _EXACT // scale
    plain = and_(
        key.between(_number(-limit, Float()), _number(limit, Float())),
        key == whole / _number(scale, Float()),
    )
    # A product is exact, where a quotient of large numbers would lose its places.
    unit = _number(f"0.{1:0{places}d}" if places else "1", Numeric())
    units = func.sum(cast(whole, BigInteger)).filter(plain) * unit
    others = func.sum(cast(key, Numeric)).filter(not_(plain))
    return func.coalesce(units + others, units, others, type_=Numeric())


def _number(value: int | str, kind: TypeEngine[Any]) -> ColumnElement[Any]:
    """Give a constant of this type."""
    return cast(literal(str(value), literal_execute=True), kind)
