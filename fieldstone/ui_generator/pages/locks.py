"""Locking and unlocking a record from its page; /admin/locks lists those that are locked."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.ids import format_id
from fieldstone.metadata.values import fold
from fieldstone.runtime.access.parties import names_of_users
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.records.locking import Lock, list_locks, lock_record, unlock_record
from fieldstone.runtime.records.write import record_id
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP
from fieldstone.ui_generator.reading import fetch_names, fetch_record, title_of, visible_object
from fieldstone.ui_generator.shell import Crumb, Place, page
from fieldstone.ui_generator.viewing import viewing_of

LIST: Final = "/admin/locks"
_PER_PAGE: Final = 50
_NEWEST: Final = 2**63 - 1


async def show_locks(request: Request) -> Response:
    """GET /admin/locks: the locked records that the viewer sees, the latest lock first."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _list_page(request, tx)


async def unlock_listed(request: Request) -> Response:
    """POST /admin/locks: unlock the record that the form names, and show the rest."""
    sent = await read_form(request)
    named, text = str(sent.get("object", "")), str(sent.get("record", ""))
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        obj = visible_object(tx, named)
        row = await fetch_record(tx, obj, text, (obj.title,))
        await unlock_record(tx, obj, record_id(obj, text))
    response = RedirectResponse(LIST, 303)
    put_flash(response, Flash(f"Unlocked {title_of(obj, row)}"))
    return response


async def _list_page(request: Request, tx: Transaction) -> Response:
    named, place = request.query_params.get("object", ""), request.query_params.get("before", "")
    chosen = visible_object(tx, named) if named else None
    known = place.isascii() and place.isdigit() and len(place) < len(str(_NEWEST))
    found = await list_locks(tx, chosen, int(place) if known else _NEWEST, _PER_PAGE + 1)
    shown = found[:_PER_PAGE]
    objects = [obj for obj in tx.catalog.objects if tx.rights.may_read_object(obj.id)]
    users = await names_of_users(tx, sorted({one.by for one in shown if one.by is not None}))
    lines = [_line(tx, one) for one in shown]
    names = await fetch_names(tx, [line["record"] for line in lines])
    values: dict[str, Any] = {
        "lines": lines,
        "names": names,
        "users": users,
        "objects": sorted(objects, key=lambda obj: (fold(obj.plural_label), obj.name)),
        "chosen": "" if chosen is None else chosen.name,
        "following": shown[-1].id if len(found) > _PER_PAGE else 0,
        "view": viewing_of(tx),
    }
    here = Place("Locked records", "setup", (SETUP, Crumb("Locked records")))
    return page(request, tx, here, "locks.html", **values)


def _line(tx: Transaction, one: Lock) -> dict[str, Any]:
    obj = tx.catalog.by_id[one.object_id]
    return {
        "object": obj,
        "record": format_id(obj.prefix, one.record_id),
        "by": one.by,
        "at": one.at.isoformat(),
        "reason": one.reason,
        "may_unlock": tx.rights.may_lock(obj.id),
    }


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
