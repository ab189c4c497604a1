"""Percent: an exact share, kept as a JSON number that counts hundredths of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, Numeric, cast

from fieldstone.metadata.calculation import AS_PERCENT
from fieldstone.metadata.field_types.field_type import ORDERED, FieldType, Widget
from fieldstone.metadata.field_types.number import (
    Places,
    Precision,
    check_limits,
    encode_decimal,
    fit,
    number_schema,
    parse_decimal,
    read_decimal,
)
from fieldstone.metadata.field_types.stored import StoredJson
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import Json, JsonSchema


@dataclass(frozen=True, slots=True)
class PercentOptions:
    """places: digits after the point, precision: digits in all.

    lowest, highest: both allowed, in percent; null for no bound.
    """

    precision: Precision = 15
    places: Places = 2
    lowest: Decimal | None = Decimal(0)
    highest: Decimal | None = Decimal(100)

    def __post_init__(self) -> None:
        check_limits(self)


class Percent(FieldType[PercentOptions, Decimal]):
    """A share of a whole, such as a discount: 12.5 is 12.5 %; exact to the digit."""

    name = "percent"
    label = "Percent"
    options_class = PercentOptions
    operators = ORDERED
    calculation = AS_PERCENT
    slot = SlotKind.NUMBER

    def json_schema(self, options: PercentOptions) -> JsonSchema:
        return number_schema(options)

    def accept(self, value: Json, options: PercentOptions) -> Decimal:
        return fit(read_decimal(value), options)

    def parse(self, text: str, options: PercentOptions) -> Decimal:
        return fit(parse_decimal(text.strip().removesuffix("%")), options)

    def accept_operand(self, value: Json, options: PercentOptions) -> Decimal:
        return read_decimal(value)

    def encode(self, value: Decimal) -> Json:
        return encode_decimal(value)

    def decode(self, stored: Json) -> Decimal:
        assert isinstance(stored, int | Decimal)
        return Decimal(stored)

    def slot_value(self, value: Decimal, options: PercentOptions) -> float:
        return float(value)

    def sql(self, stored: StoredJson, options: PercentOptions) -> ColumnElement[Decimal]:
        return cast(stored.astext, Numeric)

    def sql_operand(self, value: Decimal, options: PercentOptions) -> Decimal:
        return value

    def show(self, value: Decimal, options: PercentOptions) -> str:
        return f"{value:,.{options.places}f} %"

    def widget(self, options: PercentOptions) -> Widget:
        return Widget("decimal", {"places": options.places, "suffix": "%"})
