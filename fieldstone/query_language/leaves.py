"""What the calculated values of a plan read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from fieldstone.query_language.formula.typed import Apply, Constant, Failure, Read, Typed
from fieldstone.query_language.plan import Leaf, RolledUp


def leaves(expression: Typed | None) -> Iterator[Leaf | RolledUp]:
    """Yield what an expression reads of the rows of its sources."""
    match expression:
        case Read((Leaf() | RolledUp()) as leaf):
            yield leaf
        case Apply(_, arguments):
            for part in arguments:
                yield from leaves(part)
        case None | Read() | Constant() | Failure():
            return
        case _:
            assert_never(expression)
