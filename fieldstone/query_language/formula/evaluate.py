"""A typed expression to its value, in memory.

Entry point: `evaluate(expression, read)`. What PostgreSQL gives for the same expression is the
same value; where one fails, so does the other.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, localcontext
from functools import partial
from typing import Final, assert_never

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.sql_values import blank_of
from fieldstone.query_language.formula.typed import Apply, Constant, Failed, Failure, Read, Typed
from fieldstone.query_language.functions.look_up import LookUp, Sought

_EXACT: Final = Context(prec=3_000)
"""Enough for sums and products of the largest numbers that an expression may have (sizes.py)."""

Reading = Callable[[object], Value]


def evaluate(expression: Typed, read: Reading) -> Value:
    """Give the value of an expression. read: gives what a Read means. Raises Failed."""
    with localcontext(_EXACT):
        return _value(expression, read)


def _value(expression: Typed, read: Reading) -> Value:
    match expression:
        case Constant(value):
            return value
        case Read(source):
            return read(source)
        case Apply(LookUp(of), (argument,), shape):
            key = _value(argument, read)
            return blank_of(shape.kind) if key in (None, "") else read(Sought(of, key))
        case Apply(function, arguments, shape):
            return function.evaluate([partial(_value, part, read) for part in arguments], shape)
        case Failure(why):
            raise Failed(why)
        case _:
            assert_never(expression)
