"""/admin/permissions: permission sets, what each allows, and who has it."""

from __future__ import annotations

from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.ids import format_id
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.registry import PERMISSION_SET
from fieldstone.metadata.names import component_name
from fieldstone.metadata.permission_set import PermissionSet
from fieldstone.metadata.values import JsonObject
from fieldstone.runtime.access_preview import Preview, preview_set
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.permissions import (
    Assignment,
    assign,
    check_permissions,
    count_holders,
    find_person,
    get_set,
    holders_of,
    names_of,
    revoke,
    sets_in,
)
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator import permission_forms as forms
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, setup_cause
from fieldstone.ui_generator.reading import visible_object
from fieldstone.ui_generator.shell import Crumb, Place, page

ADDRESS: Final = "/admin/permissions"
CRUMB: Final = Crumb("Permissions", ADDRESS)
_LONGEST: Final = 320
_MOST_HOLDERS: Final = 200


async def show_sets(request: Request) -> Response:
    """GET /admin/permissions: every permission set, and a form for another one."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _list_page(request, tx)


async def create_set(request: Request) -> Response:
    """POST /admin/permissions: make a set that allows nothing yet, and show it."""
    label = str((await read_form(request)).get("label", ""))[:_LONGEST].strip()
    name = component_name(label)
    made = Component(PERMISSION_SET.name, name, {"label": label})
    try:
        await _change(request, Proposal(creates=(made,)))
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
            return await _list_page(request, tx, label, error.problems)
    return RedirectResponse(f"{ADDRESS}/{name}", 303)


async def show_set(request: Request) -> Response:
    """GET /admin/permissions/{name}: what a set allows, and who has it."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _set_page(request, tx, _set_of(request, tx))


async def save_set(request: Request) -> Response:
    """POST /admin/permissions/{name}: save what a set allows, or tell what that would change."""
    sent = await read_form(request)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        one = _set_of(request, tx)
        body = forms.body_with_rights(tx.catalog, one, sent)
    return await _save(request, one, body, sent, f"{ADDRESS}/{one.name}")


async def show_fields(request: Request) -> Response:
    """GET /admin/permissions/{name}/fields/{object}: how far a set opens each field."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return _fields_page(request, tx, _set_of(request, tx))


async def save_fields(request: Request) -> Response:
    """POST /admin/permissions/{name}/fields/{object}: save that, or tell what it would change."""
    sent = await read_form(request)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        one = _set_of(request, tx)
        obj = visible_object(tx.as_system(), request.path_params["object"])
        body = forms.body_with_fields(tx.catalog, one, obj, sent)
    return await _save(request, one, body, sent, f"{ADDRESS}/{one.name}/fields/{obj.name}")


async def delete_set(request: Request) -> Response:
    """POST /admin/permissions/{name}/delete: put a set in the bin; nobody has it any more."""
    await read_form(request)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        one = _set_of(request, tx)
    try:
        await _change(request, Proposal(removals=((PERMISSION_SET.name, one.name.lower()),)))
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
            return await _set_page(request, tx, one, problems=error.problems)
    response = RedirectResponse(ADDRESS, 303)
    put_flash(response, Flash(f"Deleted {one.label}"))
    return response


async def change_holders(request: Request) -> Response:
    """POST /admin/permissions/{name}/people: give a set to somebody, or take it back."""
    sent = await read_form(request)
    who = str(sent.get("user", ""))[:_LONGEST].strip()
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        async with database.write(tenant, viewer, cause_of(request)) as tx:
            one = _set_of(request, tx)
            user_id = await find_person(tx, who)
            await (revoke if sent.get("do") == "revoke" else assign)(tx, user_id, one)
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            one = _set_of(request, tx)
            return await _set_page(request, tx, one, problems=error.problems, who=who)
    return RedirectResponse(f"{ADDRESS}/{one.name}#people", 303)


async def _save(
    request: Request, one: PermissionSet, body: JsonObject, sent: FormData, address: str
) -> Response:
    """Save a set, or only tell what saving would change, and show its page again."""
    proposed = Component(PERMISSION_SET.name, one.name, body, one.package)
    looks = sent.get("do") == "preview"
    try:
        if looks:
            async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
                told = await preview_set(tx, proposed)
                return await _again(request, tx, proposed, told)
        await _change(request, Proposal(upserts=(proposed,)))
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
            return await _again(request, tx, None, None, error.problems)
    response = RedirectResponse(address, 303)
    put_flash(response, Flash(f"Saved {one.label}"))
    return response


async def _again(
    request: Request,
    tx: Transaction,
    proposed: Component | None,
    told: Preview | None,
    problems: tuple[Problem, ...] = (),
) -> Response:
    one = _set_of(request, tx)
    if proposed is not None:
        one = forms.as_proposed(tx.catalog, one, proposed)
    if "object" in request.path_params:
        return _fields_page(request, tx, one, told=told, problems=problems)
    return await _set_page(request, tx, one, told=told, problems=problems)


async def _change(request: Request, proposal: Proposal) -> None:
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
        check_permissions(tx)
        await change_metadata(tx, proposal)


def _set_of(request: Request, tx: Transaction) -> PermissionSet:
    """Give the set of the address. Raises Forbidden, UnknownSet."""
    check_permissions(tx)
    return get_set(tx.catalog, request.path_params["name"])


async def _list_page(
    request: Request, tx: Transaction, label: str = "", problems: tuple[Problem, ...] = ()
) -> Response:
    check_permissions(tx)
    values: dict[str, Any] = {
        "sets": sets_in(tx.catalog),
        "counts": await count_holders(tx),
        "label": label,
        "problems": problems,
    }
    place = Place("Permissions", "setup", (SETUP, Crumb("Permissions")))
    return page(request, tx, place, "permissions.html", 422 if problems else 200, **values)


async def _set_page(
    request: Request,
    tx: Transaction,
    one: PermissionSet,
    *,
    told: Preview | None = None,
    problems: tuple[Problem, ...] = (),
    who: str = "",
) -> Response:
    holders = await holders_of(tx, one, 0, _MOST_HOLDERS)
    values: dict[str, Any] = {
        "set": one,
        "rows": list(forms.object_rows(tx.catalog, one)),
        "rights": forms.RIGHTS,
        "levels": forms.LEVELS[1:],
        "actions": forms.ACTIONS,
        "areas": forms.AREAS,
        "others": [other for other in sets_in(tx.catalog) if other.id != one.id],
        "holders": await _named(tx, holders),
        "told": told,
        "problems": problems,
        "who": who,
    }
    place = Place(one.label, "setup", (SETUP, CRUMB, Crumb(one.label)))
    return page(request, tx, place, "permission_set.html", 422 if problems else 200, **values)


def _fields_page(
    request: Request,
    tx: Transaction,
    one: PermissionSet,
    *,
    told: Preview | None = None,
    problems: tuple[Problem, ...] = (),
) -> Response:
    obj = visible_object(tx.as_system(), request.path_params["object"])
    values: dict[str, Any] = {
        "set": one,
        "object": obj,
        "rows": list(forms.field_rows(obj, one)),
        "levels": forms.LEVELS,
        "types": list(forms.type_rows(obj, one)),
        "grants": forms.TYPE_GRANTS,
        "has_masks": any(field.mask for field in obj.own_fields),
        "told": told,
        "problems": problems,
    }
    crumbs = (SETUP, CRUMB, Crumb(one.label, f"{ADDRESS}/{one.name}"), Crumb(obj.label))
    place = Place(f"{one.label}: {obj.label}", "setup", crumbs)
    return page(request, tx, place, "permission_fields.html", 422 if problems else 200, **values)


async def _named(tx: Transaction, found: list[Assignment]) -> list[dict[str, Any]]:
    """Give who has a set, with their addresses."""
    names = await names_of(tx, [one.user_id for one in found])
    return [
        {"id": format_id("user", one.user_id), "email": names[one.user_id]}
        for one in found
        if one.user_id in names
    ]
