"""/admin/objects/{Object}/{what}/{name}: forms for formulas, roll-ups, defaults and rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, NotFound, Problem
from fieldstone.metadata.calculation import Value
from fieldstone.metadata.catalog import ChildRelation, Field, ObjectDef
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.field import types_given
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import fold
from fieldstone.query_language.formula.typed import Failed, Shape
from fieldstone.query_language.functions.text_of import written
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.long_texts import worked_out
from fieldstone.runtime.metadata_changes import change_metadata, load_components, try_metadata
from fieldstone.runtime.records.trial import try_expression
from fieldstone.runtime.records.write import record_id
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.calculations import (
    FIELD,
    FORMULA,
    FORMULAS,
    MAX_TEXT,
    NEW,
    ROLL_UP,
    RULE,
    Editing,
    editing_field,
    expression_of,
    mark,
    proposal_of,
    texts_of,
)
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, check_setup, setup_cause
from fieldstone.ui_generator.pages.record import relation_label, relations_of
from fieldstone.ui_generator.palette import groups_for_formula, groups_for_roll_up
from fieldstone.ui_generator.reading import Wanted, fetch_rows, title_of, visible_object
from fieldstone.ui_generator.shell import Crumb, Place, page, part
from fieldstone.ui_generator.unmoved import check_unmoved

_NEWS: Final = {FORMULA: "New formula", ROLL_UP: "New roll-up", RULE: "New rule"}
_NOUNS: Final = {FORMULA: "formula", ROLL_UP: "roll-up", FIELD: "field", RULE: "rule"}


class UnknownForm(NotFound):
    """No form of this name, or nothing that it could be about."""

    code = "page.unknown_form"


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a formula while it is typed. record, value: what it gives for a record."""

    label: str
    kind: str
    record: str = ""
    value: str = ""


async def show_calculation(request: Request) -> Response:
    """GET /admin/objects/{object}/{what}/{name}: a form; of what is to be made the name is new."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        editing = await _editing(request, tx)
        return _form_page(request, tx, editing, texts_of(editing), ())


async def check_calculation(request: Request) -> Response:
    """POST /admin/objects/{object}/{what}/{name}/check: what is wrong with it, or what it gives."""
    typed = _typed(await read_form(request))
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        editing = await _editing(request, tx)
        problems = _relevant(await _problems(tx, editing, typed), typed)
        told = [] if problems else await _told(tx, editing, typed)
        return part(request, "parts/checked.html", **_checked(editing, typed, problems), told=told)


async def save_calculation(request: Request) -> Response:
    """POST /admin/objects/{object}/{what}/{name}: make or change it and show the object."""
    typed = _typed(await read_form(request))
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            editing = await _editing(request, tx)
            check_unmoved(_NOUNS[editing.mode], typed.get("seen", editing.seen), editing.seen)
            await change_metadata(tx, proposal_of(editing, typed, tx.catalog, tx.rights))
    except (Forbidden, NotFound):
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            editing = await _editing(request, tx)
            return _form_page(request, tx, editing, typed, error.problems)
    response = RedirectResponse(f"/admin/objects/{editing.object.name}", 303)
    verb = "Made" if editing.is_new else "Saved"
    put_flash(response, Flash(f"{verb} {typed.get('label') or typed.get('name') or editing.name}"))
    return response


async def _editing(request: Request, tx: Transaction) -> Editing:
    """Give what the address is about. Raises Forbidden, UnknownObject and UnknownForm."""
    check_setup(tx)
    obj = visible_object(tx, request.path_params["object"])
    what, name = request.path_params["what"], request.path_params["name"]
    if what in _NEWS and name == NEW:
        return Editing(what, obj)
    kind = {FIELD: "field", RULE: "validation_rule"}.get(what, "")
    found = await _component(tx, kind, f"{obj.name}.{name}")
    if found is None or (kind == "field" and not _may_see(tx.rights, obj, name)):
        raise UnknownForm(f"{obj.label} has no {_NOUNS.get(what, 'form')} {name[:80]}.")
    return editing_field(obj, found) if kind == "field" else Editing(RULE, obj, found)


def _may_see(rights: Rights, obj: ObjectDef, name: str) -> bool:
    field = obj.find_field(name)
    return field is not None and rights.may_read_field(field.id)


async def _component(tx: Transaction, kind: str, name: str) -> Component | None:
    rows = await load_components(tx)
    wanted = (kind, fold(name))
    return next(
        (r.component for r in rows if r.deleted_at is None and r.component.key == wanted), None
    )


async def _problems(
    tx: Transaction, editing: Editing, typed: dict[str, str]
) -> tuple[Problem, ...]:
    try:
        await try_metadata(tx, proposal_of(editing, typed, tx.catalog, tx.rights))
    except FieldstoneError as error:
        return error.problems
    return ()


def _relevant(problems: tuple[Problem, ...], typed: dict[str, str]) -> tuple[Problem, ...]:
    """Leave out what is only wrong because it has not been typed yet."""
    return tuple(
        one
        for one in problems
        if not isinstance(one.at, str)
        or not (key := one.at.removeprefix("/").partition("/")[0])
        or typed.get({"name": "label"}.get(key, key))
        or key in ("type", "roll_up")
    )


async def _told(tx: Transaction, editing: Editing, typed: dict[str, str]) -> list[Told]:
    """Say what formulas give, and for the newest record."""
    if editing.mode == ROLL_UP:
        return []
    obj = editing.object
    newest = await fetch_rows(tx, obj, (obj.title,), Wanted(size=1))
    told = []
    for key, label in FORMULAS[editing.mode].items():
        if not typed.get(key):
            continue
        try:
            asked = partial(expression_of, editing, key, typed, tx.catalog, tx.rights)
            found = await worked_out(asked, len(typed[key]))
        except FieldstoneError:
            continue
        record, value = "", ""
        for row in newest.rows:
            record = title_of(obj, row)
            try:
                given = await try_expression(tx, obj, found, record_id(obj, str(row["id"])))
            except Failed as failure:
                value = f"nothing: {failure}"
            else:
                value = _shown(given, found.shape)
        told.append(Told(label, found.shape.kind.value, record, value))
    return told


def _shown(value: Value, shape: Shape) -> str:
    if value is None or value in ("", ()):
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "; ".join(_shown(one, shape) for one in value)
    return written(value) if shape.kind.is_number else str(value)  # type: ignore[arg-type]


def _typed(sent: FormData) -> dict[str, str]:
    texts = {}
    for name, value in sent.items():
        if isinstance(value, str):
            texts[name] = value.replace("\r\n", "\n")[:MAX_TEXT].strip()
    return texts


def _checked(
    editing: Editing, typed: dict[str, str], problems: tuple[Problem, ...]
) -> dict[str, Any]:
    """Give what is wrong, each with its place in the formula it is in."""
    labels = FORMULAS[editing.mode]
    marked = []
    for one in problems:
        key = str(one.at or "").rpartition("/")[2]
        found = mark(typed.get(key, ""), one) if key in labels else None
        marked.append((one, labels.get(key, ""), key, found))
    return {"marked": marked}


def _form_page(
    request: Request,
    tx: Transaction,
    editing: Editing,
    typed: dict[str, str],
    problems: tuple[Problem, ...],
) -> Response:
    obj = editing.object
    relations = relations_of(tx, obj)
    title = _NEWS[editing.mode] if editing.is_new else typed.get("label") or editing.name
    if editing.mode == ROLL_UP:
        groups = groups_for_roll_up(relations, tx.rights)
    else:
        groups = groups_for_formula(obj, tx.catalog, tx.rights)
    crumbs = (SETUP, Crumb(obj.label, f"/admin/objects/{obj.name}"), Crumb(title))
    values: dict[str, Any] = {
        "object": obj,
        "editing": editing,
        "title": title,
        "typed": typed,
        "formulas": FORMULAS[editing.mode],
        "types": types_given(editing.mode) if editing.mode == FORMULA else (),
        "relations": [(f"{r.object.name}.{r.field.name}", r) for r in relations],
        "relation_label": relation_label,
        "fields": [f for f in obj.own_fields if tx.rights.may_read_field(f.id)],
        "summed": _summable(relations, tx.rights),
        "groups": groups,
        **_checked(editing, typed, problems),
        "told": (),
    }
    place = Place(title, "setup", crumbs, create=obj.name)
    return page(request, tx, place, "calculation.html", 422 if problems else 200, **values)


def _summable(relations: Sequence[ChildRelation], rights: Rights) -> list[tuple[str, list[Field]]]:
    """Give the fields that a roll-up may sum up, under the names of their objects."""
    kinds = set(types_given(ROLL_UP))
    found = {
        one.object.label: [
            of for of in one.object.fields if of.type in kinds and rights.may_read_field(of.id)
        ]
        for one in relations
    }
    return list(found.items())
