"""/admin/territory-rules: the form of a rule, which tells what it would move before it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, NotFound, Problem
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.registry import TERRITORY_RULE
from fieldstone.metadata.names import component_name
from fieldstone.metadata.values import Json, fold, read_json, write_json
from fieldstone.runtime.access.foreseeing import Foreseen, foresee
from fieldstone.runtime.access.territories import check_territories
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import change_metadata, load_components
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, setup_cause
from fieldstone.ui_generator.pages.territories import ADDRESS as TERRITORIES
from fieldstone.ui_generator.pages.territories import CRUMB, territory_choices
from fieldstone.ui_generator.previewing import text_of
from fieldstone.ui_generator.shell import Crumb, Place, page
from fieldstone.ui_generator.unmoved import check_unmoved, mark_of

ADDRESS: Final = "/admin/territory-rules"
_NEW: Final = "_new"
_LONGEST: Final = 10_000
_MOST_DIGITS: Final = 7
_EMPTY: Final[Mapping[str, Any]] = {
    "label": "",
    "object": "",
    "territory": "",
    "where": "",
    "order": "100",
    "access": "edit",
    "along": (),
    "description": "",
    "active": True,
}


class UnknownTerritoryRule(NotFound):
    """No rule of territories has this name."""

    code = "territory.unknown_rule"


async def new_rule(request: Request) -> Response:
    """GET /admin/territory-rules/_new: an empty form."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _page(request, tx, None, _EMPTY)


async def create_rule(request: Request) -> Response:
    """POST /admin/territory-rules/_new: make a rule, or tell what it would move."""
    return await _save(request)


async def show_rule(request: Request) -> Response:
    """GET /admin/territory-rules/{name}: the form of a rule."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        rule = await _find(request, tx)
        return await _page(request, tx, rule, _typed_of(tx, rule))


async def save_rule(request: Request) -> Response:
    """POST /admin/territory-rules/{name}: save or delete it, or tell what that would move."""
    return await _save(request)


async def _save(request: Request) -> Response:
    sent = await read_form(request)
    does = str(sent.get("do", ""))
    deletes = does.endswith("delete") and "name" in request.path_params
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        if does.startswith("preview"):
            async with database.read(tenant, viewer) as tx:
                rule = await _rule_of(request, tx)
                typed = _shown(tx, rule, sent)
                told = await foresee(tx, _proposal(rule, sent))
                return await _page(request, tx, rule, typed, told=told)
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            rule = await _rule_of(request, tx)
            typed = _shown(tx, rule, sent)
            await change_metadata(tx, _proposal(rule, sent))
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            rule = await _rule_of(request, tx)
            typed = _shown(tx, rule, sent)
            return await _page(request, tx, rule, typed, problems=error.problems)
    response = RedirectResponse(f"{TERRITORIES}#rules", 303)
    put_flash(response, Flash(f"{'Deleted' if deletes else 'Saved'} the rule {typed['label']}"))
    return response


def _proposal(rule: Component | None, sent: FormData) -> Proposal:
    if rule is not None and str(sent.get("do", "")).endswith("delete"):
        return Proposal(removals=(rule.key,))
    body = _body(sent)
    if rule is not None:
        seen = mark_of(rule.body)
        check_unmoved("rule", str(sent.get("seen", seen)), seen)
        return Proposal(upserts=(Component(rule.kind, rule.name, body, rule.package),))
    name = component_name(str(body["label"]))
    return Proposal(creates=(Component(TERRITORY_RULE.name, name, body),))


def _body(sent: FormData) -> dict[str, Json]:
    where, order = text_of(sent, "where", _LONGEST), text_of(sent, "order")
    is_number = order.isascii() and order.isdigit() and len(order) <= _MOST_DIGITS
    return {
        "label": text_of(sent, "label"),
        "object": text_of(sent, "object"),
        "territory": text_of(sent, "territory"),
        "where": read_json(where) if where.startswith("{") else where,
        # What is no number is refused by the kind, which names it.
        "order": int(order) if is_number else order,
        "access": text_of(sent, "access") or "edit",
        "along": [str(one) for one in sent.getlist("along") if one],
        "active": "active" in sent,
        "description": text_of(sent, "description", 4000),
    }


def _typed(sent: FormData) -> dict[str, Any]:
    return {
        **{name: text_of(sent, name, _LONGEST) for name in _EMPTY},
        "along": [str(one) for one in sent.getlist("along")],
        "active": "active" in sent,
    }


def _typed_of(tx: Transaction, rule: Component) -> dict[str, Any]:
    body = TERRITORY_RULE.read(rule)
    obj, to = tx.catalog.find_object(body.object), tx.catalog.territories.find(body.territory)
    along = [tx.catalog.find_object(name) for name in body.along]
    return {
        "label": body.label or rule.name,
        "object": body.object if obj is None else obj.name,
        "territory": body.territory if to is None else to.name,
        "where": body.where if isinstance(body.where, str) else write_json(body.where),
        "order": body.order,
        "access": body.access,
        "along": [one.name for one in along if one is not None],
        "description": body.description,
        "active": body.active,
    }


def _shown(tx: Transaction, rule: Component | None, sent: FormData) -> dict[str, Any]:
    """Give what the form shows after it was sent: of one that is deleted what is stored."""
    deletes = str(sent.get("do", "")).endswith("delete")
    return _typed_of(tx, rule) if rule is not None and deletes else _typed(sent)


async def _rule_of(request: Request, tx: Transaction) -> Component | None:
    """Give the rule of the address; None for a new one. Raises Forbidden and what _find does."""
    check_territories(tx)
    return await _find(request, tx) if "name" in request.path_params else None


async def _find(request: Request, tx: Transaction) -> Component:
    """Give the rule of the address. Raises Forbidden, UnknownTerritoryRule."""
    check_territories(tx)
    name = request.path_params["name"]
    for row in await load_components(tx):
        one = row.component
        if row.deleted_at is None and one.key == (TERRITORY_RULE.name, fold(name)):
            return one
    raise UnknownTerritoryRule(f"There is no rule {name[:80]}.")


async def _page(
    request: Request,
    tx: Transaction,
    rule: Component | None,
    typed: Mapping[str, Any],
    *,
    told: Sequence[Foreseen] | None = None,
    problems: tuple[Problem, ...] = (),
) -> Response:
    check_territories(tx)
    values: dict[str, Any] = {
        "address": f"{ADDRESS}/{_NEW if rule is None else rule.name}",
        "is_new": rule is None,
        "seen": mark_of(None if rule is None else rule.body),
        "typed": typed,
        "objects": sorted(tx.catalog.objects, key=lambda obj: (fold(obj.label), obj.name)),
        "territories": territory_choices(tx),
        "told": told,
        "problems": problems,
    }
    title = "New rule" if rule is None else str(rule.body.get("label") or rule.name)
    place = Place(title, "setup", (SETUP, CRUMB, Crumb(title)))
    return page(request, tx, place, "territory_rule.html", 422 if problems else 200, **values)
