"""/admin/territories: parts of the market as a tree, what each holds, and who works in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.ids import format_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.registry import TERRITORY, TERRITORY_RULE
from fieldstone.metadata.names import component_name
from fieldstone.metadata.territories import Territory
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.access.assigning import (
    assign_all,
    count_held,
    last_assignment,
    ruled_objects,
)
from fieldstone.runtime.access.foreseeing import Foreseen, foresee
from fieldstone.runtime.access.parties import shown_people, user_named
from fieldstone.runtime.access.territories import (
    add_to_territory,
    check_territories,
    count_territory_people,
    in_order,
    people_in,
    records_in,
    take_from_territory,
    territory_named,
)
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import change_metadata, load_components
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, setup_cause
from fieldstone.ui_generator.previewing import Choice, person_in, text_of
from fieldstone.ui_generator.shell import Crumb, Place, page
from fieldstone.ui_generator.unmoved import check_unmoved, mark_of
from fieldstone.ui_generator.viewing import viewing_of

ADDRESS: Final = "/admin/territories"
CRUMB: Final = Crumb("Territories", ADDRESS)
_INDENT: Final = "\N{EM SPACE}"
_MOST_SHOWN: Final = 500
_MOST_PEOPLE: Final = 200
_MOST_RECORDS: Final = 50
_MOST_DIGITS: Final = 9


async def show_territories(request: Request) -> Response:
    """GET /admin/territories: the tree, the rules in their order, and what the last job did."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _list_page(request, tx)


async def create_territory(request: Request) -> Response:
    """POST /admin/territories: make a territory that holds nothing yet, and show it."""
    sent = await read_form(request)
    label = text_of(sent, "label")
    body: dict[str, Json] = {"label": label, "parent": text_of(sent, "parent") or None}
    made = Component(TERRITORY.name, component_name(label), body)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            await change_metadata(tx, Proposal(creates=(made,)))
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return await _list_page(request, tx, sent, problems=error.problems)
    return _to(f"{ADDRESS}/{made.name}", f"Made the territory {label}")


async def assign(request: Request) -> Response:
    """POST /admin/territories/_assign: give all records out anew, or tell what that would do."""
    sent = await read_form(request)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    if sent.get("do") == "preview":
        async with database.read(tenant, viewer) as tx:
            return await _list_page(request, tx, told=await foresee(tx))
    async with database.write(tenant, viewer, cause_of(request)) as tx:
        check_territories(tx)
        await assign_all(tx, ruled_objects(tx))
    return _to(ADDRESS, "All records are being given out anew")


async def show_territory(request: Request) -> Response:
    """GET /admin/territories/{name}: one with its people and its records; object= names whose."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _territory_page(request, tx, _territory_of(request, tx))


async def save_territory(request: Request) -> Response:
    """POST /admin/territories/{name}: save or delete one, or tell what that would move."""
    sent = await read_form(request)
    does = str(sent.get("do", ""))
    deletes = does.endswith("delete")
    typed = None if deletes else sent
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        if does.startswith("preview"):
            async with database.read(tenant, viewer) as tx:
                one = _territory_of(request, tx)
                told = await foresee(tx, await _proposal(tx, one, sent))
                return await _territory_page(request, tx, one, sent=typed, told=told)
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            one = _territory_of(request, tx)
            await change_metadata(tx, await _proposal(tx, one, sent))
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            one = _territory_of(request, tx)
            return await _territory_page(request, tx, one, sent=typed, problems=error.problems)
    if deletes:
        return _to(ADDRESS, f"Deleted {one.label}")
    return _to(f"{ADDRESS}/{one.name}", f"Saved {text_of(sent, 'label')}")


async def change_people(request: Request) -> Response:
    """POST /admin/territories/{name}/people: have somebody work in it, or no more."""
    sent = await read_form(request)
    who = person_in(sent)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        async with database.write(tenant, viewer, cause_of(request)) as tx:
            one = _territory_of(request, tx)
            user = await user_named(tx, who, "/user")
            if sent.get("do") == "remove":
                await take_from_territory(tx, one, user)
            else:
                await add_to_territory(tx, one, [user])
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            one = _territory_of(request, tx)
            return await _territory_page(request, tx, one, problems=error.problems, who=who)
    return RedirectResponse(f"{ADDRESS}/{one.name}#people", 303)


def territory_choices(tx: Transaction, but: Territory | None = None) -> list[Choice]:
    """Give the territories from the outermost in, to choose from. but: is left out."""
    return [
        Choice(one.name, f"{_INDENT * depth}{one.label}")
        for one, depth in in_order(tx.catalog.territories)
        if but is None or one.id != but.id
    ]


def _territory_of(request: Request, tx: Transaction) -> Territory:
    """Give the territory of the address. Raises Forbidden, UnknownTerritory."""
    check_territories(tx)
    return territory_named(tx, request.path_params["name"])


async def _proposal(tx: Transaction, one: Territory, sent: FormData) -> Proposal:
    """Give what a form says of a territory. Raises what is wrong with it."""
    known = await _component(tx, one)
    if str(sent.get("do", "")).endswith("delete"):
        return Proposal(removals=(known.key,))
    seen = mark_of(known.body)
    check_unmoved("territory", str(sent.get("seen", seen)), seen)
    body = {
        **known.body,
        "label": text_of(sent, "label"),
        "parent": text_of(sent, "parent") or None,
        "description": text_of(sent, "description", 4000),
        "active": "active" in sent,
        "capacity": _capacity(tx, one, sent),
    }
    return Proposal(upserts=(Component(known.kind, known.name, body, known.package),))


def _capacity(tx: Transaction, one: Territory, sent: FormData) -> dict[str, Json]:
    said = {obj.name: text_of(sent, f"c:{obj.name}") for obj in _counted(tx, one)}
    # What is no number is refused by the kind, which names it.
    return {
        name: int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else text
        for name, text in said.items()
        if text
    }


def _counted(tx: Transaction, one: Territory) -> list[ObjectDef]:
    """Give the objects whose records a territory may take, or limits."""
    numbers = {*tx.catalog.territory_rules, *one.capacity}
    found = [tx.catalog.by_id[number] for number in numbers if number in tx.catalog.by_id]
    return sorted(found, key=lambda obj: (fold(obj.plural_label), obj.name))


async def _component(tx: Transaction, one: Territory) -> Component:
    rows = await load_components(tx)
    return next(row.component for row in rows if row.id == one.id)


async def _list_page(
    request: Request,
    tx: Transaction,
    sent: FormData | None = None,
    *,
    told: Sequence[Foreseen] | None = None,
    problems: tuple[Problem, ...] = (),
) -> Response:
    check_territories(tx)
    placed = list(in_order(tx.catalog.territories))
    shown, objects = placed[:_MOST_SHOWN], ruled_objects(tx)
    numbers = [one.id for one, _ in shown]
    values: dict[str, Any] = {
        "placed": shown,
        "more": len(placed) - len(shown),
        "objects": objects,
        "held": {obj.id: await count_held(tx, obj, numbers) for obj in objects},
        "people": await count_territory_people(tx),
        "rules": await _rules(tx),
        "job": await last_assignment(tx),
        "choices": territory_choices(tx),
        "typed": {
            name: "" if sent is None else text_of(sent, name) for name in ("label", "parent")
        },
        "told": told,
        "problems": problems,
        "view": viewing_of(tx),
    }
    place = Place("Territories", "setup", (SETUP, Crumb("Territories")))
    return page(request, tx, place, "territories.html", 422 if problems else 200, **values)


async def _rules(tx: Transaction) -> list[Mapping[str, Any]]:
    """Give the rules as lines, by object in the order in which they are asked."""
    found = []
    for row in await load_components(tx):
        if row.component.kind != TERRITORY_RULE.name or row.deleted_at is not None:
            continue
        body = TERRITORY_RULE.read(row.component)
        obj, to = tx.catalog.find_object(body.object), tx.catalog.territories.find(body.territory)
        found.append(
            {
                "name": row.component.name,
                "label": body.label or row.component.name,
                "object": body.object if obj is None else obj.plural_label,
                "where": body.where,
                "territory": body.territory if to is None else to.label,
                "order": body.order,
                "access": body.access,
                "active": body.active,
            }
        )
    return sorted(found, key=lambda one: (fold(str(one["object"])), one["order"], one["name"]))


async def _territory_page(
    request: Request,
    tx: Transaction,
    one: Territory,
    *,
    sent: FormData | None = None,
    told: Sequence[Foreseen] | None = None,
    problems: tuple[Problem, ...] = (),
    who: str = "",
) -> Response:
    users = await people_in(tx, one, 0, _MOST_PEOPLE)
    count = (await count_territory_people(tx)).get(one.id, 0)
    objects = _counted(tx, one)
    known = await _component(tx, one)
    values: dict[str, Any] = {
        "one": one,
        "seen": mark_of(known.body),
        "typed": _typed(tx, one, known, sent),
        "choices": territory_choices(tx, one),
        "objects": objects,
        "held": {obj.id: (await count_held(tx, obj, [one.id])).get(one.id, 0) for obj in objects},
        "people": await shown_people(tx, users),
        "more": count - len(users),
        "told": told,
        "problems": problems,
        "who": who,
        **await _records(request, tx, one, objects),
    }
    place = Place(one.label, "setup", (SETUP, CRUMB, Crumb(one.label)))
    return page(request, tx, place, "territory.html", 422 if problems else 200, **values)


def _typed(
    tx: Transaction, one: Territory, known: Component, sent: FormData | None
) -> dict[str, Any]:
    if sent is not None:
        texts = {name: text_of(sent, name, 4000) for name in ("label", "parent", "description")}
        capacity = {obj.id: text_of(sent, f"c:{obj.name}") for obj in _counted(tx, one)}
        return {**texts, "active": "active" in sent, "capacity": capacity}
    above = None if one.parent is None else tx.catalog.territories.by_id.get(one.parent)
    body = TERRITORY.read(known)
    return {
        "label": one.label,
        "parent": "" if above is None else above.name,
        "description": body.description,
        "active": one.is_active,
        "capacity": one.capacity,
    }


async def _records(
    request: Request, tx: Transaction, one: Territory, objects: Sequence[ObjectDef]
) -> dict[str, Any]:
    """Give a page of the records of one object; of the first that has any, unless one is named."""
    named = fold(request.query_params.get("object", ""))
    readable = [obj for obj in objects if tx.rights.may_read_object(obj.id)]
    shown = next((obj for obj in readable if fold(obj.name) == named), None)
    shown = shown or (readable[0] if readable else None)
    if shown is None:
        return {"shown": None, "records": (), "following": 0}
    text = request.query_params.get("after", "")
    after = int(text) if text.isascii() and text.isdigit() and len(text) < len(str(2**63)) else 0
    found = await records_in(tx, one, shown, after, _MOST_RECORDS + 1)
    following = found[_MOST_RECORDS - 1].id if len(found) > _MOST_RECORDS else 0
    records = [(format_id(shown.prefix, record.id), record) for record in found[:_MOST_RECORDS]]
    return {"shown": shown, "records": records, "following": following}


def _to(address: str, words: str) -> Response:
    response = RedirectResponse(address, 303)
    put_flash(response, Flash(words))
    return response
