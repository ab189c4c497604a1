"""The endpoint of exports: /api/export, a file of whatever size, written while it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from fieldstone.api.files import download_headers
from fieldstone.api.requests import BadParameter
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.exports import begin_export, export_query, read_format
from fieldstone.runtime.imports.start import object_named


async def export_records(request: Request) -> Response:
    """GET /api/export: records of an object as csv, ndjson or xlsx.

    object=, format=, fields=, where= and order_by= say what; where is as in the query language.
    """
    asked = request.query_params
    if not asked.get("object"):
        raise BadParameter("Say which object to export.", at="/object", hint="object=Contact")
    kind = read_format(asked.get("format", ""))
    database = database_of(request)
    async with database.read(tenant_of(request), viewer_of(request)) as tx:
        obj = object_named(tx.catalog, tx.rights, asked["object"])
        question = export_query(
            tx,
            obj,
            fields=asked.get("fields", ""),
            where=asked.get("where", ""),
            order_by=asked.get("order_by", ""),
        )
        chunks = begin_export(tx, database, obj, question).write(kind)
    # What is wrong with the question shows before the first byte, and so before the status.
    first = await anext(chunks, b"")
    return StreamingResponse(
        _all(first, chunks),
        media_type=kind.media_type,
        headers=download_headers(f"{obj.slug}.{kind}"),
    )


async def _all(first: bytes, others: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in others:
        yield chunk


ROUTES: Final = (Route("/api/export", export_records, methods=["GET"]),)
