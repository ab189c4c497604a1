"""What sort of query it is: one that counts, one of groups, or one of records."""

from __future__ import annotations

from fieldstone.query_language.errors import BadQuery
from fieldstone.query_language.of_aggregates import has_aggregates
from fieldstone.query_language.syntax import (
    Aggregate,
    GroupBy,
    Grouping,
    Query,
    SelectItem,
)


def counts_rows(query: Query) -> bool:
    """Tell whether a query counts its rows and shows none. Raises BadQuery."""
    match query.select:
        case (SelectItem(expression=Aggregate(arguments=())),):
            if query.group_by is not None:
                raise BadQuery(
                    "COUNT() counts all rows, not groups.", at=query.span, hint="Write COUNT(id)."
                )
            return True
        case _:
            return False


def grouping_of(query: Query) -> GroupBy | None:
    """Give what the rows of a query are grouped by; DISTINCT groups them by all that is shown."""
    if not query.distinct:
        return query.group_by
    if query.group_by is not None or has_aggregate(query):
        raise BadQuery("DISTINCT and groups do not go together.", at=query.span)
    expressions = []
    for item in query.select:
        if not isinstance(item, SelectItem):
            raise BadQuery("DISTINCT takes fields and expressions alone.", at=item.span)
        expressions.append(item.expression)
    return GroupBy(tuple(expressions), Grouping.PLAIN, query.span)


def has_aggregate(query: Query) -> bool:
    """Tell whether a query shows an aggregate."""
    return any(
        isinstance(item, SelectItem)
        and (isinstance(item.expression, Aggregate) or has_aggregates(item.expression))
        for item in query.select
    )
