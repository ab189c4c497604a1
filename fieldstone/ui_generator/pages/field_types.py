"""/admin/objects/{Object}/type/{name}: give a field another type, told before it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, InvalidInput, NotFound, Problem
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.field_types.field_type import FieldType
from fieldstone.metadata.field_types.options import option_names
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.moved_values import type_name
from fieldstone.metadata.values import fold
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.change_impact import losses_of
from fieldstone.runtime.conversion.outcomes import load_texts
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.metadata_plans import PlannedChange, apply_planned, plan_change
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.changes import TO_DO, shown_changes
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.jobs import job_address
from fieldstone.ui_generator.pages.objects import SETUP, check_setup, setup_cause
from fieldstone.ui_generator.plan_view import ShownPlan, shown_plan
from fieldstone.ui_generator.reading import visible_object
from fieldstone.ui_generator.retyping import SAY, Retyping, inputs_of, proposal_of, usual
from fieldstone.ui_generator.shell import Crumb, Place, page, part

_CONFIRM: Final = "confirm:"
_LOST: Final = "lost"
_OF: Final = "of"
_LONGEST: Final = 20_000
_MOST_CHOICES: Final = 100
_MOST_DIGITS: Final = 15
_TOLD: Final = 20


class UnknownField(NotFound):
    """No field of this name whose type could be another one."""

    code = "page.unknown_field"


class Miscounted(InvalidInput):
    """What is lost was not confirmed with its number."""

    code = "page.miscounted"


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of the type that is chosen. inputs: what has to be said of it."""

    type: FieldType[Any, Any] | None = None
    inputs: tuple[str, ...] = ()
    planned: PlannedChange | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def losses(self) -> Mapping[str, int]:
        """What has to be confirmed, by its key."""
        return losses_of(self.planned.impact) if self.planned is not None else {}


async def show_type_form(request: Request) -> Response:
    """GET /admin/objects/{object}/type/{name}: the types that a field may have instead."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        typed = {"type": request.query_params.get("type", "")}
        return await _form_page(request, tx, await _retyping(request, tx), typed)


async def check_type(request: Request) -> Response:
    """POST /admin/objects/{object}/type/{name}/check: what the chosen type would do."""
    typed = _typed(await read_form(request))
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        retyping = await _retyping(request, tx)
        values = await _values(tx, retyping, typed)
        return part(request, "parts/field_type_plan.html", **values)


async def change_type(request: Request) -> Response:
    """POST /admin/objects/{object}/type/{name}: do what the page told, or tell it first."""
    sent = await read_form(request)
    typed = _typed(sent)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    async with database.read(tenant, viewer) as tx:
        retyping = await _retyping(request, tx)
        new = retyping.find_type(typed.get("type", ""))
        if new is None or typed.get("do") != "apply":
            return await _form_page(request, tx, retyping, typed)
    cause = {**cause_of(request), **setup_cause(request)}
    try:
        confirmed = _confirmed(typed)
        async with database.change_metadata(tenant, viewer, cause) as tx:
            proposal = proposal_of(await _retyping(request, tx), new, typed)
            digest = typed.get("digest", "")
            applied = await apply_planned(tx, proposal, digest, confirmed, may_take_long=True)
    except (Forbidden, NotFound):
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            retyping = await _retyping(request, tx)
            return await _form_page(request, tx, retyping, typed, error.problems)
    if applied.job is not None:
        return RedirectResponse(job_address(applied.job), 303)
    response = RedirectResponse(f"/admin/objects/{retyping.object.name}", 303)
    put_flash(response, Flash(f"{retyping.field.label} is of the type {new.label} now"))
    return response


async def _retyping(request: Request, tx: Transaction) -> Retyping:
    """Give the field that the address is about. Raises Forbidden, UnknownObject, UnknownField."""
    check_setup(tx)
    obj = visible_object(tx, request.path_params["object"])
    name = request.path_params["name"]
    field = obj.find_field(name)
    is_there = field is not None and field.is_declared and tx.rights.may_read_field(field.id)
    key = ("field", fold(f"{obj.name}.{field.name}")) if field is not None and is_there else None
    rows = await load_components(tx) if key else ()
    for row in rows:
        if row.deleted_at is None and row.component.key == key and field is not None:
            return Retyping(obj, field, row.component)
    raise UnknownField(f"{obj.label} has no field {name[:80]} whose type could be another one.")


async def _form_page(
    request: Request,
    tx: Transaction,
    retyping: Retyping,
    typed: Mapping[str, str],
    problems: Sequence[Problem] = (),
) -> Response:
    obj, title = retyping.object, f"Type of {retyping.field.label}"
    values = await _values(tx, retyping, typed)
    crumbs = (SETUP, Crumb(obj.label, f"/admin/objects/{obj.name}"), Crumb(title))
    return page(
        request,
        tx,
        Place(title, "setup", crumbs, create=obj.name),
        "field_type.html",
        422 if problems else 200,
        title=title,
        problems=problems,
        **values,
    )


async def _values(tx: Transaction, retyping: Retyping, typed: Mapping[str, str]) -> dict[str, Any]:
    """Give what the form shows, with the plan of what is typed."""
    new = None if retyping.why_not else retyping.find_type(typed.get("type", ""))
    inputs = inputs_of(retyping, new) if new is not None else ()
    typed = await _filled(tx, retyping, new, inputs, typed)
    told = Told(new, inputs) if new is None else await _told(tx, retyping, new, inputs, typed)
    losses, planned = told.losses, told.planned
    view = shown_plan(planned) if planned is not None else ShownPlan()
    changes = planned.plan.changes if planned is not None else ()
    others = [one for one in changes if not _is_told(retyping, one)]
    return {
        "retyping": retyping,
        "object": retyping.object,
        "field": retyping.field,
        "typed": typed,
        "told": told,
        "view": view,
        "said": {key.removeprefix(SAY): text for key, text in typed.items() if key[:4] == SAY},
        "others": shown_changes(others, TO_DO, _TOLD),
        "losses": losses,
        "lost": sum(losses.values()),
        "in_the_way": any(one.severity == "refused" for one in view.impact),
        "is_cut": any(one.is_cut for one in view.impact if one.is_loss),
    }


def _is_told(retyping: Retyping, change: ComponentChange) -> bool:
    """Tell whether a change is the one that the form asks for, and takes nothing else away."""
    before, after = change.before, change.after
    if before is None or after is None or after.key != retyping.component.key:
        return False
    known = {key for key, said in before.body.items() if said is not None}
    old = option_names(FIELD_TYPES[str(type_name(before))])
    return known - after.body.keys() <= set(old)


async def _filled(
    tx: Transaction,
    retyping: Retyping,
    new: FieldType[Any, Any] | None,
    inputs: tuple[str, ...],
    typed: Mapping[str, str],
) -> Mapping[str, str]:
    """Fill in what is usual where another type was chosen than the one that was filled in for."""
    if new is None or typed.get(_OF) == new.name:
        return typed
    kept = {key: text for key, text in typed.items() if not key.startswith(SAY)}
    for name in inputs:
        if name == "options":
            found = await load_texts(tx, retyping.object, retyping.field, _MOST_CHOICES)
            kept[name] = "\n".join(one for one in found if one)
        else:
            kept[name] = usual(new, name)
    return {**kept, _OF: new.name}


async def _told(
    tx: Transaction,
    retyping: Retyping,
    new: FieldType[Any, Any],
    inputs: tuple[str, ...],
    typed: Mapping[str, str],
) -> Told:
    try:
        planned = await plan_change(tx, proposal_of(retyping, new, typed))
    except Forbidden:
        raise
    except FieldstoneError as error:
        return Told(new, inputs, problems=error.problems)
    return Told(new, inputs, planned)


def _typed(sent: FormData) -> dict[str, str]:
    return {
        name: value.replace("\r\n", "\n")[:_LONGEST].strip()
        for name, value in sent.items()
        if isinstance(value, str)
    }


def _confirmed(typed: Mapping[str, str]) -> dict[str, int]:
    """Give what the number that was typed confirms. Raises Miscounted."""
    told = {
        key.removeprefix(_CONFIRM): int(text)
        for key, text in typed.items()
        if key.startswith(_CONFIRM) and _is_number(text)
    }
    if not told:
        return {}
    text = typed.get(_LOST, "").replace(",", "")
    meant, lost = (int(text) if _is_number(text) else -1), sum(told.values())
    if meant == lost:
        return told
    if meant > lost and len(told) == 1 and typed.get("cut"):
        return dict.fromkeys(told, meant)
    raise Miscounted(
        f"{lost:,} {'value' if lost == 1 else 'values'} would be lost or shortened.",
        at=f"/{_LOST}",
        hint=f"Type {lost} to say that this is meant.",
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS
