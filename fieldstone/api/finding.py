"""Answers to searches in the search language, at /api/query and at /search."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from fieldstone.api.requests import BadJson, text_response
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.finding import explain, explains_find, find
from fieldstone.runtime.transactions import Transaction


async def answer_find(request: Request, asked: JsonObject) -> Response:
    """Answer {q, params} with {search_records, objects, complete}.

    With explain, or EXPLAIN in front of q, the answer is the plan, in the form of a query's.
    """
    text, params = asked.get("q"), asked.get("params")
    assert isinstance(text, str), "whoever calls this has looked at it"
    for key in asked:
        if key not in ("q", "params", "explain"):
            raise BadJson(
                f"Beside a search there is no {key[:80]}.",
                at=f"/{key[:80]}",
                hint="LIMIT and OFFSET stand in its text.",
            )
    if params is not None and not isinstance(params, Mapping):
        raise BadJson("params must be a JSON object.", at="/params")
    known: Mapping[str, Json] = params or {}
    explains = asked.get("explain", False)
    if not isinstance(explains, bool):
        raise BadJson("explain must be true or false.", at="/explain")
    wants_plan = explains or explains_find(text)

    async def show(tx: Transaction) -> Response:
        if wants_plan:
            return text_response((await explain(tx, text, known)).show())
        return text_response((await find(tx, text, known)).show())

    return await database_of(request).ask(tenant_of(request), viewer_of(request), show)
