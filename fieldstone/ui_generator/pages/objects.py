"""/admin/objects: what is set up, and forms that add an object or a field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.changes import MetadataPlan, Proposal, plan_changes
from fieldstone.metadata.definitions import field_component, read_definition
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.registry import (
    BUSINESS_PROCESS,
    LIST_VIEW,
    QUICK_ACTION,
    RECORD_TYPE,
    WEB_LINK,
)
from fieldstone.metadata.names import plural_of
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.values import JsonObject, fold
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import change_metadata, load_components
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.layout_sorts import SORTS
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.record import relation_label, relations_of
from fieldstone.ui_generator.reading import visible_fields, visible_object
from fieldstone.ui_generator.shell import Crumb, Place, page, part
from fieldstone.ui_generator.sketch import (
    SketchedField,
    object_definition,
    read_sketch,
)

SETUP: Final = Crumb("Set up", "/admin/objects")
_LONGEST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed to make an object. holds: "" for records."""

    label: str = ""
    plural: str = ""
    description: str = ""
    fields: str = ""
    holds: str = ""


@dataclass(frozen=True, slots=True)
class Sketched:
    """What would come of it. plan: None where there are problems."""

    fields: tuple[SketchedField, ...] = ()
    plan: MetadataPlan | None = None
    problems: tuple[Problem, ...] = ()


async def show_objects(request: Request) -> Response:
    """GET /admin/objects: every object, with its fields counted."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup(tx)
        objects = sorted(tx.catalog.objects, key=lambda obj: obj.label)
        return page(request, tx, Place("Set up", "setup"), "objects.html", objects=objects)


async def show_object(request: Request) -> Response:
    """GET /admin/objects/{object}: the fields and relations of an object."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup(tx)
        return await _object_page(request, tx, visible_object(tx, request.path_params["object"]))


async def new_object(request: Request) -> Response:
    """GET /admin/objects/new: the form for an object, with its fields as lines of text."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup(tx)
        return _new_page(request, tx, Typed(), Sketched())


async def preview_object(request: Request) -> Response:
    """POST /admin/objects/_preview: what the lines are understood as, and what would be made."""
    typed = _typed(await read_form(request))
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup(tx)
        return part(request, "parts/sketch.html", sketched=await _sketch(tx, typed))


async def create_object(request: Request) -> Response:
    """POST /admin/objects/new: make the object and show its empty list."""
    typed = _typed(await read_form(request))
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            check_setup(tx)
            fields = read_sketch(typed.fields, tx.catalog)
            definition = read_definition(_definition(typed, fields))
            await change_metadata(tx, definition.proposal)
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            found = read_sketch(typed.fields, tx.catalog)
            return _new_page(request, tx, typed, Sketched(found, None, error.problems), 422)
    response = RedirectResponse(f"/admin/{definition.components[0].name}", 303)
    put_flash(response, Flash(f"Made the object {typed.label}"))
    return response


async def create_field(request: Request) -> Response:
    """POST /admin/objects/{object}: add a field, written as one line."""
    sent = await read_form(request)
    line = str(sent.get("field", ""))[:_LONGEST].strip()
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            check_setup(tx)
            obj = visible_object(tx, request.path_params["object"])
            sketched = read_sketch(line, tx.catalog)
            made = tuple(field_component(obj.name, one.definition) for one in sketched)
            await change_metadata(tx, Proposal(creates=made))
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            obj = visible_object(tx, request.path_params["object"])
            return await _object_page(request, tx, obj, line=line, problems=error.problems)
    response = RedirectResponse(f"/admin/objects/{obj.name}", 303)
    if sketched:
        put_flash(response, Flash("Added " + ", ".join(one.label for one in sketched)))
    return response


async def _object_page(
    request: Request,
    tx: Transaction,
    obj: ObjectDef,
    *,
    line: str = "",
    problems: tuple[Problem, ...] = (),
) -> Response:
    fields = visible_fields(tx, obj)
    own = [f for f in fields if not f.is_system]
    relations, rules = relations_of(tx, obj), await _rules(tx, obj)
    values: dict[str, Any] = {
        "object": obj,
        "own": own,
        "system": [f for f in fields if f.is_system],
        "relations": relations,
        "relation_label": relation_label,
        "rules": rules,
        "jumps": _jumps(tx, obj, own=len(own), rules=len(rules), relations=len(relations)),
        "processes": tx.catalog.declared_for(BUSINESS_PROCESS.name, obj),
        "layouts": {
            slug: {"sort": sort, "declared": tx.catalog.declared_for(sort.kind, obj)}
            for slug, sort in SORTS.items()
        },
        "catalog": tx.catalog,
        "line": line,
        "problems": problems,
        "types": [t for t in FIELD_TYPES.values() if t.definable],
    }
    place = Place(obj.label, "setup", (SETUP, Crumb(obj.label)), create=obj.name)
    return page(request, tx, place, "object.html", 422 if problems else 200, **values)


def _jumps(tx: Transaction, obj: ObjectDef, **counts: int) -> list[tuple[str, str, int]]:
    """Give the sections of an object's page, with how much each holds."""

    def declared(*kinds: str) -> int:
        return sum(len(tx.catalog.declared_for(kind, obj)) for kind in kinds)

    return [
        ("fields", "Fields", counts["own"]),
        ("layouts", "Layouts", declared(*(sort.kind for sort in SORTS.values()))),
        ("rules", "Rules", counts["rules"]),
        ("record_types", "Record types", declared(RECORD_TYPE.name, BUSINESS_PROCESS.name)),
        ("list_view", "Views", declared(LIST_VIEW.name)),
        ("quick_action", "Quick actions", declared(QUICK_ACTION.name)),
        ("web_link", "Web links", declared(WEB_LINK.name)),
        *([("relations", "What points to it", counts["relations"])] if counts["relations"] else []),
    ]


async def _rules(tx: Transaction, obj: ObjectDef) -> list[tuple[str, JsonObject]]:
    """Give the validation rules of an object by name, those that rest included."""
    rows = await load_components(tx)
    rules = [one.component for one in rows if one.deleted_at is None]
    return [
        (split_name(one.name)[1], one.body)
        for one in rules
        if one.kind == "validation_rule" and fold(split_name(one.name)[0]) == fold(obj.name)
    ]


def _new_page(
    request: Request, tx: Transaction, typed: Typed, sketched: Sketched, status: int = 200
) -> Response:
    place = Place("New object", "setup", (SETUP, Crumb("New object")))
    return page(request, tx, place, "object_new.html", status, typed=typed, sketched=sketched)


async def _sketch(tx: Transaction, typed: Typed) -> Sketched:
    """Work out what would be made, without making it."""
    fields = read_sketch(typed.fields, tx.catalog)
    if not typed.label:
        return Sketched(fields)
    try:
        definition = read_definition(_definition(typed, fields))
        plan = plan_changes(await load_components(tx), definition.proposal)
    except FieldstoneError as error:
        return Sketched(fields, None, error.problems)
    return Sketched(fields, plan)


def _definition(typed: Typed, fields: tuple[SketchedField, ...]) -> Any:
    plural = typed.plural or (plural_of(typed.label) if typed.label else "")
    found = object_definition(typed.label, plural, typed.description, fields)
    return {**found, "holds": typed.holds} if typed.holds else found


def _typed(sent: FormData) -> Typed:
    texts = {name: str(sent.get(name, ""))[:_LONGEST].strip() for name in Typed.__slots__}
    return Typed(**texts)


def check_setup(tx: Transaction) -> None:
    """Refuse those who may not set up. Raises Forbidden."""
    if not tx.rights.may_set_up(SetupArea.OBJECTS):
        raise Forbidden("You may not change objects and fields.")


def setup_cause(request: Request) -> dict[str, Any]:
    """Give what is noted as the cause of a change of the set-up."""
    return {"request": getattr(request.state, "request_id", ""), "surface": "page"}
