"""Locking and unlocking a record from its page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.records.locking import lock_record, unlock_record
from fieldstone.runtime.records.write import record_id
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.reading import fetch_record, title_of, visible_object


async def lock(request: Request) -> Response:
    """POST /admin/{object}/{id}/lock: lock it, for the reason that was typed."""
    sent = await read_form(request)
    return await _turned(request, "Locked", str(sent.get("reason", "")))


async def unlock(request: Request) -> Response:
    """POST /admin/{object}/{id}/unlock: unlock it."""
    await read_form(request)
    return await _turned(request, "Unlocked", None)


async def _turned(request: Request, verb: str, reason: str | None) -> Response:
    """Lock a record, or unlock it where there is no reason, and show it again."""
    text = request.path_params["id"]
    async with database_of(request).write(tenant_of(request), viewer_of(request)) as tx:
        obj = visible_object(tx, request.path_params["object"])
        number = record_id(obj, text)
        row = await fetch_record(tx, obj, text, (obj.title,))
        if reason is None:
            await unlock_record(tx, obj, number)
        else:
            await lock_record(tx, obj, number, reason)
    response = RedirectResponse(f"/admin/{obj.name}/{text}", 303)
    put_flash(response, Flash(f"{verb} {title_of(obj, row)}"))
    return response
