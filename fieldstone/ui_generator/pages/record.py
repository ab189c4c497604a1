"""/admin/{Object}/{id}: a record with its details, its history and what belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from fieldstone.metadata.catalog import ChildRelation, Field, Holds, ObjectDef
from fieldstone.metadata.sharing import Sharing
from fieldstone.metadata.values import Json
from fieldstone.query_language.shown_paths import ShownPath, find_paths
from fieldstone.query_language.syntax import (
    Comparison,
    Condition,
    ListOperator,
    Membership,
    NullsPlace,
    Operator,
    Order,
    Path,
    Text,
)
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.layouts import Layout, PlacedList, layout_for, visible_relations
from fieldstone.runtime.quick_actions import actions_of
from fieldstone.runtime.records.conditions import Judged, judge
from fieldstone.runtime.records.history import history_page
from fieldstone.runtime.records.write import record_id
from fieldstone.runtime.transactions import Transaction
from fieldstone.runtime.web_links import links_of
from fieldstone.ui_generator.held_records import may_write
from fieldstone.ui_generator.listing import usual_columns
from fieldstone.ui_generator.locks import held_lock
from fieldstone.ui_generator.past import Past, read_past
from fieldstone.ui_generator.reading import (
    Row,
    Rows,
    Wanted,
    fetch_names,
    fetch_record,
    fetch_rows,
    title_of,
    visible_fields,
    visible_object,
)
from fieldstone.ui_generator.record_type_forms import type_of_form, type_of_row
from fieldstone.ui_generator.shell import Crumb, Place, is_partial, page, part
from fieldstone.ui_generator.viewing import viewing_of
from fieldstone.ui_generator.widgets.record import id_of
from fieldstone.ui_generator.widgets.registry import widget_of

RELATED_ROWS: Final = 5
HISTORY_ROWS: Final = 30
_NEWEST: Final = 2**62
_FACTS: Final = 5
_OF_FORMS: Final = ("/new", "/edit", "/conditions")
_RELATED_FACTS: Final = 3
_OPERATIONS: Final = {
    "create": ("created", "plus"),
    "update": ("changed", "pencil"),
    "delete": ("deleted", "trash"),
    "restore": ("restored", "restore"),
}


@dataclass(frozen=True, slots=True)
class Related:
    """The records that point to one through one field. more: the address of all of them."""

    relation: ChildRelation
    rows: Rows
    facts: tuple[ShownPath, ...]
    more: str
    create: str


async def show_record(request: Request) -> Response:
    """GET /admin/{object}/{id}: one record; history and related lists follow as parts."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = visible_object(tx, request.path_params["object"])
        number = record_id(obj, request.path_params["id"])
        fields, past = visible_fields(tx, obj), read_past(request.query_params)
        instant = past.instant if past else None
        row = await fetch_record(tx, obj, request.path_params["id"], fields, instant)
        # What forms would show then is not known, so all is told that the record had.
        judged = Judged() if past else await judge(tx, obj, {}, number)
        layout = layout_of(request, tx, obj, row)
        held = None if past else await held_lock(tx, obj, number)
        may_edit = tx.rights.may_edit_object(obj.id) and (not held or held.may_lock)
        may_edit = may_edit and may_write(tx, obj)
        own = [f for f in fields if not f.is_system and f is not obj.title and judged.is_visible(f)]
        return page(
            request,
            tx,
            place_of(obj, row),
            "record.html",
            object=obj,
            row=row,
            title=title_of(obj, row),
            of_type=type_of_row(obj, row),
            facts=_highlights(tx, layout, obj, [f for f in fields if _is_told(row, f, judged)]),
            sections=detail_sections(layout, judged),
            filled=[f for f in own if _says(row, f)],
            blank=[f for f in own if not _says(row, f)],
            system=_system(layout, fields, row),
            view=viewing_of(tx, past.in_address if past else ""),
            past=past,
            may_edit=past is None and may_edit,
            may_delete=past is None and tx.rights.may_delete(obj.id) and not held,
            may_lock=past is None and tx.rights.may_lock(obj.id),
            held=held,
            shares=past is None and obj.sharing in (Sharing.PRIVATE, Sharing.READ),
            rights=tx.rights,
            related=layout.related,
            actions=[] if past else actions_of(tx, obj, layout.actions),
            links=[] if past else await links_of(tx, obj, number, layout.links),
        )


async def show_related(request: Request) -> Response:
    """GET /admin/{object}/{id}/related: the first records of each related list."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = visible_object(tx, request.path_params["object"])
        number = request.path_params["id"]
        record_id(obj, number)
        past = read_past(request.query_params)
        layout = layout_of(request, tx, obj, await _typed_row(tx, obj, number, past))
        lists = [await _related(tx, number, one, past) for one in layout.related]
        values: dict[str, Any] = {
            "object": obj,
            "full": [one for one in lists if one.rows.rows],
            "bare": [one for one in lists if not one.rows.rows],
            "view": viewing_of(tx, past.in_address if past else ""),
            "past": past,
            "title_of": title_of,
            "relation_label": relation_label,
            "rights": tx.rights,
        }
        if is_partial(request):
            return part(request, "parts/related.html", **values)
        instant = past.instant if past else None
        row = await fetch_record(tx, obj, number, (obj.title,), instant)
        return page(
            request,
            tx,
            place_of(obj, row),
            "part_page.html",
            part="parts/related.html",
            heading="Related",
            **values,
        )


async def show_history(request: Request) -> Response:
    """GET /admin/{object}/{id}/history: what changed, by whom, newest first; before= goes back."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = visible_object(tx, request.path_params["object"])
        number = record_id(obj, request.path_params["id"])
        asked = request.query_params.get("before", "")
        before = int(asked) if asked.isdigit() and len(asked) < 20 else _NEWEST
        changes, after = await history_page(tx, obj, number, HISTORY_ROWS, min(before, _NEWEST))
        values: dict[str, Any] = {
            "object": obj,
            "record": request.path_params["id"],
            "entries": await history_entries(tx, obj, changes),
            "after": after,
            "view": viewing_of(tx),
        }
        if is_partial(request):
            return part(request, "parts/history.html", **values)
        row = await fetch_record(tx, obj, request.path_params["id"], (obj.title,))
        return page(
            request,
            tx,
            place_of(obj, row),
            "part_page.html",
            part="parts/history.html",
            heading="History",
            **values,
        )


def list_crumbs(obj: ObjectDef) -> list[Crumb]:
    """Give the way to the list of an object; settings and metadata are reached by Set up."""
    listed = Crumb(obj.plural_label, f"/admin/{obj.name}")
    return (
        [listed] if obj.holds is Holds.RECORDS else [Crumb("Settings", "/admin/settings"), listed]
    )


def place_of(obj: ObjectDef, row: Row, last: str = "") -> Place:
    """Give where the page of a record stands."""
    title = title_of(obj, row)
    crumbs = list_crumbs(obj)
    if last:
        crumbs += [Crumb(title, f"/admin/{obj.name}/{row['id']}"), Crumb(last)]
    else:
        crumbs += [Crumb(title)]
    return Place(f"{last} {title}".strip(), obj.name, tuple(crumbs), create=obj.name)


def relations_of(tx: Transaction, obj: ObjectDef) -> list[ChildRelation]:
    """Give the related lists that the viewer may see."""
    return visible_relations(tx.catalog, tx.rights, obj)


def layout_of(request: Request, tx: Transaction, obj: ObjectDef, row: Row | None = None) -> Layout:
    """Give the layout of the pages of a record, or of one that is to be made.

    Forms are for the record type that their address names.
    """
    is_form = request.url.path.endswith(_OF_FORMS)
    found = type_of_form(request, tx, obj, row) if is_form else type_of_row(obj, row)
    return layout_for(tx, obj, "" if found is None else found.name)


async def _typed_row(tx: Transaction, obj: ObjectDef, record: str, past: Past | None) -> Row | None:
    """Give what tells the record type of a record; None where there are none."""
    held = obj.type_field
    if held is None or not tx.rights.may_read_field(held.id):
        return None
    return await fetch_record(tx, obj, record, (held,), past.instant if past else None)


def detail_sections(layout: Layout, judged: Judged) -> list[dict[str, Any]]:
    """Give the sections of a record's page that are laid out, without what conditions hide."""
    if not layout.is_declared:
        return []
    found = []
    for section in layout.on_detail():
        columns = [
            [one if one and judged.is_visible(one.field) else None for one in column]
            for column in section.columns
        ]
        if any(field for column in columns for field in column):
            found.append({"section": section, "columns": columns})
    return found


def _system(layout: Layout, fields: Sequence[Field], row: Row) -> list[Field]:
    """Give the fields of every record that have a value, and no place of their own."""
    placed = (one.field for section in layout.on_detail() for one in section.placed)
    elsewhere = set(placed) if layout.is_declared else set()
    return [f for f in fields if f.is_system and _says(row, f) and f not in elsewhere]


def _is_told(row: Row, field: Field, judged: Judged) -> bool:
    return _says(row, field) and judged.is_visible(field)


def _highlights(
    tx: Transaction, layout: Layout, obj: ObjectDef, told: Sequence[Field]
) -> list[Field]:
    """Give the fields that stand in the head of a record, of those that say something."""
    if layout.highlights is not None:
        return [f for f in layout.highlights if f in told]
    return [f for f in usual_columns(obj, tx.rights)[1:] if f in told][:_FACTS]


def relation_label(relation: ChildRelation) -> str:
    """Give a related list's name for people: the plural, or the name that the field gives."""
    if relation.label:
        return relation.label
    plural = relation.object.plural_label
    told = relation.name.replace("_", " ")
    if told in (relation.object.slug.replace("_", " "), plural.lower()):
        return plural
    return told[:1].upper() + told[1:]


async def _related(tx: Transaction, record: str, listed: PlacedList, past: Past | None) -> Related:
    relation, obj, field = listed.relation, listed.relation.object, listed.relation.field
    facts = listed.columns or _usual_facts(tx, relation)
    then = past.instant if past else None
    wanted = Wanted(_points_to(field, record), (_order(listed),), RELATED_ROWS, as_of=then)
    own = (one.field for one in facts if not one.steps)
    rows = await fetch_rows(tx, obj, tuple(dict.fromkeys((obj.title, *own))), wanted, facts)
    word = "includes" if widget_of(field).several else "is"
    return Related(
        relation=relation,
        rows=rows,
        facts=facts,
        more=f"/admin/{obj.name}?f={field.name}:{word}:{record}"
        + (past.in_address.replace("?", "&", 1) if past else ""),
        create=f"/admin/{obj.name}/new?{field.name}={record}",
    )


def _usual_facts(tx: Transaction, relation: ChildRelation) -> tuple[ShownPath, ...]:
    columns = usual_columns(relation.object, tx.rights)[1:]
    names = [f.name for f in columns if f is not relation.field][:_RELATED_FACTS]
    return tuple(find_paths(relation.object, names, tx.catalog, tx.rights))


def _order(listed: PlacedList) -> Order:
    if listed.sort is None:
        return Order(Path(("created_at",)), descending=True, nulls=NullsPlace.LAST)
    return Order(listed.sort.path, listed.descending, NullsPlace.LAST)


def _points_to(field: Field, record: str) -> Condition:
    path = Path((field.name,))
    if widget_of(field).several:
        return Membership(path, ListOperator.INCLUDES, (Text(record),))
    return Comparison(path, Operator.EQUAL, Text(record))


@dataclass(frozen=True, slots=True)
class HistoryChange:
    """One field of one change; None where there was or is no value."""

    field: Field
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change of a record. verb, icon: what was done. at: as ISO 8601."""

    who: str
    verb: str
    icon: str
    at: str
    changes: tuple[HistoryChange, ...]


async def history_entries(
    tx: Transaction, obj: ObjectDef, changes: Sequence[dict[str, Json]]
) -> list[HistoryEntry]:
    """Give the entries of a record's history with names instead of ids."""
    names = await fetch_names(tx, set(_ids_in(obj, changes)))
    return [_entry(obj, change, names) for change in changes]


def _entry(obj: ObjectDef, change: dict[str, Json], names: dict[str, str]) -> HistoryEntry:
    operation = str(change["operation"])
    verb, icon = _OPERATIONS.get(operation, (operation, "history"))
    held = change["changes"]
    assert isinstance(held, dict)
    told = []
    for name, sides in held.items():
        field = obj.find_field(name)
        if field is not None and isinstance(sides, dict):
            before, after = sides.get("before"), sides.get("after")
            told.append(
                HistoryChange(field, _named(field, before, names), _named(field, after, names))
            )
    by = str(change["by"] or "")
    # Nobody has a name before the first user is made.
    who = names.get(by, by or "Administrator")
    return HistoryEntry(
        who, verb, icon, str(change["at"]), tuple(told) if operation == "update" else ()
    )


def _ids_in(obj: ObjectDef, changes: Sequence[dict[str, Json]]) -> list[str]:
    found = [str(change["by"]) for change in changes if change["by"]]
    for change in changes:
        held = change["changes"]
        assert isinstance(held, dict)
        for name, sides in held.items():
            field = obj.find_field(name)
            if field is not None and field.references and isinstance(sides, dict):
                for value in sides.values():
                    members = value if isinstance(value, list | tuple) else [value]
                    found += [id_of(one) for one in members if one]
    return found


def _named(field: Field, value: Json, names: dict[str, str]) -> Json:
    if not field.references or value is None:
        return value
    if isinstance(value, list | tuple):
        return [{"id": id_of(one), "name": names.get(id_of(one), id_of(one))} for one in value]
    return {"id": id_of(value), "name": names.get(id_of(value), id_of(value))}


def _says(row: Row, field: Field) -> bool:
    """Tell whether a record has a value that is worth a line."""
    return row.get(field.name) not in (None, "", [], {}, False)
