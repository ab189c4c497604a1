"""/admin/components/{kind}/{name}: who names a part of the set-up, and deleting it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component, UnknownComponent
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.registry import FIELD
from fieldstone.metadata.values import fold
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.change_impact import losses_of
from fieldstone.runtime.metadata_plans import PlannedChange, apply_planned, plan_change
from fieldstone.runtime.transactions import Transaction
from fieldstone.runtime.where_used import where_used
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.layout_sorts import SORTS
from fieldstone.ui_generator.pages.changes import TO_DO, confirmed_in, shown_changes
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, check_setup, setup_cause
from fieldstone.ui_generator.plan_view import ShownPlan, shown_plan
from fieldstone.ui_generator.shell import Crumb, Place, page

_OF_OBJECTS: Final = {
    "field": "field",
    "validation_rule": "rule",
    "record_type": "record_types",
    "business_process": "processes",
    **{sort.kind: sort.slug for sort in SORTS.values()},
}
"""Kinds whose pages stand below those of their objects, by what their addresses call them."""
_OFFERS: Final = frozenset({"app", "tab", "web_link", "quick_action"})


@dataclass(frozen=True, slots=True)
class ShownUse:
    """Something that names a component. address: of its own page; "" where it has none."""

    noun: str
    name: str
    address: str
    places: tuple[str, ...]


def address_of(kind: str, name: str) -> str:
    """Give where a component is set up; "" for kinds that have no page."""
    owner, own = split_name(name)
    if kind == "object":
        return f"/admin/objects/{name}"
    if kind in _OFFERS:
        return f"/admin/apps/{kind}/{name}"
    if kind == "permission_set":
        return f"/admin/permissions/{name}"
    if kind == "list_view":
        return f"/admin/{owner}?view={own}"
    slug = _OF_OBJECTS.get(kind)
    return f"/admin/objects/{owner}/{slug}/{own}" if slug else ""


async def show_uses(request: Request) -> Response:
    """GET /admin/components/{kind}/{name}: who names it, and what deleting it would do."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _page(request, tx)


async def delete_component(request: Request) -> Response:
    """POST /admin/components/{kind}/{name}: delete it, if that does what the page told."""
    sent = await read_form(request)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    kind, name = request.path_params["kind"], request.path_params["name"]
    try:
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            check_setup(tx)
            digest = str(sent.get("digest", ""))
            await apply_planned(tx, _removal(kind, name), digest, confirmed_in(sent))
    except (Forbidden, UnknownComponent):
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return await _page(request, tx, error.problems)
    owner, own = split_name(name)
    response = RedirectResponse(f"/admin/objects/{owner}" if own else "/admin/objects", 303)
    put_flash(response, Flash(f"Deleted {name}"))
    return response


def _removal(kind: str, name: str) -> Proposal:
    return Proposal(removals=((kind, fold(name)),))


async def _page(request: Request, tx: Transaction, problems: tuple[Problem, ...] = ()) -> Response:
    check_setup(tx)
    kind, name = request.path_params["kind"], request.path_params["name"]
    found = await where_used(tx, kind, name)
    component = found.component
    _check_shown(tx, component)
    planned, in_the_way = await _planned(tx, component)
    owner, own = split_name(component.name)
    title = f"Where {component.name} is used"
    crumbs = (SETUP, *([Crumb(owner, f"/admin/objects/{owner}")] if own else []), Crumb(title))
    return page(
        request,
        tx,
        Place(title, "setup", crumbs),
        "component.html",
        422 if problems else 200,
        component=component,
        noun=_noun(component.kind),
        address=address_of(component.kind, component.name),
        here=f"/admin/components/{component.kind}/{component.name}",
        queries=found.queries,
        uses=[
            ShownUse(
                _noun(one.kind),
                one.name,
                address_of(one.kind, one.name),
                tuple(place.removeprefix("/") for place in one.places),
            )
            for one in found.uses
        ],
        planned=planned,
        # Who notices is told above.
        view=replace(shown_plan(planned), touched=()) if planned else ShownPlan(),
        in_the_way=in_the_way,
        doing=shown_changes(planned.plan.changes, TO_DO) if planned else [],
        losses=losses_of(planned.impact) if planned else {},
        problems=problems,
    )


def _check_shown(tx: Transaction, component: Component) -> None:
    """Refuse a field that the viewer is not shown. Raises UnknownComponent."""
    if component.kind != FIELD.name:
        return
    owner, own = split_name(component.name)
    obj = tx.catalog.find_object(owner)
    field = None if obj is None else obj.find_field(own)
    if field is None or not tx.rights.may_show_field(field.id):
        raise UnknownComponent(f"There is no field {component.name[:80]}.")


async def _planned(
    tx: Transaction, component: Component
) -> tuple[PlannedChange | None, tuple[Problem, ...]]:
    """Give what deleting it would do now, or why it cannot be deleted."""
    try:
        return await plan_change(tx, _removal(component.kind, component.name)), ()
    except FieldstoneError as error:
        return None, error.problems


def _noun(kind: str) -> str:
    return kind.replace("_", " ")
