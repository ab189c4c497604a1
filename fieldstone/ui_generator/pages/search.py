"""/admin/search: records of all objects that a text finds."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from fieldstone.errors import Problem
from fieldstone.ids import format_id
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.search import BadSearch, Hit, Results, search_everything
from fieldstone.ui_generator.shell import Place, page

MOST_HITS: Final = 50


async def show_search(request: Request) -> Response:
    """GET /admin/search?q=: what is found, best first."""
    text = request.query_params.get("q", "").strip()
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = Results((), complete=True)
        problem: Problem | None = None
        if text:
            try:
                found = await search_everything(tx, text, limit=MOST_HITS)
            except BadSearch as error:
                problem = error.problem
        return page(
            request,
            tx,
            Place("Search", "search"),
            "search.html",
            422 if problem else 200,
            text=text,
            hits=found.hits,
            most_ranked=None if found.complete else found.ranked,
            problem=problem,
            address_of=address_of,
        )


def address_of(hit: Hit) -> str:
    """Give the address of a found record."""
    return f"/admin/{hit.object.name}/{format_id(hit.object.prefix, hit.id)}"
