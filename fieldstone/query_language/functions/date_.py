"""DATE: the day of a year, a month and a day in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.typed import Failed, Shape
from fieldstone.query_language.functions.function import NUMBER, Category, Takes
from fieldstone.query_language.functions.guarded import Guarded
from fieldstone.query_language.functions.moments import FIRST_DAY, LAST_DAY
from fieldstone.query_language.functions.written_moments import day_of_text_sql


class MakeDate(Guarded):
    """The date of a year, a month and a day; fractions do not count, and no such date fails."""

    name = "DATE"
    category = Category.DATE
    takes = (Takes("year", NUMBER), Takes("month", NUMBER), Takes("day", NUMBER))
    examples = (("DATE(2028, 2, 29)", "2028-02-29"), ("DATE(2026, 1, 31) + 1", "2026-02-01"))

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.DATE)

    def value(self, year: Decimal, month: Decimal, day: Decimal) -> Value:
        try:
            found = date(int(year), int(month), int(day))
        except (ValueError, OverflowError):
            raise Failed("There is no such date.") from None
        if not FIRST_DAY <= found <= LAST_DAY:
            raise Failed("The date lies outside the years 1700 to 4000.")
        return found

    def sql(
        self, year: ColumnElement[Any], month: ColumnElement[Any], day: ColumnElement[Any]
    ) -> ColumnElement[Any]:
        parts = [cast(func.trunc(number), Text) for number in (year, month, day)]
        dash = constant("-")
        return day_of_text_sql(parts[0].concat(dash).concat(parts[1]).concat(dash).concat(parts[2]))
