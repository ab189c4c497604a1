"""A typed expression to SQL.

Entry point: `compile_expression(expression, columns)`. The SQL never raises an error, whatever the
values: where evaluation fails, it is null.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, assert_never

from sqlalchemy import ColumnElement, true

from fieldstone.query_language.formula.sql_values import constant_sql, null_of
from fieldstone.query_language.formula.typed import (
    Apply,
    Compiled,
    Constant,
    Failure,
    Read,
    Typed,
)

Columns = Callable[[Read], ColumnElement[Any]]


def compile_expression(expression: Typed, columns: Columns) -> Compiled:
    """Give an expression in SQL. columns: gives what a Read is there."""
    match expression:
        case Constant(value, shape):
            return Compiled(shape, constant_sql(value, shape.kind))
        case Read(_, shape):
            return Compiled(shape, columns(expression))
        case Apply(function, arguments, shape):
            parts = [compile_expression(part, columns) for part in arguments]
            return function.compile(parts, shape)
        case Failure(_, shape):
            return Compiled(shape, null_of(shape.kind), true())
        case _:
            assert_never(expression)
