"""Searches as text: parse_find(render_find(f)) == f."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from fieldstone.query_language.finding.syntax import (
    FieldsSearched,
    Find,
    FindWith,
    Options,
    Returned,
    SearchText,
    Setting,
)
from fieldstone.query_language.finding.text import render_search_text
from fieldstone.query_language.render import Writer, render_value, render_with
from fieldstone.query_language.syntax import AccessMode, Bind, DataCategory, Query


def render_find(find: Find) -> str:
    """Give the text of a search, on one line."""
    return FindWriter().find(find)


class FindWriter(Writer):
    """Writes searches. A subclass may write values otherwise, as lifting does."""

    def find(self, find: Find) -> str:
        """Give the text of a search."""
        return " ".join(self._clauses(find))

    def sought(self, sought: SearchText | Bind) -> str:
        """Give the text of what is sought."""
        return (
            self.value(sought) if isinstance(sought, Bind) else f"{{{render_search_text(sought)}}}"
        )

    def returned(self, returned: Returned) -> str:
        """Give the text of what is returned of one object."""
        query, name = returned.query, returned.query.source.path.text
        if not query.select:
            return name
        parts = [self.items(query)]
        if query.where is not None:
            parts.append(f"WHERE {self.condition(query.where)}")
        if returned.list_view is not None:
            parts.append(f"USING LISTVIEW = {returned.list_view}")
        if query.order_by:
            parts.append(f"ORDER BY {self.order(query.order_by)}")
        parts.extend(self._counts(query))
        return f"{name}({' '.join(parts)})"

    def find_count(self, find: Find) -> str:
        """Give the text of the number behind the LIMIT of the whole search."""
        assert find.limit is not None
        return str(find.limit) if isinstance(find.limit, int) else self.value(find.limit)

    def _clauses(self, find: Find) -> Iterator[str]:
        yield f"FIND {self.sought(find.sought)}"
        if find.fields is not FieldsSearched.ALL:
            yield f"IN {find.fields} FIELDS"
        if find.returning:
            yield f"RETURNING {', '.join(self.returned(one) for one in find.returning)}"
        yield from (_with(clause) for clause in find.with_clauses)
        if find.limit is not None:
            yield f"LIMIT {self.find_count(find)}"
        if find.updates:
            yield f"UPDATE {', '.join(find.updates)}"

    def _counts(self, query: Query) -> Iterator[str]:
        if query.limit is not None:
            yield f"LIMIT {self.count(query, 'LIMIT')}"
        if query.offset is not None:
            yield f"OFFSET {self.count(query, 'OFFSET')}"


def _with(clause: FindWith) -> str:
    match clause:
        case AccessMode() | DataCategory():
            return render_with(clause)
        case Options(name, options):
            pairs = (f"{option} = {render_value(value)}" for option, value in options)
            return f"WITH {name} ({', '.join(pairs)})"
        case Setting(name, operator, values):
            listed = ", ".join(render_value(value) for value in values)
            behind = {"": "", "=": f" = {listed}", "IN": f" IN ({listed})"}[operator]
            return f"WITH {name}{behind}"
        case _:
            assert_never(clause)
