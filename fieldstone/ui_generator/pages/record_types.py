"""/admin/objects/{object}/record_types and .../processes: forms that set up sorts of records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, InvalidInput, NotFound, Problem
from fieldstone.metadata.catalog import Declared, Field, ObjectDef
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.field_types.choice import Choice
from fieldstone.metadata.kinds.business_process import BusinessProcessBody
from fieldstone.metadata.kinds.record_type import SEPARATOR, OfferedValues, RecordTypeBody
from fieldstone.metadata.kinds.registry import BUSINESS_PROCESS, COMPACT_LAYOUT, RECORD_TYPE
from fieldstone.metadata.names import component_name
from fieldstone.metadata.record_type_components import has_choices
from fieldstone.metadata.values import JsonObject, fold
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import NEW, read_form
from fieldstone.ui_generator.pages.objects import SETUP, check_setup, setup_cause
from fieldstone.ui_generator.reading import visible_object
from fieldstone.ui_generator.shell import Crumb, Place, page
from fieldstone.ui_generator.unmoved import check_unmoved, mark_of

_LONGEST: Final = 4_000
_DELETE: Final = "delete"
_STAGES: Final = ("stage", "status")
"""What the field of stages is likely called."""


class UnknownRecordType(NotFound):
    """No record type or business process of this name."""

    code = "page.unknown_record_type"


class NoTypeLabel(InvalidInput):
    """A record type or business process without a label, of which its name could be made."""

    code = "page.no_type_label"


@dataclass(frozen=True, slots=True)
class Editing:
    """What a page is about. slug, kind, noun: of its sort. declared: None for a new one."""

    slug: str
    kind: str
    noun: str
    object: ObjectDef
    declared: Declared | None

    @property
    def title(self) -> str:
        """What the page is called."""
        return f"New {self.noun}" if self.declared is None else str(self.declared.body.label)

    @property
    def seen(self) -> str:
        """What tells whether it is still as it was when the page was opened."""
        return mark_of(None if self.declared is None else self.declared.body)


_SORTS: Final = {
    "record_types": (RECORD_TYPE.name, "record type"),
    "processes": (BUSINESS_PROCESS.name, "business process"),
}


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """A picklist of the object as the form shows it. is_narrowed: whether it offers some alone."""

    field: Field
    values: tuple[Choice, ...]
    is_narrowed: bool
    chosen: frozenset[str]
    default: str | None


async def show_type(request: Request) -> Response:
    """GET /admin/objects/{object}/{record_types or processes}/{name}: its form."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        editing = _editing(request, tx)
        return _page(request, tx, editing, _first_body(request, editing))


async def save_type(request: Request) -> Response:
    """POST /admin/objects/{object}/{record_types or processes}/{name}: make, change or delete."""
    sent = await read_form(request)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    does = str(sent.get("do", ""))
    try:
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            editing = _editing(request, tx)
            body = _typed(request, editing, sent)
            if does != _DELETE:
                check_unmoved(editing.noun, str(sent.get("seen", editing.seen)), editing.seen)
            await change_metadata(tx, _proposal(editing, body, does))
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            editing = _editing(request, tx)
            return _page(request, tx, editing, _typed(request, editing, sent), error.problems)
    response = RedirectResponse(f"/admin/objects/{editing.object.name}#record_types", 303)
    verb = "Deleted" if does == _DELETE else "Saved"
    put_flash(response, Flash(f"{verb} the {editing.noun} {body.label}"))
    return response


def _editing(request: Request, tx: Transaction) -> Editing:
    """Give what the address is about. Raises Forbidden, UnknownObject, UnknownRecordType."""
    check_setup(tx)
    obj = visible_object(tx, request.path_params["object"])
    slug, name = request.url.path.split("/")[4], request.path_params["name"]
    kind, noun = _SORTS[slug]
    declared = None if name == NEW else tx.catalog.find_declared(kind, f"{obj.name}.{name}")
    if declared is None and name != NEW:
        raise UnknownRecordType(f"{obj.label} has no {noun} {name[:80]}.")
    return Editing(slug, kind, noun, obj, declared)


Body = RecordTypeBody | BusinessProcessBody


def _first_body(request: Request, editing: Editing) -> Body:
    """Give what the form shows before anything is typed."""
    if editing.declared is not None:
        body: Body = editing.declared.body
        return body
    obj = editing.object
    if editing.kind == RECORD_TYPE.name:
        return RecordTypeBody(obj.name, "")
    return BusinessProcessBody(obj.name, "", _stage_of(request, obj), ())


def _stage_of(request: Request, obj: ObjectDef) -> str:
    """Give the field whose values a new process is made of: the one asked for, or the likeliest."""
    names = [field.name for field in _picklists(obj)]
    asked = request.query_params.get("field", "")
    likely = [name for name in names if name in (asked, *_STAGES)]
    return next((n for n in names if n == asked), next(iter((*likely, *names)), ""))


def _picklists(obj: ObjectDef) -> Iterator[Field]:
    return (field for field in obj.own_fields if has_choices(field) and not field.is_calculated)


def _typed(request: Request, editing: Editing, sent: FormData) -> Body:
    """Give the body that a form says; what it does not show stays as it is."""
    first = _first_body(request, editing)
    label, description = (str(sent.get(key, ""))[:_LONGEST].strip() for key in _TEXTS)
    rows = {fold(row.field.name): row for row in _rows(editing.object, first)}
    if isinstance(first, BusinessProcessBody):
        row = rows.get(_key_of(editing.object, first.field))
        offered = first if row is None else _chosen(sent, row)
        values, default = offered.values, offered.default
        return replace(first, label=label, description=description, values=values, default=default)
    said = first.picklists.items()
    picklists = {name: one for name, one in said if _key_of(editing.object, name) not in rows}
    for row in rows.values():
        if f"narrow:{row.field.name}" in sent:
            picklists[row.field.name] = _chosen(sent, row)
    return replace(
        first,
        label=label,
        description=description,
        active="active" in sent,
        picklists=picklists,
        business_process=str(sent.get("business_process", "")) or None,
        compact_layout=str(sent.get("compact_layout", "")) or None,
    )


_TEXTS: Final = ("label", "description")


def _chosen(sent: FormData, row: ChoiceRow) -> OfferedValues:
    """Give what is offered of a picklist: what was chosen, and what the form does not show."""
    name, shown = row.field.name, {one.value for one in row.values}
    # Values that are not active any more are in records still.
    held = (one for one in row.chosen if row.field.options.find(one) is not None)
    unseen = sorted(one for one in held if one not in shown)
    values = (*(str(one) for one in sent.getlist(f"v:{name}")), *unseen)
    default = str(sent.get(f"d:{name}", "")) or None
    if default is None and row.default is not None and row.default not in shown:
        parts = {_spelled(row.field, one.strip()) for one in row.default.split(SEPARATOR)}
        default = row.default if parts <= set(values) else None
    return OfferedValues(values, default)


def _proposal(editing: Editing, body: Body, does: str) -> Proposal:
    declared = editing.declared
    own = component_name(body.label) if declared is None else declared.name
    if not own:
        message = f"The {editing.noun} needs a label."
        raise NoTypeLabel(message, at="/label", hint="Its name is made of the letters in it.")
    name = f"{editing.object.name}.{own}"
    if does == _DELETE:
        return Proposal(removals=((editing.kind, fold(name)),))
    whole: JsonObject = msgspec.json.decode(msgspec.json.encode(body))
    said = {key: value for key, value in whole.items() if value not in _UNSAID}
    package = None if declared is None else declared.package
    component = Component(editing.kind, name, said, package)
    return Proposal(upserts=(component,)) if declared else Proposal(creates=(component,))


_UNSAID: Final[tuple[object, ...]] = (None, "", {}, [])


def _page(
    request: Request,
    tx: Transaction,
    editing: Editing,
    body: Body,
    problems: tuple[Problem, ...] = (),
) -> Response:
    obj = editing.object
    crumbs = (SETUP, Crumb(obj.label, f"/admin/objects/{obj.name}"), Crumb(editing.title))
    values: dict[str, Any] = {
        "object": obj,
        "editing": editing,
        "body": body,
        "is_process": isinstance(body, BusinessProcessBody),
        "rows": list(_rows(obj, body)),
        "others": [f for f in _picklists(obj) if f.name != getattr(body, "field", "")],
        "processes": tx.catalog.declared_for(BUSINESS_PROCESS.name, obj),
        "compact_layouts": tx.catalog.declared_for(COMPACT_LAYOUT.name, obj),
        "problems": problems,
    }
    place = Place(editing.title, "setup", crumbs, create=obj.name)
    return page(request, tx, place, "record_type.html", 422 if problems else 200, **values)


def _rows(obj: ObjectDef, body: Body) -> Iterator[ChoiceRow]:
    """Yield the picklists that a form asks about."""
    said = {_key_of(obj, name): one for name, one in getattr(body, "picklists", {}).items()}
    if isinstance(body, BusinessProcessBody):
        said = {_key_of(obj, body.field): OfferedValues(body.values, body.default)}
    for field in _picklists(obj):
        offered = said.get(fold(field.name))
        if offered is None and isinstance(body, BusinessProcessBody):
            continue
        values = tuple(one for one in field.options.choices if one.active)
        spelled = [_spelled(field, one) for one in (offered.values if offered else ())]
        default = _spelled(field, offered.default) if offered and offered.default else None
        yield ChoiceRow(field, values, offered is not None, frozenset(spelled), default)


def _key_of(obj: ObjectDef, name: str) -> str:
    """Give the folded name of the field that a body names, however it was written."""
    found = obj.find_field(name)
    return fold(name if found is None else found.name)


def _spelled(field: Field, value: str) -> str:
    found = field.options.find(value)
    return value if found is None else str(found.value)
