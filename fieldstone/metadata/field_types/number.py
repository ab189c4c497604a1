"""Number: an exact decimal, kept as a JSON number; jsonb keeps every digit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Annotated

from msgspec import Meta
from sqlalchemy import ColumnElement, Numeric, cast

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.field_type import ORDERED, FieldType, StoredJson, Widget
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import Json, JsonSchema


@dataclass(frozen=True, slots=True)
class NumberOptions:
    """precision: digits in all, places: those after the point. lowest, highest: both allowed.

    Up to 15 digits the slot's float8 is exact enough to find and order by; with more, the planner
    compares the exact number as well.
    """

    precision: Annotated[int, Meta(ge=1, le=28)] = 15
    places: Annotated[int, Meta(ge=0, le=12)] = 2
    lowest: Decimal | None = None
    highest: Decimal | None = None


def read_decimal(value: Json) -> Decimal:
    """Give a JSON number as a finite Decimal. Raises BadValue."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise BadValue("This must be a number.", hint="Write it without quotes, such as 12.5.")
    number = Decimal(value)
    if not number.is_finite() or number.adjusted() > 40:
        raise BadValue("This number is too large.")
    return number


def parse_decimal(text: str) -> Decimal:
    """Read a number that a person wrote, with or without thousands marks. Raises BadValue."""
    plain = text.strip().replace("\u00a0", "").replace(" ", "").replace(",", "")
    try:
        return read_decimal(Decimal(plain))
    except InvalidOperation:
        raise BadValue(f"{text[:80]!r} is not a number.", hint="Write 1234.5.") from None


def fit(number: Decimal, options: NumberOptions) -> Decimal:
    """Round a number to its places and check digits and bounds. Raises BadValue."""
    try:
        exact = number.quantize(Decimal(1).scaleb(-options.places), rounding=ROUND_HALF_UP)
    except InvalidOperation:
        raise BadValue(f"At most {options.precision} digits are allowed.") from None
    if exact and exact.adjusted() + 1 > options.precision - options.places:
        raise BadValue(
            f"{number} has more than {options.precision - options.places} digits before the point."
        )
    if options.lowest is not None and exact < options.lowest:
        raise BadValue(f"{number} is under {options.lowest}, the lowest value allowed.")
    if options.highest is not None and exact > options.highest:
        raise BadValue(f"{number} is over {options.highest}, the highest value allowed.")
    return abs(exact) if exact == 0 else exact


class Number(FieldType[NumberOptions, Decimal]):
    """A number, exact to the digit."""

    name = "number"
    label = "Number"
    options_class = NumberOptions
    operators = ORDERED
    slot = SlotKind.NUMBER

    def json_schema(self, options: NumberOptions) -> JsonSchema:
        schema: JsonSchema = {"type": "number"}
        if options.lowest is not None:
            schema["minimum"] = options.lowest
        if options.highest is not None:
            schema["maximum"] = options.highest
        return schema

    def accept(self, value: Json, options: NumberOptions) -> Decimal:
        return fit(read_decimal(value), options)

    def parse(self, text: str, options: NumberOptions) -> Decimal:
        return fit(parse_decimal(text), options)

    def encode(self, value: Decimal) -> Json:
        whole = value.to_integral_value()
        return int(whole) if value == whole else value.normalize()

    def decode(self, stored: Json) -> Decimal:
        assert isinstance(stored, int | Decimal)
        return Decimal(stored)

    def slot_value(self, value: Decimal, options: NumberOptions) -> float:
        return float(value)

    def sql(self, stored: StoredJson, options: NumberOptions) -> ColumnElement[Decimal]:
        return cast(stored.astext, Numeric)

    def sql_operand(self, value: Decimal, options: NumberOptions) -> Decimal:
        return value

    def show(self, value: Decimal, options: NumberOptions) -> str:
        return f"{value:,.{options.places}f}"

    def widget(self, options: NumberOptions) -> Widget:
        return Widget("decimal", {"places": options.places})

    def describe(self, options: NumberOptions) -> str:
        return f"Number({options.precision},{options.places})"
