"""/admin/{Object}/_views: what is looked at becomes a view, for oneself or for others."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.values import Json
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.list_views import ListView, get_view
from fieldstone.runtime.transactions import Transaction
from fieldstone.runtime.view_changes import (
    declare_view,
    drop_own_view,
    is_personal,
    keep_own_view,
    remove_view,
)
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.listing import read_listing, with_unseen
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import setup_cause
from fieldstone.ui_generator.reading import visible_object

_LONGEST: Final = 80


async def save_view(request: Request) -> Response:
    """POST /admin/{object}/_views: save, rename or delete a view, and show the list by it."""
    sent = await read_form(request)
    does, name, whom = (str(sent.get(key, "")) for key in ("do", "view", "whom"))
    is_own = is_personal(name) if does != "create" else not whom
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    opened = database.write if is_own else database.change_metadata
    async with opened(tenant, viewer, setup_cause(request)) as tx:
        obj = visible_object(tx, request.path_params["object"])
        view = await get_view(tx, obj, name) if name else None
        if does == "delete" and view is not None:
            await (drop_own_view if is_own else remove_view)(tx, view)
            return _gone_to(obj, "", f"Deleted the view {view.label}")
        said = _said(tx, obj, view, sent)
        kept = None if does == "create" else view
        save = keep_own_view if is_own else declare_view
        saved = await save(tx, obj, kept, said)
    label = str(said.get("label") or (view.label if view else ""))
    return _gone_to(obj, saved, f"Saved the view {label}")


def _said(
    tx: Transaction, obj: ObjectDef, view: ListView | None, sent: FormData
) -> dict[str, Json]:
    """Give what a form says of a view."""
    does, label = sent.get("do"), str(sent.get("label", ""))[:_LONGEST].strip()
    if does == "rename":
        return {"label": label}
    listing = read_listing(obj, tx.rights, sent, catalog=tx.catalog, view=view)
    if does != "create":
        anew = dict(listing.said_anew)
        if "columns" in anew and view is not None and not view.personal:
            columns = [column.name for column in listing.columns]
            anew["columns"] = list(with_unseen(tx.catalog, tx.rights, view, columns))
        return anew
    kind, _, party = str(sent.get("whom", "")).partition(":")
    return {**listing.said, "label": label, **({kind: [party]} if party else {})}


def _gone_to(obj: ObjectDef, view: str, told: str) -> Response:
    address = f"/admin/{obj.name}?view={view}" if view else f"/admin/{obj.name}"
    response = RedirectResponse(address, 303)
    put_flash(response, Flash(told))
    return response
