"""Operators of comparisons as SQL."""

from __future__ import annotations

from typing import Any, assert_never

from sqlalchemy import ColumnElement

from fieldstone.query_language.syntax import Operator


def compared(
    left: ColumnElement[Any], operator: Operator, right: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Give the test of a value against a constant, which is none that is missing."""
    match operator:
        case Operator.EQUAL:
            found = left == right
        case Operator.NOT_EQUAL:
            found = left.is_distinct_from(right)
        case Operator.LESS:
            found = left < right
        case Operator.LESS_OR_EQUAL:
            found = left <= right
        case Operator.GREATER:
            found = left > right
        case Operator.GREATER_OR_EQUAL:
            found = left >= right
        case Operator.LIKE:
            raise AssertionError("LIKE is a Pattern")
        case _:
            assert_never(operator)
    return found


def compared_alike(
    left: ColumnElement[Any], operator: Operator, right: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Give the test of two values, each of which may be missing."""
    if operator is Operator.EQUAL:
        return left.is_not_distinct_from(right)
    return compared(left, operator, right)
