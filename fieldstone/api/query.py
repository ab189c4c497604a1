"""Endpoints that ask: /api/query, as text or as JSON, by GET or POST."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import MOST_PER_PAGE, BadJson, read_object, text_response
from fieldstone.metadata.values import JsonObject, write_json
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.transactions import Transaction


async def query(request: Request) -> Response:
    """GET or POST /api/query: {object, fields, where, order_by, limit, cursor} or {q, params}."""
    question = _question(await _asked(request))

    async def show(tx: Transaction) -> Response:
        page = await answer(tx, question)
        after, total = write_json(page.next), write_json(page.total)
        records = ",".join(page.records)
        plan = "" if page.plan is None else f', "plan": {write_json(page.plan)}'
        return text_response(f'{{"records": [{records}], "total": {total}, "next": {after}{plan}}}')

    return await database_of(request).ask(tenant_of(request), viewer_of(request), show)


async def _asked(request: Request) -> JsonObject:
    """Read the question from the body, or from the address where there is no body."""
    in_address = dict(request.query_params)
    if "q" in in_address:
        cursor = in_address.get("cursor")
        return {"q": in_address["q"], **({"cursor": cursor} if cursor else {})}
    return await read_object(request)


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


ROUTES: Final = (Route("/api/query", query, methods=["GET", "POST"]),)
