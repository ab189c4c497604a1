"""How much SQL a formula makes, and how deep it is nested: known before it is asked.

Some functions name their arguments several times, and then SQL grows faster than the formula. What
PostgreSQL or SQLAlchemy would take too long for is refused when the formula is written.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, func

from fieldstone.query_language.formula.compile import compile_expression
from fieldstone.query_language.formula.errors import FormulaTooLarge
from fieldstone.query_language.formula.sql_size import MAX_DEPTH, weigh
from fieldstone.query_language.formula.sql_values import null_of
from fieldstone.query_language.formula.typed import Apply, Read, Typed

MAX_PARTS: Final = 20_000
"""About 100 KB of SQL, which SQLAlchemy writes in less than a second."""

_SMALL: Final = 8
"""So few functions are neither too many nor too deep, whatever they are."""


def check_weight(expression: Typed) -> None:
    """Refuse a formula whose SQL is too long or too deep. Raises FormulaTooLarge."""
    if is_small(expression):
        return
    compiled = compile_expression(expression, _stand_in)
    for part in (compiled.value, compiled.fails):
        if part is None:
            continue
        parts, depth = weigh(part)
        if parts > MAX_PARTS or depth > MAX_DEPTH:
            raise FormulaTooLarge(
                "The formula is too laborious for the database.",
                hint="Nest fewer functions in each other, or let fields hold intermediate results.",
            )


def is_small(expression: Typed) -> bool:
    """Tell whether an expression has so few functions that there is no need to weigh it."""
    waiting, functions = [expression], 0
    while waiting and functions <= _SMALL:
        one = waiting.pop()
        if isinstance(one, Apply):
            functions += 1
            waiting.extend(one.arguments)
    return functions <= _SMALL


def _stand_in(read: Read) -> ColumnElement[Any]:
    """Give something as large as a field is."""
    null = null_of(read.shape.kind)
    return func.coalesce(func.coalesce(null, null), null)
