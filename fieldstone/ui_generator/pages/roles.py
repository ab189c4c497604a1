"""/admin/roles: the hierarchy as a tree, each role with who has it."""

from __future__ import annotations

from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.registry import ROLE
from fieldstone.metadata.names import component_name
from fieldstone.metadata.sharing import Role
from fieldstone.metadata.values import Json
from fieldstone.runtime.access.parties import shown_people, user_named
from fieldstone.runtime.access.people_roles import (
    check_setup_of_people,
    count_people,
    people_with,
    role_named,
    roles_in_order,
    set_role,
)
from fieldstone.runtime.access_preview import Preview
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import change_metadata, load_components
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, setup_cause
from fieldstone.ui_generator.pages.sharing import change_as_said
from fieldstone.ui_generator.previewing import (
    Choice,
    person_in,
    role_choices,
    text_of,
    told_of,
)
from fieldstone.ui_generator.shell import Crumb, Place, page

ADDRESS: Final = "/admin/roles"
CRUMB: Final = Crumb("Roles", ADDRESS)
_MOST_SHOWN: Final = 500
_MOST_PEOPLE: Final = 200


async def show_roles(request: Request) -> Response:
    """GET /admin/roles: all roles from the top down, and a form for another one."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _list_page(request, tx)


async def create_role(request: Request) -> Response:
    """POST /admin/roles: make a role that nobody has yet, and show it."""
    sent = await read_form(request)
    label = text_of(sent, "label")
    made = Component(ROLE.name, component_name(label), _body(sent))
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            await change_metadata(tx, Proposal(creates=(made,)))
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
            return await _list_page(request, tx, sent, error.problems)
    response = RedirectResponse(f"{ADDRESS}/{made.name}", 303)
    put_flash(response, Flash(f"Made the role {label}"))
    return response


async def show_role(request: Request) -> Response:
    """GET /admin/roles/{name}: a role, and who has it."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _role_page(request, tx, _role_of(request, tx))


async def save_role(request: Request) -> Response:
    """POST /admin/roles/{name}: save or delete a role, or tell what that would change."""
    sent = await read_form(request)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        role = _role_of(request, tx)
    deletes = str(sent.get("do", "")).endswith("delete")
    named = {"kind": ROLE.name, "name": role.name}
    said = {"removals": [named]} if deletes else {"components": [{**named, **_body(sent)}]}
    typed = None if deletes else sent
    try:
        if str(sent.get("do", "")).startswith("preview"):
            async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
                told = await told_of(tx, said)
                return await _role_page(request, tx, role, sent=typed, told=told)
        await change_as_said(request, said)
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
            return await _role_page(request, tx, role, sent=typed, problems=error.problems)
    response = RedirectResponse(ADDRESS if deletes else f"{ADDRESS}/{role.name}", 303)
    put_flash(response, Flash(f"{'Deleted' if deletes else 'Saved'} {role.label}"))
    return response


async def change_people(request: Request) -> Response:
    """POST /admin/roles/{name}/people: give somebody the role or take it, or tell of that."""
    sent = await read_form(request)
    who, does = person_in(sent), str(sent.get("do", ""))
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        if does == "preview":
            async with database.read(tenant, viewer) as tx:
                role = _role_of(request, tx)
                told = await told_of(tx, {"people": [{"user": who, "role": role.name}]})
                return await _role_page(request, tx, role, told=told, who=who)
        async with database.write(tenant, viewer, cause_of(request)) as tx:
            role = _role_of(request, tx)
            user = await user_named(tx, who, "/user")
            await set_role(tx, user, None if does == "take" else role)
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            role = _role_of(request, tx)
            return await _role_page(request, tx, role, problems=error.problems, who=who)
    return RedirectResponse(f"{ADDRESS}/{role.name}#people", 303)


def _body(sent: FormData) -> dict[str, Json]:
    return {
        "label": text_of(sent, "label"),
        "parent": text_of(sent, "parent") or None,
        "description": text_of(sent, "description", 4000),
    }


def _role_of(request: Request, tx: Transaction) -> Role:
    """Give the role of the address. Raises Forbidden, UnknownRole."""
    check_setup_of_people(tx)
    return role_named(tx, request.path_params["name"])


async def _list_page(
    request: Request,
    tx: Transaction,
    sent: FormData | None = None,
    problems: tuple[Problem, ...] = (),
) -> Response:
    check_setup_of_people(tx)
    placed = list(roles_in_order(tx.catalog.roles))
    values: dict[str, Any] = {
        "placed": placed[:_MOST_SHOWN],
        "more": len(placed) - _MOST_SHOWN,
        "counts": await count_people(tx),
        "choices": list(role_choices(tx)),
        "typed": {"label": "", "parent": ""} if sent is None else _body(sent),
        "problems": problems,
    }
    place = Place("Roles", "setup", (SETUP, Crumb("Roles")))
    return page(request, tx, place, "roles.html", 422 if problems else 200, **values)


async def _role_page(
    request: Request,
    tx: Transaction,
    role: Role,
    *,
    sent: FormData | None = None,
    told: Preview | None = None,
    problems: tuple[Problem, ...] = (),
    who: str = "",
) -> Response:
    rows = await load_components(tx)
    body = next((row.component.body for row in rows if row.id == role.id), {})
    users = await people_with(tx, role, 0, _MOST_PEOPLE)
    within = tx.catalog.roles.below(role.id) | {role.id}
    named = {tx.catalog.roles.by_id[one].name for one in within}
    choices: list[Choice] = [one for one in role_choices(tx) if one.value not in named]
    values: dict[str, Any] = {
        "role": role,
        "typed": {"description": "", **body} if sent is None else _body(sent),
        "choices": choices,
        "people": await shown_people(tx, users),
        "told": told,
        "problems": problems,
        "who": who,
    }
    place = Place(role.label, "setup", (SETUP, CRUMB, Crumb(role.label)))
    return page(request, tx, place, "role.html", 422 if problems else 200, **values)
