"""Endpoints for files: /api/files. What was uploaded is only ever given back as a download."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from fieldstone.api.requests import json_response
from fieldstone.api.uploads import files_of, keep_upload, read_upload
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.files import PLAIN_TYPE, file_number, load_file

LIMIT_BYTES: Final = 25_000_000
_SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"})
"""Types that are told to browsers; the others, which might run in one, are not."""


async def upload_file(request: Request) -> Response:
    """POST /api/files: keep a file; the answer is what a field of type file or image takes."""
    async with read_upload(request, LIMIT_BYTES) as form:
        record = await keep_upload(request, form.upload, LIMIT_BYTES)
    return json_response(record.show(), 201)


async def download_file(request: Request) -> Response:
    """GET /api/files/{id}: the bytes of a file, always as a download."""
    tenant = tenant_of(request)
    async with database_of(request).read(tenant, viewer_of(request)) as tx:
        record = await load_file(tx, file_number(request.path_params["id"]))
    store = files_of(request)
    await store.local_path(tenant.id, record.id)
    content_type = record.content_type if record.content_type in _SHOWN else PLAIN_TYPE
    return StreamingResponse(
        store.read(tenant.id, record.id),
        media_type=content_type,
        headers={
            **download_headers(record.name),
            "content-length": str(record.size_bytes),
            "etag": f'"{record.sha256}"',
        },
    )


def download_headers(name: str) -> dict[str, str]:
    """Give headers under which a browser saves an answer and never runs it."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in name)
    return {
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}",
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
    }


ROUTES: Final = (
    Route("/api/files", upload_file, methods=["POST"]),
    Route("/api/files/{id}", download_file, methods=["GET"]),
)
