"""Filters and queries from text to JSON and back: both forms of whichever was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from fieldstone.errors import FieldstoneError
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.query_language.errors import BadForm
from fieldstone.query_language.json_form import (
    filter_from_json,
    filter_to_json,
    query_from_json,
    query_to_json,
)
from fieldstone.query_language.parse import parse_condition, parse_query
from fieldstone.query_language.render import render_condition, render_query

T = TypeVar("T")
_KINDS: Final = ("filter", "query")


def translated(said: JsonObject) -> JsonObject:
    """Give {filter, text} of {filter}, or {query, text} of {query}; each is given as text or JSON.

    Raises BadForm and its like at a pointer; the errors of a text with their place within it.
    """
    for key in said:
        if key not in _KINDS:
            hint = suggestion(key[:80], _KINDS) or "Send a filter or a query."
            raise BadForm(f"{key[:80]} is not known here.", at=f"/{key[:80]}", hint=hint)
    match said:
        case {"filter": given, **others} if not others:
            return _filter(given)
        case {"query": given, **others} if not others:
            return _query(given)
        case _:
            raise BadForm("There is one filter or one query.", at="", hint='Write {"filter": …}.')


def _filter(given: Json) -> JsonObject:
    if isinstance(given, str):
        read = parse_condition(given)
        return {"filter": filter_to_json(read), "text": render_condition(read)}
    found = filter_from_json(given, "/filter")
    text = render_condition(found)
    if _read_back(text, parse_condition) != found:
        raise _unspeakable("/filter")
    return {"filter": filter_to_json(found), "text": text}


def _query(given: Json) -> JsonObject:
    if isinstance(given, str):
        read = parse_query(given)
        return {"query": query_to_json(read), "text": render_query(read)}
    found = query_from_json(given, "/query")
    text = render_query(found)
    back = _read_back(text, parse_query)
    # A bare word of a condition stands quoted in a query, and so is compared as text.
    if back is None or render_query(back) != text:
        raise _unspeakable("/query")
    return {"query": query_to_json(found), "text": text}


def _read_back(text: str, parse: Callable[[str], T]) -> T | None:
    """Read what was rendered; None if it is no text of the language."""
    try:
        return parse(text)
    except FieldstoneError:
        return None


def _unspeakable(pointer: str) -> BadForm:
    return BadForm(
        "No text says this.",
        at=pointer,
        hint="A name is a word of the language, such as NOT, or it is nested more than 50 deep.",
    )
