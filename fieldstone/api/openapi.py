"""The API's own description: /api/openapi.json for programs and /api/docs for people."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.objects import visible_object
from fieldstone.api.openapi_document import build_document
from fieldstone.api.openapi_objects import visible_objects
from fieldstone.api.openapi_page import STYLE, render_index, render_object
from fieldstone.metadata.values import read_json, write_json_bytes
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.transactions import Transaction

_MOST_BYTES: Final = 16_000_000


Key = tuple[int, int, str]
"""Tenant, version of its catalog, digest of the viewer's rights."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it is sent."""

    body: bytes
    etag: str


class DocumentStore:
    """The documents of a process, up to so many bytes; the least used falls out."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._size_bytes = 0
        self._kept: OrderedDict[Key, Document] = OrderedDict()

    @property
    def size_bytes(self) -> int:
        """How much is kept."""
        return self._size_bytes

    def find(self, key: Key) -> Document | None:
        """Give a document that is kept."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Key, body: bytes) -> Document:
        """Keep a document, unless it is larger than all that may be kept."""
        made = Document(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
        if len(body) > self._most_bytes:
            return made
        self._kept[key] = made
        self._size_bytes += len(body)
        while self._size_bytes > self._most_bytes:
            _, fallen = self._kept.popitem(last=False)
            self._size_bytes -= len(fallen.body)
        return made


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
    key = (tx.catalog.tenant_id, tx.catalog.version, tx.rights.digest)
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
