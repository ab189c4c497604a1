"""CASE: the result behind the first value that an expression is equal to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, false

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.sql_values import any_of
from fieldstone.query_language.formula.typed import Compiled, Misused, Shape, Thunk, Typed
from fieldstone.query_language.functions.choice import as_results, shape_of_choice
from fieldstone.query_language.functions.equal import alike, check_alike
from fieldstone.query_language.functions.function import (
    ANY,
    Category,
    Function,
    Takes,
    unless_failed,
)

_FEWEST = 4


class Case(Function):
    """The result behind the first value that the expression equals; the last one if none does."""

    name = "CASE"
    category = Category.LOGIC
    takes = (
        Takes("expression", ANY),
        Takes("value", ANY),
        Takes("result", ANY),
        Takes("more", ANY, repeats=True),
    )
    examples = (
        ("CASE(2, 1, 'January', 2, 'February', 'later')", "February"),
        ("CASE('x', 'a', 1, 'b', 2, 0)", "0"),
    )

    def adapt(self, arguments: Sequence[Typed]) -> Sequence[Typed]:
        if len(arguments) % 2 or len(arguments) < _FEWEST:
            return arguments
        first, *values = alike([arguments[0], *arguments[1:-1:2]])
        results = as_results([*arguments[2:-1:2], arguments[-1]])
        pairs = zip(values, results, strict=False)
        return [first, *(part for pair in pairs for part in pair), results[-1]]

    def result(self, shapes: Sequence[Shape]) -> Shape:
        if len(shapes) % 2:
            raise Misused(
                "takes an expression, pairs of a value and a result, and a result for the rest."
            )
        check_alike([shapes[0], *shapes[1:-1:2]])
        return shape_of_choice([*shapes[2:-1:2], shapes[-1]])

    def evaluate(self, arguments: Sequence[Thunk], shape: Shape) -> Value:
        # All values are worked out, so that one that fails does so whatever stands before it.
        found, *values = [argument() for argument in (arguments[0], *arguments[1:-1:2])]
        for value, result in zip(values, arguments[2:-1:2], strict=True):
            if value == found:
                return result()
        return arguments[-1]()

    def compile(self, arguments: Sequence[Compiled], shape: Shape) -> Compiled:
        first, values = arguments[0], arguments[1:-1:2]
        results, otherwise = arguments[2:-1:2], arguments[-1]
        tests = [
            first.value == value.value
            if first.kind.is_never_null
            else first.value.is_not_distinct_from(value.value)
            for value in values
        ]
        found = case(
            *((test, result.value) for test, result in zip(tests, results, strict=True)),
            else_=otherwise.value,
        )
        compared = any_of([first.fails, *(value.fails for value in values)])
        fails = compared
        if any(result.fails is not None for result in (*results, otherwise)):
            chosen = case(
                *(
                    (test, false() if result.fails is None else result.fails)
                    for test, result in zip(tests, results, strict=True)
                ),
                else_=false() if otherwise.fails is None else otherwise.fails,
            )
            fails = any_of([compared, chosen])
        return Compiled(shape, unless_failed(compared, found), fails)
