"""/admin/apps: what people are offered: apps, tabs, web links and quick actions, each by a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, NotFound, Problem
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component, UnknownComponent
from fieldstone.metadata.kinds.registry import APP, QUICK_ACTION, TAB, WEB_LINK
from fieldstone.metadata.names import component_name
from fieldstone.metadata.values import fold
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import change_metadata, load_components
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.offer_forms import (
    FORMS,
    OfferForm,
    body_of,
    offered_by,
    texts_of,
    typed_in,
)
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, check_setup, setup_cause
from fieldstone.ui_generator.reading import visible_object
from fieldstone.ui_generator.shell import Crumb, Place, page
from fieldstone.ui_generator.unmoved import check_unmoved, mark_of

ADDRESS: Final = "/admin/apps"
CRUMB: Final = Crumb("Apps", ADDRESS)
NEW: Final = "new"
_OF_OBJECTS: Final = frozenset({WEB_LINK.name, QUICK_ACTION.name})


class UnknownOffer(NotFound):
    """A kind that has no such form."""

    code = "page.unknown_offer"


async def show_apps(request: Request) -> Response:
    """GET /admin/apps: the apps, the tabs, and the actions that belong to no object."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup(tx)
        declared = tx.catalog.declared
        actions = declared.get(QUICK_ACTION.name, {}).values()
        values: dict[str, Any] = {
            "apps": list(declared.get(APP.name, {}).values()),
            "tabs": list(declared.get(TAB.name, {}).values()),
            "actions": [one for one in actions if one.body.object is None],
        }
        return page(
            request, tx, Place("Apps", "setup", (SETUP, Crumb("Apps"))), "apps.html", **values
        )


async def show_offer(request: Request) -> Response:
    """GET /admin/apps/{kind}/{name}: the form of one; new for another, object= for whose it is."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        form, before = _form_of(request), await _find(request, tx)
        return _page(request, tx, before, texts_of(form, before.body if before else {}))


async def save_offer(request: Request) -> Response:
    """POST /admin/apps/{kind}/{name}: save or delete it."""
    sent = await read_form(request)
    form = _form_of(request)
    typed = typed_in(form, sent)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    deletes = sent.get("do") == "delete"
    try:
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            before = await _find(request, tx)
            obj = _object_of(request, tx, before)
            if deletes and before is not None:
                proposal = Proposal(removals=(before.key,))
            else:
                seen = mark_of(before.body) if before else ""
                check_unmoved(form.noun, str(sent.get("seen", seen)), seen)
                proposal = _proposal(form, typed, before, obj)
            await change_metadata(tx, proposal)
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return _page(request, tx, await _find(request, tx), typed, error.problems)
    back = f"/admin/objects/{obj.name}#{form.kind}" if obj else ADDRESS
    response = RedirectResponse(back, 303)
    put_flash(response, Flash(f"{'Deleted' if deletes else 'Saved'} {typed['label'] or form.noun}"))
    return response


def _proposal(
    form: OfferForm, typed: Mapping[str, Any], before: Component | None, obj: ObjectDef | None
) -> Proposal:
    body = body_of(form, typed, before)
    if obj is not None:
        body["object"] = obj.name
    if before is not None:
        return Proposal(upserts=(Component(form.kind, before.name, body, before.package),))
    own = component_name(str(typed["label"]))
    name = f"{obj.name}.{own}" if obj else own
    return Proposal(creates=(Component(form.kind, name, body),))


def _form_of(request: Request) -> OfferForm:
    """Give the form of the kind of the address. Raises UnknownOffer."""
    form = FORMS.get(request.path_params["kind"])
    if form is None:
        raise UnknownOffer("There is nothing of this kind.", hint="Begin at Set up, Apps.")
    return form


async def _find(request: Request, tx: Transaction) -> Component | None:
    """Give the component of the address; None for a new one. Raises UnknownComponent."""
    check_setup(tx)
    form, name = _form_of(request), request.path_params["name"]
    if name == NEW:
        return None
    for row in await load_components(tx):
        if row.deleted_at is None and row.component.key == (form.kind, fold(name)):
            return row.component
    raise UnknownComponent(f"There is no {form.noun} {name[:80]}.")


def _object_of(request: Request, tx: Transaction, before: Component | None) -> ObjectDef | None:
    """Give the object that it belongs to; None where it belongs to none. Raises UnknownObject."""
    if _form_of(request).kind not in _OF_OBJECTS:
        return None
    named = before.body.get("object") if before else request.query_params.get("object")
    return visible_object(tx, str(named)) if named else None


def _target(tx: Transaction, obj: ObjectDef | None, typed: Mapping[str, Any]) -> ObjectDef | None:
    """Give the object whose fields an action asks for: what it makes, or the one it belongs to."""
    made = tx.catalog.find_object(str(typed.get("target") or ""))
    return obj if made is None or typed.get("action") == "update" else made


def _page(
    request: Request,
    tx: Transaction,
    before: Component | None,
    typed: Mapping[str, Any],
    problems: tuple[Problem, ...] = (),
) -> Response:
    form, obj = _form_of(request), _object_of(request, tx, before)
    title = str(before.body.get("label") or before.name) if before else f"New {form.noun}"
    target = _target(tx, obj, typed)
    inputs = [one for one in form.inputs if obj or one.name not in ("action", "reference")]
    values: dict[str, Any] = {
        "form": form,
        "inputs": inputs if form.kind == QUICK_ACTION.name else form.inputs,
        "choices": {one.name: offered_by(tx, one, target) for one in form.inputs},
        "typed": typed,
        "object": obj,
        "is_new": before is None,
        "may_delete": before is not None,
        "seen": mark_of(before.body) if before else "",
        "title": title,
        "problems": problems,
        "back": f"/admin/objects/{obj.name}" if obj else ADDRESS,
    }
    crumb = Crumb(obj.label, f"/admin/objects/{obj.name}") if obj else CRUMB
    place = Place(title, "setup", (SETUP, crumb, Crumb(title)))
    return page(request, tx, place, "offer.html", 422 if problems else 200, **values)
