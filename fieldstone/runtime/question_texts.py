"""Questions as they are sent, read into trees: those of one form are parsed once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from fieldstone.errors import InvalidInput
from fieldstone.metadata.values import Json, JsonObject, write_json
from fieldstone.query_language.errors import BadQuery
from fieldstone.query_language.json_form import query_asked
from fieldstone.query_language.lifted_forms import QueryForm
from fieldstone.query_language.parse import parse_query
from fieldstone.query_language.syntax import Query
from fieldstone.query_language.templates import LONGEST, template_of

_PARSED: Final = 500
_EXPLAINS: Final = re.compile(r"\s*EXPLAIN(?=\s+SELECT(?!\w))", re.IGNORECASE)


def length_of(asked: JsonObject) -> int:
    """Give how many characters a question has, as text or as JSON."""
    text = asked.get("q")
    return len(text if isinstance(text, str) else write_json(asked))


@dataclass(frozen=True, slots=True)
class AskedText:
    """A query as it was read.

    taken: the values that were taken out of its text. written: gives it as it was written, where
    that is another one. form: the query, where it is kept.
    """

    query: Query
    taken: Mapping[str, Json] = field(default_factory=dict)
    written: Callable[[], Query] | None = None
    form: QueryForm | None = None


def query_of(asked: JsonObject) -> AskedText:
    """Read {q, params} or a query as JSON. Raises BadSyntax and BadQuery."""
    text = asked.get("q")
    if text is None:
        return _from_json(asked)
    if not isinstance(text, str):
        raise BadQuery("q must be a text.", at="/q")
    for key in asked:
        if key not in ("q", "params", "cursor", "limit", "explain"):
            raise BadQuery(f"Beside q there is no {key[:80]}.", at=f"/{key[:80]}")
    return read_text(text)


def _from_json(asked: JsonObject) -> AskedText:
    where = asked.get("where")
    template = template_of(where, words=True) if isinstance(where, str) else None
    if template is None:
        return AskedText(query_asked(asked))
    try:
        query = query_asked({**asked, "where": template.text})
    except InvalidInput:
        return AskedText(query_asked(asked))
    return AskedText(query, template.params, lambda: query_asked(asked))


def read_text(text: str) -> AskedText:
    """Give the tree of a text; clients send texts of few forms, and many times each."""
    template = template_of(text, words=False)
    form = _parse_form(template.text) if template else None
    if template is not None and form is not None:
        return AskedText(form.query, template.params, lambda: parse_query(text), form)
    if len(text) > LONGEST:
        return AskedText(parse_query(text))
    short = _parse_short(text)
    return AskedText(short.query, form=short)


@lru_cache(maxsize=_PARSED)
def _parse_form(text: str) -> QueryForm | None:
    """Give the tree of a template; None if it is no query."""
    try:
        return QueryForm(parse_query(text))
    except InvalidInput:
        return None


@lru_cache(maxsize=_PARSED)
def _parse_short(text: str) -> QueryForm:
    return QueryForm(parse_query(text))


def without_explain(text: str) -> tuple[str, bool]:
    """Give a text with blanks for the word EXPLAIN in front of it, and whether it stood there."""
    found = _EXPLAINS.match(text)
    return (" " * found.end() + text[found.end() :], True) if found else (text, False)
