"""Functions whose SQL is null where they fail, so that it names each argument no more than once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func

from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.once import once
from fieldstone.query_language.formula.sql_values import any_of, blank_sql
from fieldstone.query_language.formula.typed import Compiled, Shape
from fieldstone.query_language.functions.function import Plain, unless_failed


class Guarded(Plain):
    """A plain function that fails where its SQL gives null although all arguments are there.

    A text that is blank is not there: the function gives no value for it, in Python too.
    """

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        parts = [argument.value for argument in arguments]
        found = once(parts, self.sql) if self.repeats else self.sql(*parts)
        there = [given for argument in arguments if (given := _given(argument)) is not None]
        wrong = and_(found.is_(None), *there)
        fails = any_of([wrong, *(argument.fails for argument in arguments)])
        if shape.kind.is_never_null:
            found = unless_failed(fails, func.coalesce(found, blank_sql(shape.kind)))
        return Compiled(shape, found, fails)


def within(
    value: ColumnElement[Any], below: ColumnElement[Any], above: ColumnElement[Any]
) -> ColumnElement[Any]:
    """Give a value that lies between two others; null if it does not, and for null.

    PostgreSQL's greatest and least pass over null, which is why null becomes below, and null again.
    """
    cut = func.least(func.greatest(value, below), above)
    return func.nullif(func.nullif(cut, below), above, type_=value.type)


def clamped(number: ColumnElement[Any], low: int, high: int) -> ColumnElement[Any]:
    """Give a whole number from low - 1 to high + 1, in place of smaller and larger ones.

    It is an integer, and null for null, which least and greatest would pass over.
    """
    buckets = constant(high + 1 - low)
    bucket = func.width_bucket(func.trunc(number), constant(low), constant(high + 1), buckets)
    return bucket + constant(low - 1)


def _given(argument: Compiled) -> ColumnElement[bool] | None:
    """Give the test that an argument has a value; None if it always has."""
    if argument.kind.is_text:
        return func.nullif(argument.value, constant("")).is_not(None)
    if argument.kind is Kind.BOOLEAN or argument.kind is Kind.CHOICES:
        return None
    return argument.value.is_not(None)
