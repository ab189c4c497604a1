"""Turns the parser's reductions for FIND into nodes, beside those for queries."""

from __future__ import annotations

from typing import Any

from lark import Token

from fieldstone.query_language._builder import Builder, Children, check_items, count_node, path_of
from fieldstone.query_language.errors import BadSyntax
from fieldstone.query_language.finding.syntax import (
    FieldsSearched,
    Find,
    Options,
    Returned,
    SearchText,
    Setting,
)
from fieldstone.query_language.finding.text import parse_search_text
from fieldstone.query_language.literals import bind_of, span_of, value_of
from fieldstone.query_language.syntax import Bind, Query, Source, Text, Value


class FindBuilder(Builder):
    """Builds the nodes of queries and of FIND."""

    def find(self, children: Children) -> Find:
        """Put the clauses together."""
        sought, fields, returning, withs, limit, updates = children
        return Find(
            sought=sought,
            fields=fields,
            returning=returning,
            with_clauses=withs,
            limit=limit,
            updates=updates,
            span=sought.span,
        )

    def sought(self, children: Children) -> SearchText | Bind:
        """Read what is sought: in braces, in quotes, or a bind."""
        token: Token = children[0]
        if token.type == "BIND":
            return bind_of(token)
        if token.type == "TEXT":
            text = value_of(token)
            assert isinstance(text, Text)
            return parse_search_text(text.value, text.span, literally=False)
        at = span_of(token)
        inside = type(at)(at.line, at.column + 1, max(at.length - 2, 1))
        return parse_search_text(str(token)[1:-1], inside, literally=True)

    def group_of_fields(self, children: Children) -> FieldsSearched:
        """Read IN … FIELDS."""
        return FieldsSearched(children[1].upper()) if children else FieldsSearched.ALL

    def returning(self, children: Children) -> tuple[Returned, ...]:
        """Read RETURNING."""
        return tuple(children)

    def returned(self, children: Children) -> Returned:
        """Read one object of RETURNING."""
        path = path_of(children[0])
        source = Source(path, span=path.span)
        if len(children) == 1:
            return Returned(Query((), source, span=path.span), span=path.span)
        _, items, where, view, orders, limit, offset = children
        check_items(items, grouped=False)
        query = Query(
            select=tuple(node for node, _ in items),
            source=source,
            where=where,
            order_by=orders,
            limit=limit,
            offset=offset,
            span=path.span,
        )
        return Returned(query, view, path.span)

    def list_view(self, children: Children) -> str | None:
        """Read USING ListView."""
        if not children:
            return None
        operator, name = children
        _check_equals("ListView", operator)
        return str(name)

    def find_limit(self, children: Children) -> int | Bind | None:
        """Read LIMIT."""
        return count_node(children[0]) if children else None

    def find_withs(self, children: Children) -> tuple[Any, ...]:
        """Read the WITH clauses."""
        return tuple(children)

    def find_word(self, children: Children) -> Setting:
        """Read WITH and one word."""
        return Setting(children[0].upper(), span=span_of(children[0]))

    def find_setting(self, children: Children) -> Setting:
        """Read WITH name = value."""
        name, operator, value = children
        _check_equals(name, operator)
        return Setting(name.upper(), "=", (value,), span_of(name))

    def find_list(self, children: Children) -> Setting:
        """Read WITH name IN (values)."""
        name, _, *values = children
        return Setting(name.upper(), "IN", tuple(values), span_of(name))

    def find_options(self, children: Children) -> Options:
        """Read WITH name (option = value)."""
        name, *options = children
        known: list[tuple[str, Value]] = [(option.lower(), value) for option, value in options]
        return Options(name.upper(), tuple(known), span_of(name))

    def find_updates(self, children: Children) -> tuple[str, ...]:
        """Read what UPDATE names."""
        return tuple(token.upper() for token in children)


def _check_equals(name: str, operator: Token) -> None:
    if operator != "=":
        raise BadSyntax(f"Expected = after {name}, found {operator}.", at=span_of(operator))
