"""NOW, TODAY and TIMENOW: the moment in which a formula is worked out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from typing import Any

from sqlalchemy import ColumnElement

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.function import Category
from fieldstone.query_language.functions.of_moment import NOW, TIME, TODAY, OfMoment


class Current(OfMoment):
    """What the three share: they give what they read."""

    category = Category.DATE
    is_steady = False

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return self.reads.shape

    def value(self, moment: date | time) -> Value:
        return moment

    def sql(self, moment: ColumnElement[Any]) -> ColumnElement[Any]:
        return moment


class Now(Current):
    """The instant in which the formula is worked out."""

    name = "NOW"
    reads = NOW


class Today(Current):
    """The viewer's day in which the formula is worked out."""

    name = "TODAY"
    reads = TODAY


class TimeNow(Current):
    """The time of day, in UTC, in which the formula is worked out."""

    name = "TIMENOW"
    reads = TIME
