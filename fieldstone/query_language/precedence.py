"""Flat lists of operands and operators to trees, in the order in which operators bind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lark import Token

from fieldstone.query_language.errors import TooDeep
from fieldstone.query_language.places import refuse_place
from fieldstone.query_language.syntax import Aggregate, Call, Expression, Operation, Sign

MAX_LEVELS: Final = 100
_ORDERS: Final = (Sign.LESS, Sign.LESS_OR_EQUAL, Sign.GREATER, Sign.GREATER_OR_EQUAL)
# As in formulas; what binds loosest stands first.
LEVELS: Final = (
    frozenset({Sign.OR}),
    frozenset({Sign.AND}),
    frozenset({Sign.EQUAL, Sign.NOT_EQUAL, *_ORDERS}),
    frozenset({Sign.JOIN}),
    frozenset({Sign.ADD, Sign.SUBTRACT}),
    frozenset({Sign.MULTIPLY, Sign.DIVIDE}),
    frozenset({Sign.POWER}),
)
LISTS: Final = frozenset({Sign.OR, Sign.AND, Sign.JOIN})
"""What stands between any number of operands."""

_SIGNS: Final = {sign.value: sign for sign in Sign} | {"==": Sign.EQUAL, "!=": Sign.NOT_EQUAL}


def in_precedence(flat: Sequence[Expression | Token]) -> Expression:
    """Give the tree of operands with an operator between any two. Raises TooDeep."""
    operands: list[Expression] = [part for part in flat[::2] if not isinstance(part, Token)]
    signs = [_SIGNS[str(part)] for part in flat[1::2]]
    if len(signs) >= MAX_LEVELS:
        raise too_deep(operands[0])
    return _tree(operands, signs, 0)


def _tree(operands: list[Expression], signs: list[Sign], level: int) -> Expression:
    if not signs:
        return operands[0]
    while all(sign not in LEVELS[level] for sign in signs):
        level += 1
    ends = [place for place, sign in enumerate(signs) if sign in LEVELS[level]]
    starts = [0, *(end + 1 for end in ends)]
    parts = [
        _tree(operands[start : end + 1], signs[start:end], level + 1)
        for start, end in zip(starts, [*ends, len(signs)], strict=True)
    ]
    if signs[ends[0]] in LISTS:
        return Operation(signs[ends[0]], tuple(parts), parts[0].span)
    found = parts[0]
    for end, part in zip(ends, parts[1:], strict=True):
        found = Operation(signs[end], (found, part), parts[0].span)
    return found


def check_expression(expression: object) -> None:
    """Refuse a place on its own, and what is nested too far; it is looked at level by level.

    Raises BadSyntax, TooDeep.
    """
    refuse_place(expression)
    level, depth = [expression], 0
    while level:
        depth += 1
        if depth > MAX_LEVELS:
            raise too_deep(expression)
        level = [part for node in level for part in _parts(node)]


def _parts(node: object) -> tuple[Expression, ...]:
    match node:
        case Operation(_, parts) | Call(_, parts) | Aggregate(_, parts):
            return parts
        case _:
            return ()


def too_deep(expression: object) -> TooDeep:
    """Give the error for an expression of too many operators."""
    return TooDeep(
        f"An expression has more than {MAX_LEVELS} operators within each other or in a row.",
        at=getattr(expression, "span", None),
        hint="CASE says in one step what many IF say.",
    )
