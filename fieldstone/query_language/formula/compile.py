"""A typed expression to SQL.

Entry point: `compile_expression(expression, columns)`. The SQL never raises an error, whatever the
values: where evaluation fails, it is null.

A function asks both for an argument's value and for whether it fails, and each of the two may hold
what the argument is made of: so SQL could double with each level of nesting, as it would with
IFERROR in IFERROR. An expression that grows so is compiled by rows instead: value and failure of
each large part are columns of a row, from which the function around it takes both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias, assert_never

from sqlalchemy import ColumnElement, FromClause, Select, func, select, true

from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.once import is_heavy
from fieldstone.query_language.formula.sql_size import MAX_DEPTH, size_of_both
from fieldstone.query_language.formula.sql_values import blank_sql, constant_sql, null_of
from fieldstone.query_language.formula.typed import (
    Apply,
    Compiled,
    Constant,
    Failure,
    Read,
    Typed,
)
from fieldstone.query_language.functions.function import unless_failed
from fieldstone.query_language.functions.look_up import LookUp, Sought

Columns = Callable[[Read], ColumnElement[Any]]
_InRows: TypeAlias = tuple[Compiled, tuple[FromClause, ...]]
"""An expression over columns of rows, and these rows."""

_LARGE: Final = 2_000
"""Parts of SQL from which on it is worth looking for a shorter form."""


def compile_expression(expression: Typed, columns: Columns) -> Compiled:
    """Give an expression in SQL. columns: gives what a Read is there."""
    found = _compiled(expression, columns)
    parts, _ = size_of_both(found)
    if parts <= _LARGE:
        return found
    other = compile_by_rows(expression, columns)
    other_parts, depth = size_of_both(other)
    return other if other_parts < parts and depth <= MAX_DEPTH else found


def _compiled(expression: Typed, columns: Columns) -> Compiled:
    match expression:
        case Constant(value, shape):
            return Compiled(shape, constant_sql(value, shape.kind))
        case Read(_, shape):
            return Compiled(shape, columns(expression))
        case Apply(_, arguments):
            return _applied(expression, [_compiled(part, columns) for part in arguments], columns)
        case Failure(_, shape):
            return Compiled(shape, null_of(shape.kind), true())
        case _:
            assert_never(expression)


def _applied(expression: Apply, parts: Sequence[Compiled], columns: Columns) -> Compiled:
    function, shape = expression.function, expression.shape
    if not isinstance(function, LookUp):
        return function.compile(parts, shape)
    (key,) = parts
    found = columns(Read(Sought(function.of, key.value), shape))
    if shape.kind.is_never_null:
        found = unless_failed(key.fails, func.coalesce(found, blank_sql(shape.kind)))
    return Compiled(shape, found, key.fails)


def compile_by_rows(expression: Typed, columns: Columns) -> Compiled:
    """Give an expression in SQL that grows with its length, however it is nested."""
    found, rows = _in_rows(expression, columns)
    if not rows:
        return found
    fails = None if found.fails is None else _from(rows, found.fails).scalar_subquery()
    return Compiled(found.shape, _from(rows, found.value).scalar_subquery(), fails)


def _in_rows(expression: Typed, columns: Columns) -> _InRows:
    if not isinstance(expression, Apply):
        return _compiled(expression, columns), ()
    parts, rows = [], []
    for argument in expression.arguments:
        part, below = _in_rows(argument, columns)
        if below or _is_large(part):
            part, row = _named(part, below)
            rows.append(row)
        parts.append(part)
    return _applied(expression, parts, columns), tuple(rows)


def _is_large(part: Compiled) -> bool:
    return is_heavy(part.value) or (part.fails is not None and is_heavy(part.fails))


def _named(part: Compiled, below: Sequence[FromClause]) -> tuple[Compiled, FromClause]:
    """Give value and failure of a part as columns of a row. below: the rows that it reads."""
    labelled = [part.value.label("v")]
    if part.fails is not None:
        labelled.append(part.fails.label("f"))
    # OFFSET keeps PostgreSQL from putting the values back where the columns stand.
    row = _from(below, *labelled).offset(constant(0)).subquery()
    return Compiled(part.shape, row.c.v, None if part.fails is None else row.c.f), row


def _from(rows: Sequence[FromClause], *values: ColumnElement[Any]) -> Select[Any]:
    """Give values that read rows; whatever else they name belongs to the statement around."""
    if not rows:
        return select(*values).correlate_except(None)
    return select(*values).select_from(*rows).correlate_except(*rows)
