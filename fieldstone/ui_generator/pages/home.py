"""/admin: the objects of the tenant, and how many records each has."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.query_language.syntax import Path, Query, SelectItem, Source
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.shell import Place, navigated_objects, page, part

MOST_COUNTED: Final = 1000


async def show_home(request: Request) -> Response:
    """GET /admin: every object with a link to its list; the counts follow as a part."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        objects = navigated_objects(request, tx)
        return page(request, tx, Place("Home", "home"), "home.html", objects=objects)


async def show_counts(request: Request) -> Response:
    """GET /admin/_counts: how many records each object has, counted up to a thousand."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        objects = navigated_objects(request, tx)
        counts = {obj.name: await count_in_words(tx, obj) for obj in objects}
        return part(request, "parts/counts.html", objects=objects, counts=counts)


async def count_in_words(tx: Transaction, obj: ObjectDef) -> str:
    """Give how many records the viewer sees of an object, such as 1,000+."""
    query = Query(
        select=(SelectItem(Path(("id",))),),
        source=Source(Path((obj.name,))),
        limit=MOST_COUNTED + 1,
    )
    found = await answer(tx, Question(query, page_size=1, counts=True))
    if found.total is None or found.total > MOST_COUNTED:
        return f"{MOST_COUNTED:,}+"
    return f"{found.total:,}"


async def go_home(request: Request) -> Response:
    """GET /: people want the pages."""
    return RedirectResponse("/admin", 303)
