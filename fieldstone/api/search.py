"""The endpoint that searches everything: /search?q=."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.finding import answer_find
from fieldstone.api.requests import json_response, whole_number
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.finding import is_find_in_braces
from fieldstone.runtime.imports.start import object_named
from fieldstone.runtime.search import MOST_RESULTS, search_everything, show_hits

_PAGE: Final = 20


async def search(request: Request) -> Response:
    """GET /search?q=alice+acme: records of all objects, best first; object= narrows it to one.

    limit= and offset= page through them, up to two hundred. meta.complete tells whether all that
    matches was put in order; where it is false, more letters find better hits.
    /search?q=FIND {acme} RETURNING … is answered as /api/query answers it.
    """
    asked = request.query_params
    if is_find_in_braces(asked.get("q", "")):
        return await answer_find(request, dict(asked))
    limit = whole_number(request, "limit", _PAGE, MOST_RESULTS)
    offset = whole_number(request, "offset", 0, MOST_RESULTS, least=0)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        name = asked.get("object")
        obj = object_named(tx.catalog, tx.rights, name) if name else None
        text = asked.get("q", "")
        found = await search_everything(tx, text, obj, limit=limit + 1, offset=offset)
    following = offset + limit if len(found.hits) > limit else None
    meta = {"complete": found.complete, "ranked_at_most": found.ranked}
    shown = show_hits(found.hits[:limit])
    return json_response({"results": shown, "next": following, "meta": meta})


ROUTES: Final = tuple(
    Route(address, search, methods=["GET"]) for address in ("/search", "/v1/search", "/api/search")
)
