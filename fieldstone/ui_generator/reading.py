"""Records for pages: asked through the planner, with the names of what they point to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldstone.errors import FieldstoneError
from fieldstone.ids import parse_id
from fieldstone.metadata import visible
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.values import Json, read_json
from fieldstone.query_language.shown_paths import ShownPath
from fieldstone.query_language.syntax import (
    And,
    Call,
    Comparison,
    Condition,
    Instant,
    ListOperator,
    Membership,
    Operator,
    Order,
    Path,
    Query,
    SelectItem,
    Source,
    Text,
)
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.records.write import UnknownRecord
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.columns import path_of
from fieldstone.ui_generator.formula_markup import TO_HTML, gives_markup, read_markup
from fieldstone.ui_generator.widgets.record import id_of
from fieldstone.ui_generator.widgets.registry import widget_of

MOST_NAMED: Final = 1000

Row = Mapping[str, Json]
"""One record: values by field name; a reference is an object of id and name where it is known."""


@dataclass(frozen=True, slots=True)
class Rows:
    """One page of records. next: the cursor of the page behind; None at the end."""

    rows: tuple[Row, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records of an object, in which order and how many; as_of: how they were then.

    scope: mine for the viewer's own; None for all.
    """

    where: Condition | None = None
    order_by: tuple[Order, ...] = ()
    size: int = 60
    cursor: str | None = None
    as_of: Instant | None = None
    scope: str | None = None


def visible_object(tx: Transaction, name: str) -> ObjectDef:
    """Give the object of this name if the viewer may see it. Raises UnknownObject."""
    return visible.visible_object(tx.catalog, tx.rights, name)


def visible_fields(tx: Transaction, obj: ObjectDef) -> tuple[Field, ...]:
    """Give the fields of an object that the viewer is shown."""
    return tuple(f for f in obj.fields if tx.rights.may_show_field(f.id))


async def fetch_rows(
    tx: Transaction,
    obj: ObjectDef,
    fields: Sequence[Field],
    wanted: Wanted,
    paths: Sequence[ShownPath] = (),
) -> Rows:
    """Give a page of records with the names of the records that they point to.

    paths: fields of parents; their values stand in the rows by their dotted names. One statement,
    and one more for each object that a field with several targets, or several values, points to.
    """
    parents = [one for one in paths if one.steps]
    query = Query(
        select=(
            SelectItem(Path(("id",))),
            *(_item(tx, obj, field) for field in fields),
            *(_path_item(tx, one) for one in parents),
        ),
        source=Source(Path((obj.name,))),
        scope=wanted.scope,
        where=wanted.where,
        order_by=wanted.order_by,
        as_of=wanted.as_of,
    )
    page = await answer(
        tx, Question(query, page_size=wanted.size, cursor=wanted.cursor, counts=False)
    )
    rows = [_row(tx, fields, text) for text in page.records]
    marked = [field for field in fields if _is_html(tx, obj, field)]
    for row in rows:
        row.update((one.name, read_markup(row.get(one.name))) for one in marked)
    for one in parents:
        if gives_markup(tx.catalog, tx.catalog.by_id[one.field.object_id], one.field):
            for row in rows:
                row[one.name] = read_markup(row.get(one.name))
    loose = {field.name: field for field in fields if _target(tx, field) is None}
    loose |= {one.name: one.field for one in parents}
    await _name_the_rest(tx, loose, rows, wanted.as_of)
    return Rows(tuple(rows), page.next)


async def fetch_record(
    tx: Transaction,
    obj: ObjectDef,
    record_id: str,
    fields: Sequence[Field],
    as_of: Instant | None = None,
) -> Row:
    """Give one record. Raises UnknownRecord."""
    is_it = Comparison(Path(("id",)), Operator.EQUAL, Text(record_id))
    found = await fetch_rows(tx, obj, fields, Wanted(where=is_it, size=1, as_of=as_of))
    if not found.rows:
        raise UnknownRecord(f"There is no {obj.label} {record_id[:80]}.")
    return found.rows[0]


async def fetch_names(
    tx: Transaction, record_ids: Iterable[str], as_of: Instant | None = None
) -> dict[str, str]:
    """Give what records are called, of any objects; those that are not visible are left out."""
    wanted: dict[str, set[str]] = {}
    for record_id in record_ids:
        try:
            wanted.setdefault(parse_id(record_id)[0], set()).add(record_id)
        except FieldstoneError:
            continue
    names: dict[str, str] = {}
    for prefix, ids in wanted.items():
        obj = tx.catalog.by_prefix.get(prefix)
        if obj is not None and tx.rights.may_read_object(obj.id):
            chosen = tuple(Text(one) for one in sorted(ids)[:MOST_NAMED])
            where = Membership(Path(("id",)), ListOperator.IN, chosen)
            named = Wanted(where=where, size=len(chosen), as_of=as_of)
            found = await fetch_rows(tx, obj, (obj.title,), named)
            names |= {str(row["id"]): title_of(obj, row) for row in found.rows}
    return names


def title_of(obj: ObjectDef, row: Row) -> str:
    """Give what a record is called; its id where it has no name."""
    value = row.get(obj.title.name)
    if value is None:
        return str(row["id"])
    return shown_title(obj.title, value)


def shown_title(field: Field, value: Json) -> str:
    """Give the value of a field that names records as text."""
    return field.type.show(field.type.decode(value), field.options)


def all_of(conditions: Sequence[Condition | None]) -> Condition | None:
    """Give the condition that all of these hold; None for none."""
    held = tuple(condition for condition in conditions if condition is not None)
    return And(held) if len(held) > 1 else held[0] if held else None


def _target(tx: Transaction, field: Field) -> ObjectDef | None:
    """Give the one visible object that a field may point to; None if names need another way."""
    visible = [tx.catalog.by_id[t] for t in field.references if tx.rights.may_read_object(t)]
    several = len(visible) != 1 or widget_of(field).several
    return None if several else visible[0]


def path_shown(tx: Transaction, field: Field) -> Path:
    """Give the path of what is shown of a field: the name of what a reference points to."""
    target = _target(tx, field)
    path = path_of(field)
    if target is None or target.title.name == "id" or not _may_name(tx, target):
        return path
    return Path((*path.names, target.title.name))


def _item(tx: Transaction, obj: ObjectDef, field: Field) -> SelectItem:
    path = path_shown(tx, field)
    return SelectItem(Call(TO_HTML, (path,)) if _is_html(tx, obj, field) else path)


def _path_item(tx: Transaction, one: ShownPath) -> SelectItem:
    """Give a parent's field as a column of its own beside the record's fields."""
    owner = tx.catalog.by_id[one.field.object_id]
    markup = gives_markup(tx.catalog, owner, one.field)
    return SelectItem(Call(TO_HTML, (one.path,)) if markup else one.path, alias=one.name)


def _is_html(tx: Transaction, obj: ObjectDef, field: Field) -> bool:
    """Tell whether a field shows links or pictures; what names a record is a text all the same."""
    return field is not obj.title and gives_markup(tx.catalog, obj, field)


def _may_name(tx: Transaction, target: ObjectDef) -> bool:
    return tx.rights.may_read_field(target.title.id)


def _row(tx: Transaction, fields: Sequence[Field], text: str) -> dict[str, Json]:
    row = read_json(text)
    assert isinstance(row, dict)
    for field in fields:
        value, target = row.get(field.name), _target(tx, field)
        if target is not None and isinstance(value, dict):
            name = value.get(target.title.name)
            if value.get("id") is None:
                row[field.name] = None
            else:
                told = value["id"] if name is None else shown_title(target.title, name)
                row[field.name] = {"id": value["id"], "name": told}
    return row


async def _name_the_rest(
    tx: Transaction,
    columns: Mapping[str, Field],
    rows: Sequence[dict[str, Json]],
    as_of: Instant | None,
) -> None:
    """Put names to references that the first statement could not name. columns: by their names."""
    loose = [name for name, field in columns.items() if field.references]
    held = [id_of(one) for row in rows for name in loose for one in _members(row.get(name))]
    if not held:
        return
    names = await fetch_names(tx, held, as_of)
    for row in rows:
        for name in loose:
            value = row.get(name)
            if isinstance(value, list | tuple):
                row[name] = [_named(id_of(one), names) for one in value]
            elif value is not None:
                row[name] = _named(id_of(value), names)


def _members(value: Json) -> Sequence[Json]:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _named(record_id: str, names: Mapping[str, str]) -> Json:
    return {"id": record_id, "name": names.get(record_id, record_id)}
