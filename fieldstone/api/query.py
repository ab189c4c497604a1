"""Endpoints that ask: /api/query, as text or as JSON, by GET or POST; and what translates both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from msgspec import DecodeError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.answer_forms import MANNERS, read_manner
from fieldstone.api.files import download_headers
from fieldstone.api.finding import answer_find
from fieldstone.api.requests import (
    MOST_PER_PAGE,
    BadJson,
    BadParameter,
    json_response,
    read_object,
    text_response,
)
from fieldstone.api.streams import streamed
from fieldstone.metadata.values import Json, JsonObject, read_json, write_json
from fieldstone.query_language.translation import translated
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.finding import is_find
from fieldstone.runtime.long_texts import worked_out
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.question_texts import length_of
from fieldstone.runtime.transactions import Transaction

_DEEPEST: Final = 500
"""A tree of 210 levels takes up to two of JSON for each."""


async def query(request: Request) -> Response:
    """GET or POST /api/query: {object, fields, where, order_by, as_of, limit} or {q, params}.

    where is a condition as text, or a filter as JSON. With explain the answer is the plan.
    The answer is a page of JSON, or all of it as a stream: format says ndjson, csv or xlsx, or
    Accept does. headers (names, labels) and end (whether NDJSON has a last line) belong to those.
    Where q is a search, from FIND on, the answer is {search_records, objects, complete}.
    """
    asked = await _asked(request)
    text = asked.get("q")
    if isinstance(text, str) and is_find(text):
        return await answer_find(request, asked)
    written, asked = read_manner(request, asked)
    question = await worked_out(partial(_question, asked), length_of(asked))
    if written is not None:
        title = question.query.source.path.names[-1]
        form = replace(written, title=title)
        return streamed(request, question, form, download_headers(f"{title}.{form.kind}"))

    async def show(tx: Transaction) -> Response:
        return text_response((await answer(tx, question)).show())

    return await database_of(request).ask(tenant_of(request), viewer_of(request), show)


async def translate(request: Request) -> Response:
    """POST /api/query/translate: a filter or a query, as text or as JSON, in both forms.

    {"filter": …} gives {filter, text}, {"query": …} gives {query, text}. Names are not looked up.
    """
    body = await read_object(request, deepest=_DEEPEST)
    return json_response(await worked_out(partial(translated, body), len(write_json(body))))


async def _asked(request: Request) -> JsonObject:
    """Read the question from the body, or from the address where there is no body."""
    in_address = dict(request.query_params)
    if "q" not in in_address:
        return {**await read_object(request, deepest=_DEEPEST), **_known(in_address, MANNERS)}
    asked: JsonObject = _known(in_address, ("q", "cursor", *MANNERS))
    return {**asked, "params": _params(in_address["params"])} if "params" in in_address else asked


def _known(in_address: Mapping[str, str], names: Iterable[str]) -> dict[str, Json]:
    return {name: in_address[name] for name in names if in_address.get(name)}


def _params(text: str) -> Json:
    try:
        return read_json(text)
    except (DecodeError, RecursionError, ValueError) as error:
        raise BadParameter(
            f"params is not JSON: {error}.", at="/params", hint='Write params={"name": "value"}.'
        ) from error


def _question(asked: JsonObject) -> Question:
    limit = asked.get("limit")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int)):
        raise BadJson("limit must be a whole number.", at="/limit")
    if isinstance(limit, int) and not 0 <= limit <= MOST_PER_PAGE and "q" not in asked:
        raise BadJson(f"limit must be from 0 to {MOST_PER_PAGE}.", at="/limit")
    cursor = asked.get("cursor")
    if cursor is not None and not isinstance(cursor, str):
        raise BadJson("cursor must be a text.", at="/cursor")
    return Question.from_json(asked)


ROUTES: Final = (
    Route("/api/query", query, methods=["GET", "POST"]),
    Route("/api/query/translate", translate, methods=["POST"]),
)
