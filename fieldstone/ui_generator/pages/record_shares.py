"""/admin/{Object}/{id}/share: with whom a record is shared, and why somebody sees it or not."""

from __future__ import annotations

from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Problem
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.sharing import Level, Sharing
from fieldstone.metadata.values import Json
from fieldstone.runtime.access.explaining import Explained, explain_record
from fieldstone.runtime.access.parties import (
    BadParty,
    named_parties,
    principal_of,
    read_party,
    user_named,
)
from fieldstone.runtime.access.shares import (
    Share,
    UnknownShare,
    list_shares,
    objects_along,
    put_share,
    take_share,
)
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.records.levels import levels_of
from fieldstone.runtime.records.write import record_id
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.record import place_of
from fieldstone.ui_generator.previewing import (
    LONGEST,
    listed_parties,
    party_in,
    person_in,
    team_names,
    text_of,
)
from fieldstone.ui_generator.reading import fetch_record, visible_object
from fieldstone.ui_generator.shell import page
from fieldstone.ui_generator.viewing import viewing_of

SHAREABLE: Final = (Sharing.PRIVATE, Sharing.READ)


async def show_shares(request: Request) -> Response:
    """GET /admin/{object}/{id}/share: the shares of a record; why= explains somebody's access."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        why = request.query_params.get("why", "")[:LONGEST].strip()
        told: Explained | None = None
        problems: tuple[Problem, ...] = ()
        try:
            if why:
                obj, user = _object(request, tx), await user_named(tx, why, "/user")
                told = await explain_record(tx, obj, record_id(obj, _id(request)), user)
        except FieldstoneError as error:
            problems = error.problems
        return await _page(request, tx, told=told, problems=problems)


async def share_record(request: Request) -> Response:
    """POST /admin/{object}/{id}/share: share a record with somebody."""
    sent = await read_form(request)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        async with database.write(tenant, viewer, cause_of(request)) as tx:
            obj = _object(request, tx)
            party = await read_party(tx, _party(sent))
            share = Share(
                0,
                Level.EDIT if sent.get("access") == "edit" else Level.READ,
                tuple(visible_object(tx, str(one)) for one in sent.getlist("along")),
                text_of(sent, "reason", 500),
            )
            await put_share(tx, obj, record_id(obj, _id(request)), party, share)
            found = (await named_parties(tx, [party.principal]))[party.principal]
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return await _page(request, tx, sent=sent, problems=error.problems)
    return _back(request, f"Shared with {found.name}")


async def end_share(request: Request) -> Response:
    """POST /admin/{object}/{id}/share/end: end a share."""
    sent = await read_form(request)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        async with database.write(tenant, viewer, cause_of(request)) as tx:
            obj = _object(request, tx)
            principal = principal_of(text_of(sent, "with"), tx.catalog)
            if principal is None:
                raise UnknownShare("It is not shared so.")
            await take_share(tx, obj, record_id(obj, _id(request)), principal)
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return await _page(request, tx, problems=error.problems)
    return _back(request, "Ended the share")


def _back(request: Request, text: str) -> Response:
    response = RedirectResponse(f"/admin/{request.path_params['object']}/{_id(request)}/share", 303)
    put_flash(response, Flash(text))
    return response


def _id(request: Request) -> str:
    return str(request.path_params["id"])


def _object(request: Request, tx: Transaction) -> ObjectDef:
    return visible_object(tx, request.path_params["object"])


def _party(sent: FormData) -> Json:
    """Give the one party that a form names. Raises BadParty."""
    person, listed = person_in(sent), party_in(sent, "with")
    said: list[dict[str, Json]] = [{"user": person}] if person else []
    said += [] if listed.is_empty else [listed.said]
    if len(said) != 1 or len(said[0]) != 1:
        hint = "Empty the others."
        raise BadParty("Name one person, team or role to share with.", at="/with", hint=hint)
    return said[0]


async def _page(
    request: Request,
    tx: Transaction,
    *,
    sent: FormData | None = None,
    told: Explained | None = None,
    problems: tuple[Problem, ...] = (),
) -> Response:
    obj = _object(request, tx)
    number = record_id(obj, _id(request))
    row = await fetch_record(tx, obj, _id(request), (obj.title,))
    shares = await list_shares(tx, obj, number)
    named = await named_parties(tx, [one.principal for one in shares])
    typed = FormData() if sent is None else sent
    values: dict[str, Any] = {
        "object": obj,
        "row": row,
        "shares": [(one, named[one.principal]) for one in shares],
        "may_share": await may_share(tx, obj, number),
        "may_ask": tx.rights.may_set_up(SetupArea.PEOPLE),
        "along": objects_along(obj, tx),
        "whom": list(listed_parties(tx, everyone=True)),
        "offered": await team_names(tx),
        "typed": typed,
        "chosen": party_in(typed, "with"),
        "told": told,
        "problems": problems,
        "view": viewing_of(tx),
    }
    place = place_of(obj, row, "Share")
    return page(request, tx, place, "record_shares.html", 422 if problems else 200, **values)


async def may_share(tx: Transaction, obj: ObjectDef, number: int) -> bool:
    """Tell whether the viewer may share a record by hand."""
    if obj.sharing not in SHAREABLE or not tx.rights.may_edit_object(obj.id):
        return False
    return (await levels_of(tx, obj, [number])).get(number) is Level.EDIT
