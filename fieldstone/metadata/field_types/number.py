"""Number: an exact decimal, kept as a JSON number; jsonb keeps every digit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Final, Protocol

from msgspec import Meta
from sqlalchemy import ColumnElement, Numeric, cast

from fieldstone.errors import BadValue
from fieldstone.metadata.calculation import AS_NUMBER
from fieldstone.metadata.field_types.field_type import ORDERED, BadOption, FieldType, Widget
from fieldstone.metadata.field_types.stored import StoredJson
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import Json, JsonSchema

Precision = Annotated[int, Meta(ge=1, le=28)]
Places = Annotated[int, Meta(ge=0, le=12)]

_LARGEST_EXPONENT: Final = 40
_AS_IT_IS: Final = re.compile(r"-?\d{1,18}(\.\d{1,18})?", re.ASCII)
_BLANKS: Final = re.compile(r"[\s'\u2019]")
_PLAIN: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_COMMA_GROUPS: Final = re.compile(r"[+-]?\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?", re.ASCII)
_POINT_GROUPS: Final = re.compile(r"[+-]?\d{1,3}(\.\d{3})*\.\d{3}(,\d*|\.\d{3})", re.ASCII)
_COMMA_DECIMAL: Final = re.compile(r"[+-]?\d*,(\d{1,2}|\d{4,})", re.ASCII)


class DecimalLimits(Protocol):
    """What the options of every exact number say."""

    @property
    def precision(self) -> int:
        """Digits in all."""
        ...

    @property
    def places(self) -> int:
        """Digits after the point."""
        ...

    @property
    def lowest(self) -> Decimal | None:
        """The lowest value allowed, if there is one."""
        ...

    @property
    def highest(self) -> Decimal | None:
        """The highest value allowed, if there is one."""
        ...


@dataclass(frozen=True, slots=True)
class NumberOptions:
    """precision: digits in all, places: those after the point. lowest, highest: both allowed.

    Up to 15 digits the slot's float8 is exact enough to find and order by; with more, the planner
    compares the exact number as well.
    """

    precision: Precision = 15
    places: Places = 2
    lowest: Decimal | None = None
    highest: Decimal | None = None

    def __post_init__(self) -> None:
        check_limits(self)


def check_limits(limits: DecimalLimits) -> None:
    """Refuse limits that contradict each other. Raises BadOption."""
    if limits.places > limits.precision:
        raise BadOption(
            f"{limits.places} places do not fit into {limits.precision} digits.",
            at="/places",
            hint="precision counts all digits, places those after the point.",
        )
    if limits.lowest is not None and limits.highest is not None and limits.lowest > limits.highest:
        raise BadOption(f"{limits.lowest} is over {limits.highest}, the highest.", at="/lowest")


def read_decimal(value: Json) -> Decimal:
    """Give a JSON number as a finite Decimal. Raises BadValue."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise BadValue("This must be a number.", hint="Write it without quotes, such as 12.5.")
    number = Decimal(value)
    if not number.is_finite() or number.adjusted() > _LARGEST_EXPONENT:
        raise BadValue("This number is too large.")
    return number


def parse_decimal(text: str) -> Decimal:
    """Read a number that a person wrote. Raises BadValue.

    Thousands may be set apart by blanks, apostrophes, commas or points; a comma is the decimal
    mark where it cannot be anything else, as in 1.234,50 or 12,5. 1,234 is a thousand and more.
    """
    if _AS_IT_IS.fullmatch(text):
        return Decimal(text)
    plain = _BLANKS.sub("", text)
    if _COMMA_GROUPS.fullmatch(plain):
        plain = plain.replace(",", "")
    elif _POINT_GROUPS.fullmatch(plain):
        plain = plain.replace(".", "").replace(",", ".")
    elif _COMMA_DECIMAL.fullmatch(plain):
        plain = plain.replace(",", ".")
    if not _PLAIN.fullmatch(plain):
        raise BadValue(f"{text[:80]!r} is not a number.", hint="Write 1234.5.")
    return read_decimal(Decimal(plain))


def fit(number: Decimal, limits: DecimalLimits) -> Decimal:
    """Round a number to its places and check digits and bounds. Raises BadValue."""
    try:
        exact = number.quantize(_step(limits.places), rounding=ROUND_HALF_UP)
    except InvalidOperation:
        raise BadValue(f"At most {limits.precision} digits are allowed.") from None
    whole = limits.precision - limits.places
    if exact and exact.adjusted() + 1 > whole:
        raise BadValue(f"{str(number)[:60]} has more than {whole} digits before the point.")
    if limits.lowest is not None and min(number, exact) < limits.lowest:
        told = str(number)[:60]
        raise BadValue(f"{told} is under {limits.lowest}, the lowest value allowed.")
    if limits.highest is not None and max(number, exact) > limits.highest:
        told = str(number)[:60]
        raise BadValue(f"{told} is over {limits.highest}, the highest value allowed.")
    return exact or abs(exact)


@lru_cache(maxsize=64)
def _step(places: int) -> Decimal:
    """Give the least amount of so many places."""
    return Decimal(1).scaleb(-places)


def number_schema(limits: DecimalLimits) -> JsonSchema:
    """Give the JSON Schema of a number within limits."""
    schema: JsonSchema = {"type": "number"}
    if limits.lowest is not None:
        schema["minimum"] = limits.lowest
    if limits.highest is not None:
        schema["maximum"] = limits.highest
    return schema


def encode_decimal(value: Decimal) -> int | Decimal:
    """Give a decimal as its shortest JSON number."""
    whole = value.to_integral_value()
    return int(whole) if value == whole else value.normalize()


class Number(FieldType[NumberOptions, Decimal]):
    """A number, exact to the digit."""

    name = "number"
    label = "Number"
    options_class = NumberOptions
    operators = ORDERED
    calculation = AS_NUMBER
    slot = SlotKind.NUMBER

    def json_schema(self, options: NumberOptions) -> JsonSchema:
        return number_schema(options)

    def accept(self, value: Json, options: NumberOptions) -> Decimal:
        return fit(read_decimal(value), options)

    def parse(self, text: str, options: NumberOptions) -> Decimal:
        return fit(parse_decimal(text), options)

    def accept_operand(self, value: Json, options: NumberOptions) -> Decimal:
        return read_decimal(value)

    def encode(self, value: Decimal) -> Json:
        return encode_decimal(value)

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
