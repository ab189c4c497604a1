"""What can be wrong with a query, one class per code."""

from __future__ import annotations

from fieldstone.errors import InvalidInput


class BadSyntax(InvalidInput):
    """The text is not a query."""

    code = "query.syntax"


class TooDeep(InvalidInput):
    """Parentheses or subqueries are nested further than anyone needs."""

    code = "query.too_deep"


class TooLong(InvalidInput):
    """The text is longer than a query may be."""

    code = "query.too_long"
