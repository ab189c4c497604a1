"""The API's own description: /api/openapi.json for programs and /api/docs for people."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.kept_documents import Document, DocumentStore
from fieldstone.api.objects import visible_object
from fieldstone.api.openapi_document import build_document
from fieldstone.api.openapi_objects import visible_objects
from fieldstone.api.openapi_page import STYLE, render_index, render_object
from fieldstone.metadata.values import read_json, write_json_bytes
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.transactions import Transaction


async def get_document(request: Request) -> Response:
    """GET /api/openapi.json: this document (OpenAPI 3.1), of what the viewer may see."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        document = _document(request, tx)
    headers = {"etag": document.etag, "vary": "X-Tenant", "cache-control": "private, no-cache"}
    if request.headers.get("if-none-match") == document.etag:
        return Response(status_code=304, headers=headers)
    return Response(document.body, headers=headers, media_type="application/json")


async def show_index(request: Request) -> Response:
    """GET /api/docs: the same for people, with links to a page for each object."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        document = read_document(_document(request, tx))
        objects = visible_objects(tx.catalog, tx.rights)
        return _page(render_index(document, tx.tenant.label, objects))


async def show_object_page(request: Request) -> Response:
    """GET /api/docs/{object}: the addresses and fields of one object, for people."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = visible_object(tx, request.path_params["object"])
        document = read_document(_document(request, tx))
        return _page(render_object(document, tx.tenant.label, obj))


async def get_style(request: Request) -> Response:
    """GET /api/docs/style.css: how these pages look."""
    return Response(STYLE, media_type="text/css", headers={"cache-control": "max-age=3600"})


def _document(request: Request, tx: Transaction) -> Document:
    documents: DocumentStore = request.app.state.documents
    seen_as = f"{tx.rights.digest}/{tx.catalog.language}"
    key = (tx.catalog.tenant_id, tx.catalog.version, seen_as)
    found = documents.find(key)
    if found is None:
        found = documents.keep(key, write_json_bytes(build_document(request.app.routes, tx)))
    return found


def read_document(document: Document) -> dict[str, Any]:
    """Give a document as JSON values."""
    found: Any = read_json(document.body)
    assert isinstance(found, dict)
    return found


def _page(text: str) -> Response:
    return Response(text, media_type="text/html")


ROUTES: Final = (
    Route("/api/openapi.json", get_document, methods=["GET"]),
    Route("/api/docs", show_index, methods=["GET"]),
    Route("/api/docs/style.css", get_style, methods=["GET"]),
    Route("/api/docs/{object}", show_object_page, methods=["GET"]),
)
