"""The endpoint of exports: /api/export, a file of whatever size, written while it is sent."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.files import download_headers
from fieldstone.api.requests import BadParameter
from fieldstone.api.streams import streamed
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.exports import Form, export_query, read_format, read_labels
from fieldstone.runtime.imports.start import object_named


async def export_records(request: Request) -> Response:
    """GET /api/export: records of an object as csv, ndjson or xlsx.

    object=, format=, headers=, fields=, where= and order_by= say what; where is as in the query
    language.
    """
    asked = request.query_params
    if not asked.get("object"):
        raise BadParameter("Say which object to export.", at="/object", hint="object=Contact")
    kind, labels = read_format(asked.get("format", "")), read_labels(asked.get("headers", ""))
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = object_named(tx.catalog, tx.rights, asked["object"])
        question = export_query(
            tx,
            obj,
            fields=asked.get("fields", ""),
            where=asked.get("where", ""),
            order_by=asked.get("order_by", ""),
        )
    form = Form(kind, labels=labels, title=obj.plural_label, ids=True)
    return streamed(request, question, form, download_headers(f"{obj.slug}.{kind}"))


ROUTES: Final = (Route("/api/export", export_records, methods=["GET"]),)
