"""Queries that are asked many times with other parameters: lifted once for each of their shapes.

What of the parameters may change the SQL is a few words. Where they are the words of a time before,
nothing of the query is written anew: its key and the places of its values are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fieldstone.metadata.values import Json
from fieldstone.query_language.lifting import Lifted, Lifter, LiteralReader
from fieldstone.query_language.plan import Literal
from fieldstone.query_language.syntax import Query

_MOST_SHAPES: Final = 20
"""How many shapes of one query are known at a time."""


@dataclass(frozen=True, slots=True)
class _Steps:
    """How the values of a query are read: those that stand in it, and what reads the others."""

    standing: tuple[Literal, ...]
    reads: tuple[tuple[int, LiteralReader], ...]


@dataclass(slots=True)
class QueryForm:
    """A query, with what is known of how it is lifted."""

    query: Query
    _steps: _Steps | None = field(default=None, init=False, repr=False)
    _shapes: dict[tuple[str, ...], Lifted] = field(default_factory=dict, init=False, repr=False)

    def lift(self, params: Mapping[str, Json]) -> Lifted:
        """Take the values out of the query. Raises MissingParameter, TypeMismatch."""
        if self._steps is None:
            return self._wholly(params)
        literals, shape = list(self._steps.standing), []
        for place, read in self._steps.reads:
            literals[place], word = read(params)
            shape.append(word)
        known = self._shapes.get(tuple(shape))
        if known is None:
            return self._wholly(params)
        return Lifted(known.query, known.key, tuple(literals), known.numbers, known.inlined)

    def _wholly(self, params: Mapping[str, Json]) -> Lifted:
        """Write the query anew, and note how, if its values are all that parameters decide."""
        lifter = Lifter(params, in_expressions=True)
        key, literals = lifter.query(self.query), tuple(lifter.literals)
        found = Lifted(self.query, key, literals, lifter.numbers, lifter.inlined)
        if not lifter.is_steady:
            return found
        reads = tuple((n, read) for n, read in enumerate(lifter.readers) if read is not None)
        self._steps = self._steps or _Steps(literals, reads)
        if len(self._shapes) >= _MOST_SHAPES:
            self._shapes.clear()
        self._shapes[tuple(read(params)[1] for _, read in reads)] = found
        return found
