"""/admin/permissions/people/{id}: the permission sets of somebody, and why they may do what."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.ids import RecordId
from fieldstone.metadata.access_reasons import Reason, explain_field, explain_object
from fieldstone.metadata.visible import visible_field
from fieldstone.runtime.access.explaining import explain_record, object_of_record, reasons_of
from fieldstone.runtime.access.people_roles import role_named, roles_of, set_role
from fieldstone.runtime.access_preview import Preview
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.permissions import (
    assign,
    check_permissions,
    find_person,
    get_set,
    names_of,
    revoke,
    sets_in,
    sets_of,
    standing_of,
)
from fieldstone.runtime.records.write import record_id
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP
from fieldstone.ui_generator.pages.permissions import ADDRESS, CRUMB
from fieldstone.ui_generator.previewing import role_choices, text_of, told_of
from fieldstone.ui_generator.reading import visible_object
from fieldstone.ui_generator.shell import Crumb, Place, page

_LONGEST: Final = 200


async def show_person(request: Request) -> Response:
    """GET /admin/permissions/people/{id}: their sets and role; why= tells the reasons.

    why: an object, a field such as Deal.value, or the id of a record.
    """
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_permissions(tx)
        user_id = await find_person(tx, request.path_params["id"])
        why = request.query_params.get("why", "")[:_LONGEST].strip()
        try:
            reasons = await _reasons(tx, user_id, why) if why else ()
        except FieldstoneError as error:
            return await _page(request, tx, user_id, why=why, problems=error.problems)
        return await _page(request, tx, user_id, why=why, reasons=reasons)


async def change_sets(request: Request) -> Response:
    """POST /admin/permissions/people/{id}: give them a set, take one, or tell what that changes."""
    sent = await read_form(request)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    text = request.path_params["id"]
    try:
        if sent.get("do") == "preview":
            async with database.read(tenant, viewer) as tx:
                check_permissions(tx)
                user_id = await find_person(tx, text)
                given = {"people": [{"user": text, "give": [text_of(sent, "set")]}]}
                return await _page(request, tx, user_id, told=await told_of(tx, given))
        async with database.write(tenant, viewer, cause_of(request)) as tx:
            check_permissions(tx)
            user_id = await find_person(tx, text)
            one = get_set(tx.catalog, str(sent.get("set", "")))
            await (revoke if sent.get("do") == "revoke" else assign)(tx, user_id, one)
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            check_permissions(tx)
            user_id = await find_person(tx, text)
            return await _page(request, tx, user_id, problems=error.problems)
    return RedirectResponse(f"{ADDRESS}/people/{text}", 303)


async def change_role(request: Request) -> Response:
    """POST /admin/permissions/people/{id}/role: give them a role, or tell what that changes."""
    sent = await read_form(request)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    text, name = request.path_params["id"], text_of(sent, "role")
    try:
        if sent.get("do") == "preview":
            async with database.read(tenant, viewer) as tx:
                check_permissions(tx)
                user_id = await find_person(tx, text)
                told = await told_of(tx, {"people": [{"user": text, "role": name or None}]})
                return await _page(request, tx, user_id, told=told, role=name)
        async with database.write(tenant, viewer, cause_of(request)) as tx:
            check_permissions(tx)
            user_id = await find_person(tx, text)
            await set_role(tx, user_id, role_named(tx, name) if name else None)
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            check_permissions(tx)
            user_id = await find_person(tx, text)
            return await _page(request, tx, user_id, problems=error.problems, role=name)
    return RedirectResponse(f"{ADDRESS}/people/{text}", 303)


async def _reasons(tx: Transaction, user_id: RecordId, why: str) -> tuple[Reason, ...]:
    if (of_record := object_of_record(tx, why, tx.rights)) is not None:
        return reasons_of(await explain_record(tx, of_record, record_id(of_record, why), user_id))
    name, _, own = why.partition(".")
    system, standing = tx.as_system(), await standing_of(tx, user_id)
    obj = visible_object(system, name)
    if not own:
        return explain_object(tx.catalog, standing, obj)
    return explain_field(tx.catalog, standing, obj, visible_field(obj, system.rights, own))


async def _page(
    request: Request,
    tx: Transaction,
    user_id: RecordId,
    *,
    why: str = "",
    reasons: tuple[Reason, ...] = (),
    problems: tuple[Problem, ...] = (),
    told: Preview | None = None,
    role: str | None = None,
) -> Response:
    theirs = (await roles_of(tx, [user_id])).get(user_id)
    mine = await sets_of(tx, user_id)
    had = {one.set.id for one in mine}
    email = (await names_of(tx, [user_id]))[user_id]
    values: dict[str, Any] = {
        "email": email,
        "person": request.path_params["id"],
        "administers": (await standing_of(tx, user_id)).is_administrator,
        "mine": [one.set for one in mine],
        "others": [one for one in sets_in(tx.catalog) if one.id not in had],
        "offered": [obj.name for obj in tx.catalog.objects],
        "roles": list(role_choices(tx)),
        "role": role if role is not None else "" if theirs is None else theirs.name,
        "may_place": tx.viewer.standing.is_administrator,
        "told": told,
        "why": why,
        "reasons": reasons,
        "problems": problems,
    }
    place = Place(email, "setup", (SETUP, CRUMB, Crumb(email)))
    status = 422 if problems else 200
    return page(request, tx, place, "person_permissions.html", status, **values)
