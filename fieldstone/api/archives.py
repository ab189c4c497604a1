"""An archive of everything in the tenant, for its administrators: /api/archive."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.files import download_headers
from fieldstone.api.streams import StreamedAnswer
from fieldstone.api.uploads import files_of
from fieldstone.errors import Forbidden
from fieldstone.runtime.archives.write import write_archive
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.row_streams import StreamPlaces
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.terms import Feature
from fieldstone.runtime.transactions import Viewer


async def get_archive(request: Request) -> Response:
    """GET /api/archive: everything in the tenant as one ZIP file, without secrets.

    Components, records with those in the bin, links, files, the change log and people, and a
    manifest with counts and digests at its end. For administrators alone.
    """
    tenant, viewer = tenant_of(request), viewer_of(request)
    if not viewer.standing.is_administrator:
        raise Forbidden("Only an administrator may take everything along.")
    tenant.terms.require(Feature.ARCHIVE)
    return archived(request, tenant, viewer)


def archived(request: Request, tenant: Tenant, viewer: Viewer) -> StreamedAnswer:
    """Answer with an archive of a tenant; places for streams are few."""
    places: StreamPlaces = request.app.state.streams
    database, files, limits = database_of(request), files_of(request), places.limits

    async def chunks() -> AsyncGenerator[bytes, None]:
        with places.taken(tenant):
            async with database.write_apart(tenant, viewer, cause_of(request)) as tx:
                await note_event(tx, None, Event.ARCHIVED, name=viewer.name)
            async with (
                database.snapshot(tenant, viewer, statement_timeout_s=limits.portion_s) as tx,
                aclosing(write_archive(tx, files)) as written,
            ):
                async for chunk in written:
                    if chunk:
                        yield chunk

    headers = download_headers(f"{tenant.name}.zip")
    return StreamedAnswer(chunks(), "application/zip", headers, limits.whole_s)


ROUTES: Final = (Route("/api/archive", get_archive, methods=["GET"]),)
