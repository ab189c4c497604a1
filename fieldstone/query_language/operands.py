"""Constants of conditions: what of a literal is bound in SQL when a plan runs.

A reader is made once per plan and run for every query of its shape. It asks the field's type to
read the constant and gives it in the form of the slot or of the JSON, whichever is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, assert_never

from fieldstone.errors import BadValue
from fieldstone.metadata.catalog import Field
from fieldstone.metadata.field_types.date import Date
from fieldstone.metadata.field_types.datetime import Datetime
from fieldstone.metadata.slots import TEXT_SLOT_LENGTH, SlotKind
from fieldstone.metadata.values import Json, write_json
from fieldstone.query_language.formula.typed import Constant
from fieldstone.query_language.lifting import text_of
from fieldstone.query_language.patterns import end_of, prefix_of
from fieldstone.query_language.plan import FieldRef, Literal, Moment
from fieldstone.query_language.relative_dates import days_of, start_of
from fieldstone.query_language.syntax import (
    Bind,
    Boolean,
    DateTimeValue,
    DateValue,
    Money,
    Null,
    Number,
    RelativeDate,
    Text,
    Value,
    Word,
)

Reader = Callable[[Literal, Moment], object]
EXACT_DIGITS: Final = 15
_ALIKE: Final = (SlotKind.TEXT, SlotKind.REFERENCE)
"""Kinds whose slot is, cut aside, the same SQL value as the JSON."""


def is_temporal(field: Field) -> bool:
    """Tell whether a field holds days or instants."""
    return isinstance(field.type, Date | Datetime)


def uses_slot(ref: FieldRef) -> bool:
    """Tell whether a field is compared by its slot or column rather than by its JSON."""
    return not ref.exact and (ref.field.slot is not None or ref.field.column is not None)


def slot_is_exact(ref: FieldRef) -> bool:
    """Tell whether a slot tells all numbers apart: float8 keeps 15 digits of one."""
    return all(
        getattr(field.options, "precision", EXACT_DIGITS) <= EXACT_DIGITS
        for field in _alternatives(ref)
    )


def slot_holds_all(ref: FieldRef) -> bool:
    """Tell whether a slot holds every text whole, so that it may be matched with a pattern."""
    return all(_longest(field) <= TEXT_SLOT_LENGTH for field in _alternatives(ref))


def _alternatives(ref: FieldRef) -> Iterator[Field]:
    yield ref.field
    yield from (other.field for other in ref.others)


def _longest(field: Field) -> int:
    """Give how many characters a text may have; 0 for types whose values are never long."""
    if field.type.slot is not SlotKind.TEXT:
        return 0
    longest = field.type.json_schema(field.options).get("maxLength", 0)
    assert isinstance(longest, int)
    return longest


def told_apart(ref: FieldRef) -> FieldRef:
    """Give a field to be compared with itself: by its JSON where its slot cuts values short."""
    if ref.field.column is not None or (slot_is_exact(ref) and slot_holds_all(ref)):
        return ref
    return replace(ref, exact=True)


def in_one_form(left: FieldRef, right: FieldRef) -> tuple[FieldRef, FieldRef]:
    """Give two fields of one type to be compared with each other: both by slot or both by JSON."""
    left, right = told_apart(left), told_apart(right)
    if left.field.type.slot in _ALIKE or _form(left) == _form(right):
        return left, right
    return replace(left, exact=True), replace(right, exact=True)


def _form(ref: FieldRef) -> tuple[bool, bool]:
    return uses_slot(ref), ref.field.column is not None


def json_of(value: Value, field: Field) -> Json:
    """Give a literal as the JSON that the field's type reads. Raises BadValue."""
    match value:
        case Text() | Word():
            return text_of(value)
        case Boolean():
            return value.value
        case Number():
            return _plain(value.value)
        case Money(currency, amount):
            return _in_currency(currency, amount, field)
        case DateValue() | DateTimeValue():
            return value.value.isoformat()
        case Null() | RelativeDate() | Bind():
            raise AssertionError(value)
        case _:
            assert_never(value)


def _plain(number: Decimal) -> Json:
    return int(number) if number == number.to_integral_value() else number


def _in_currency(currency: str, amount: Decimal, field: Field) -> Json:
    own = getattr(field.options, "currency", None)
    if own is not None and own != currency:
        raise BadValue(f"{field.label} is in {own}, not in {currency}.")
    return _plain(amount)


def one(ref: FieldRef) -> Reader:
    """Give the reader of a single constant."""
    convert = _converter(ref)

    def read(literal: Literal, moment: Moment) -> object:
        assert not isinstance(literal, tuple | int | Constant)
        return convert(_zoned(literal, ref.field, moment))

    return read


def many(ref: FieldRef) -> Reader:
    """Give the reader of a list of constants; nulls are left out, they are tested apart."""
    convert = _converter(ref)

    def read(literal: Literal, moment: Moment) -> object:
        assert isinstance(literal, tuple)
        return [
            convert(_zoned(value, ref.field, moment)) for value in literal if not is_null(value)
        ]

    return read


def likenesses(ref: FieldRef) -> Reader:
    """Give the reader of the constants that an encrypted field is compared with."""
    field = ref.field

    def read(literal: Literal, moment: Moment) -> object:
        assert not isinstance(literal, int | Constant)
        assert moment.likenesses is not None
        values = literal if isinstance(literal, tuple) else (literal,)
        found: list[str] = []
        for value in values:
            if not is_null(value):
                meant = field.type.accept_operand(json_of(value, field), field.options)
                found += moment.likenesses(field, field.type.encode(meant))
        return found

    return read


def is_null(value: Value) -> bool:
    """Tell whether a constant stands for the absence of a value, as an empty text does."""
    return isinstance(value, Null) or (
        isinstance(value, Text | Word) and not text_of(value).strip()
    )


def members(ref: FieldRef, place: int) -> Reader:
    """Give the reader of one group of INCLUDES, as the JSON of an array."""
    return at_place(one(ref), place)


def at_place(read_one: Reader, place: int) -> Reader:
    """Give the reader of one constant of a list."""

    def read(literal: Literal, moment: Moment) -> object:
        assert isinstance(literal, tuple)
        return read_one(literal[place], moment)

    return read


def decimal(literal: Literal, moment: Moment) -> object:
    """Read a number that a count, a sum or an average is compared with. Raises BadValue."""
    if isinstance(literal, Number):
        return literal.value
    raise BadValue("This must be a number.", hint="Write it without quotes, such as 12.5.")


def pattern(ref: FieldRef) -> Reader:
    """Give the reader of a pattern."""

    def read(literal: Literal, moment: Moment) -> object:
        assert isinstance(literal, Text | Word)
        text = literal.pattern if isinstance(literal, Text) else literal.text
        backslashes = len(text) - len(text.rstrip("\\"))
        return ref.field.type.fold_pattern(text + "\\" * (backslashes % 2))

    return read


def prefix(ref: FieldRef, *, end: bool) -> Reader:
    """Give the reader of the text that a prefix pattern begins with, or of the first one behind."""

    def read(literal: Literal, moment: Moment) -> object:
        assert isinstance(literal, Text)
        found = prefix_of(ref.field.type.fold_pattern(literal.pattern))
        return end_of(found) or found if end else found

    return read


def number(literal: Literal, moment: Moment) -> object:
    """Read a count."""
    assert isinstance(literal, int)
    return literal


@dataclass(frozen=True, slots=True)
class Days:
    """The readers of the first day of a span of days and of the first one behind it."""

    first: Reader
    behind: Reader


def days(ref: FieldRef, place: int | None = None) -> Days:
    """Give the readers of a relative date, or of a day that instants are compared with.

    place: where in a list it stands; None for a constant alone.
    """
    return Days(_day_reader(ref, place, 0), _day_reader(ref, place, 1))


def _day_reader(ref: FieldRef, place: int | None, side: int) -> Reader:
    def read(literal: Literal, moment: Moment) -> object:
        value = literal
        if place is not None:
            assert isinstance(literal, tuple)
            value = literal[place]
        assert isinstance(value, RelativeDate | DateValue)
        day = _span_of(value, moment)[side]
        return _bound_day(day, ref, moment)

    return read


def _span_of(value: RelativeDate | DateValue, moment: Moment) -> tuple[date, date]:
    if isinstance(value, RelativeDate):
        return days_of(value, moment)
    try:
        return value.value, value.value + timedelta(days=1)
    except OverflowError:
        return value.value, value.value


def _bound_day(day: date, ref: FieldRef, moment: Moment) -> object:
    kind = ref.field.type
    found: Any = start_of(day, moment) if isinstance(kind, Datetime) else day
    return _in_form(ref)(found)


def _zoned(value: Value, field: Field, moment: Moment) -> Value:
    """Give an instant that a day is compared with as the viewer's day."""
    if isinstance(value, DateTimeValue) and isinstance(field.type, Date):
        return DateValue(value.value.astimezone(moment.zone).date(), value.span)
    return value


def _converter(ref: FieldRef) -> Callable[[Value], object]:
    field, in_form = ref.field, _in_form(ref)

    def convert(value: Value) -> object:
        return in_form(field.type.accept_operand(json_of(value, field), field.options))

    return convert


def _in_form(ref: FieldRef) -> Callable[[Any], object]:
    """Give what makes a value of the field's type what is compared: slot, column or JSON."""
    field = ref.field
    if not uses_slot(ref):
        return lambda value: _as_bound(field.type.sql_operand(value, field.options))
    if field.column is not None and isinstance(field.type, Datetime):
        # The columns of instants that every record has know their zone; slots do not.
        return lambda value: value if isinstance(value, datetime) and value.tzinfo else _utc(value)
    return lambda value: field.type.slot_value(value, field.options)


def _as_bound(operand: object) -> object:
    """Give an operand as it is sent: sets are compared as jsonb, which is sent as text."""
    return write_json(operand) if isinstance(operand, list) else operand


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC)
