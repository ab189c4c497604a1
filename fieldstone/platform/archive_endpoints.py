"""Endpoints for operators: a tenant as an archive, and one made of an archive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.archives import archived
from fieldstone.api.requests import json_response
from fieldstone.api.uploads import files_of, read_upload
from fieldstone.metadata.values import JsonObject
from fieldstone.platform.operators_log import note_operation
from fieldstone.platform.tenant_endpoints import name_of, operator_of, shown, tenants_of
from fieldstone.platform.tenants import RESTORED
from fieldstone.runtime.archives.members import ArchiveLimits
from fieldstone.runtime.archives.read import restore_archive
from fieldstone.runtime.asking import database_of, give_time
from fieldstone.runtime.tenants import PLATFORM, RESTORING, Tenant
from fieldstone.runtime.terms import UNLIMITED
from fieldstone.runtime.transactions import Viewer

_LASTS_S: Final = 3600.0
_CHUNK_BYTES: Final = 256 * 1024
# A row of the change log holds a record before and after, which came with one body each, and
# PostgreSQL writes JSON with blanks.
_ROW_PER_BODY: Final = 3
_ROW_BESIDE_BYTES: Final = 1_000_000


async def export_archive(request: Request) -> Response:
    """GET /api/platform/tenants/{name}/archive: everything in a tenant, whatever its state."""
    tenant = await tenants_of(request).find(name_of(request))
    async with request.app.state.engine.pool.acquire() as connection:
        who = operator_of(request)
        await note_operation(connection, "export", who, {}, (tenant.id, tenant.name))
    return archived(request, tenant, Viewer(None, operator_of(request)))


async def restore_tenant(request: Request) -> Response:
    """POST /api/platform/tenants/{name}/restore: make a tenant of an archive, the form's file.

    All of it or nothing: if anything is not as the manifest says, there is no such tenant.
    """
    name, operator = name_of(request), operator_of(request)
    store, number = files_of(request), database_of(request).minter.mint()
    limit_bytes = request.app.state.settings.import_limit_bytes
    async with read_upload(request, limit_bytes) as form:
        await store.keep(PLATFORM.id, number, _chunks(form.upload), limit_bytes)
        label, plan = form.fields.get("label") or name, form.fields.get("plan") or UNLIMITED
    give_time(request.scope, _LASTS_S)
    try:
        tenants = tenants_of(request)
        tenant = await tenants.begin(name, label, plan, operator, status=RESTORING)
        restored = await _restored(request, tenant, number)
        found = await tenants.move(name, RESTORED, operator, told=restored)
    finally:
        await store.remove(PLATFORM.id, number)
    return json_response({"tenant": shown(found), "restored": restored}, 201)


async def _restored(request: Request, tenant: Tenant, number: int) -> JsonObject:
    store, operator = files_of(request), Viewer(None, operator_of(request))
    path = await store.local_path(PLATFORM.id, number)
    done = False
    try:
        async with database_of(request).change_metadata(tenant, operator) as tx:
            restored = await restore_archive(tx, path, store, limits_of(request))
        done = True
        return restored
    finally:
        if not done:
            await store.remove_all(tenant.id)
            await tenants_of(request).abandon(tenant, "its archive could not be restored")


def limits_of(request: Request) -> ArchiveLimits:
    """Give what an archive may unpack to in this installation."""
    settings = request.app.state.settings
    return ArchiveLimits(
        settings.restore_limit_bytes, settings.body_limit_bytes * _ROW_PER_BODY + _ROW_BESIDE_BYTES
    )


async def _chunks(upload: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await upload.read(_CHUNK_BYTES):
        yield chunk


ROUTES: Final = (
    Route("/api/platform/tenants/{name}/archive", export_archive, methods=["GET"]),
    Route("/api/platform/tenants/{name}/restore", restore_tenant, methods=["POST"]),
)
