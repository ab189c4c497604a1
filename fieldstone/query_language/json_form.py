"""Queries as JSON: {object, fields, where, order_by, as_of} becomes the tree that text becomes.

Entry point: `query_from_json`. fields and order_by are a text or a list of texts, where a text.
Unlike in text, rows without a sort key come last unless the order says otherwise, so that a list
sorted by an amount begins with amounts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fieldstone.errors import FieldstoneError, Span
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.query_language.errors import BadQuery
from fieldstone.query_language.parse import (
    parse_condition,
    parse_instant,
    parse_items,
    parse_order,
    parse_path,
)
from fieldstone.query_language.syntax import (
    Condition,
    FieldGroup,
    Item,
    NullsPlace,
    Order,
    Path,
    Query,
    SelectItem,
    Source,
)

KEYS: Final = (
    *("object", "fields", "where", "order_by", "as_of", "limit", "cursor", "params", "offset"),
    "explain",
)
MAX_FIELDS: Final = 1_000


def query_from_json(asked: JsonObject) -> Query:
    """Give the query that a JSON object asks. limit and cursor are the caller's to read.

    Raises BadQuery at a JSON pointer; errors in a text have their place within that text.
    """
    for key in asked:
        if key not in KEYS:
            raise BadQuery(
                f"A query has no {key[:80]}.", at=f"/{key[:80]}", hint=suggestion(key, KEYS)
            )
    name = asked.get("object")
    if not isinstance(name, str):
        raise BadQuery(
            "A query needs an object.", at="/object", hint='Name it, such as "object": "Contact".'
        )
    return build_query(
        name,
        fields=_texts(asked.get("fields"), "/fields"),
        where=_text(asked.get("where"), "/where"),
        order_by=", ".join(_texts(asked.get("order_by"), "/order_by") or ()) or None,
        as_of=_text(asked.get("as_of"), "/as_of"),
    )


def build_query(
    name: str,
    *,
    fields: list[str] | None = None,
    where: str | None = None,
    order_by: str | None = None,
    as_of: str | None = None,
) -> Query:
    """Give the query for records of an object. fields: all if None. Raises BadSyntax."""
    path = parse_path(name)
    return Query(
        select=_items(fields),
        source=Source(path, span=path.span),
        as_of=parse_instant(as_of) if as_of and as_of.strip() else None,
        where=_condition(where),
        order_by=nulls_last(parse_order(order_by)) if order_by and order_by.strip() else (),
        span=path.span,
    )


def nulls_last(order_by: tuple[Order, ...]) -> tuple[Order, ...]:
    """Give sort keys that put rows without a value last unless they say otherwise."""
    return tuple(
        order if order.nulls is not None else replace(order, nulls=NullsPlace.LAST)
        for order in order_by
    )


def _condition(where: str | None) -> Condition | None:
    return parse_condition(where) if where and where.strip() else None


def _items(fields: list[str] | None) -> tuple[Item, ...]:
    if fields is None:
        return (FieldGroup("ALL"),)
    if not fields:
        return (SelectItem(Path(("id",))),)
    if len(fields) > MAX_FIELDS:
        raise BadQuery(f"A query shows at most {MAX_FIELDS} fields.", at="/fields")
    items: list[Item] = []
    for number, text in enumerate(fields):
        try:
            items.extend(parse_items(text))
        except FieldstoneError as error:
            problem = error.problem
            place = problem.at if isinstance(problem.at, Span) else None
            details = None if place is None else {"column": place.column}
            raise type(error)(
                problem.message, at=f"/fields/{number}", hint=problem.hint, details=details
            ) from None
    return tuple(items)


def _text(value: Json, pointer: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise BadQuery(f"{pointer[1:]} must be a text.", at=pointer)


def _texts(value: Json, pointer: str) -> list[str] | None:
    if value is None:
        return None
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, list | tuple):
        texts = [text for text in value if isinstance(text, str)]
        if len(texts) == len(value):
            return texts
    raise BadQuery(f"{pointer[1:]} must be a list of texts.", at=pointer)
