"""/admin/{Object}/{id}: a record with its details, its history and what belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from fieldstone.metadata.catalog import ChildRelation, Field, ObjectDef
from fieldstone.metadata.sharing import Sharing
from fieldstone.metadata.values import Json
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
from fieldstone.runtime.records.conditions import Judged, judge
from fieldstone.runtime.records.history import history_page
from fieldstone.runtime.records.write import record_id
from fieldstone.runtime.transactions import Transaction
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
from fieldstone.ui_generator.shell import Crumb, Place, is_partial, page, part
from fieldstone.ui_generator.viewing import viewing_of
from fieldstone.ui_generator.widgets.record import id_of
from fieldstone.ui_generator.widgets.registry import widget_of

RELATED_ROWS: Final = 5
HISTORY_ROWS: Final = 30
_NEWEST: Final = 2**62
_FACTS: Final = 5
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
    facts: tuple[Field, ...]
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
        told = usual_columns(obj, tx.rights)[1:]
        held = None if past else await held_lock(tx, obj, number)
        may_edit = tx.rights.may_edit_object(obj.id) and (not held or held.may_lock)
        own = [f for f in fields if not f.is_system and f is not obj.title and judged.is_visible(f)]
        return page(
            request,
            tx,
            place_of(obj, row),
            "record.html",
            object=obj,
            row=row,
            title=title_of(obj, row),
            facts=[f for f in told if _says(row, f) and judged.is_visible(f)][:_FACTS],
            filled=[f for f in own if _says(row, f)],
            blank=[f for f in own if not _says(row, f)],
            system=[f for f in fields if f.is_system and _says(row, f)],
            view=viewing_of(tx, past.in_address if past else ""),
            past=past,
            may_edit=past is None and may_edit,
            may_delete=past is None and tx.rights.may_delete(obj.id) and not held,
            may_lock=past is None and tx.rights.may_lock(obj.id),
            held=held,
            shares=past is None and obj.sharing in (Sharing.PRIVATE, Sharing.READ),
            rights=tx.rights,
            relations=relations_of(tx, obj),
        )


async def show_related(request: Request) -> Response:
    """GET /admin/{object}/{id}/related: the first records of each related list."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = visible_object(tx, request.path_params["object"])
        number = request.path_params["id"]
        record_id(obj, number)
        past = read_past(request.query_params)
        lists = [await _related(tx, number, one, past) for one in relations_of(tx, obj)]
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


def place_of(obj: ObjectDef, row: Row, last: str = "") -> Place:
    """Give where the page of a record stands."""
    title = title_of(obj, row)
    crumbs = [Crumb(obj.plural_label, f"/admin/{obj.name}")]
    if last:
        crumbs += [Crumb(title, f"/admin/{obj.name}/{row['id']}"), Crumb(last)]
    else:
        crumbs += [Crumb(title)]
    return Place(f"{last} {title}".strip(), obj.name, tuple(crumbs), create=obj.name)


def relations_of(tx: Transaction, obj: ObjectDef) -> list[ChildRelation]:
    """Give the related lists that the viewer may see."""
    return [
        one
        for one in tx.catalog.children_of(obj)
        if tx.rights.may_read_object(one.object.id) and tx.rights.may_read_field(one.field.id)
    ]


def relation_label(relation: ChildRelation) -> str:
    """Give a related list's name for people: the plural, or the name that the field gives."""
    plural = relation.object.plural_label
    told = relation.name.replace("_", " ")
    if told in (relation.object.slug.replace("_", " "), plural.lower()):
        return plural
    return told[:1].upper() + told[1:]


async def _related(
    tx: Transaction, record: str, relation: ChildRelation, past: Past | None
) -> Related:
    obj, field = relation.object, relation.field
    facts = [f for f in usual_columns(obj, tx.rights)[1:] if f is not field][:3]
    newest = (Order(Path(("created_at",)), descending=True, nulls=NullsPlace.LAST),)
    then = past.instant if past else None
    wanted = Wanted(_points_to(field, record), newest, RELATED_ROWS, as_of=then)
    rows = await fetch_rows(tx, obj, (obj.title, *facts), wanted)
    word = "includes" if widget_of(field).several else "is"
    return Related(
        relation=relation,
        rows=rows,
        facts=tuple(facts),
        more=f"/admin/{obj.name}?f={field.name}:{word}:{record}"
        + (past.in_address.replace("?", "&", 1) if past else ""),
        create=f"/admin/{obj.name}/new?{field.name}={record}",
    )


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
