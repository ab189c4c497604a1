"""Records as callers see them: every output asks the query planner, and nothing else reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import msgspec

from fieldstone.errors import InvalidInput
from fieldstone.ids import RecordId, format_id, parse_id
from fieldstone.metadata.catalog import ChildRelation, Field, ObjectDef
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import Json, JsonObject, read_json
from fieldstone.query_language.json_form import nulls_last, read_filter
from fieldstone.query_language.lifting import Lifted, lift
from fieldstone.query_language.parse import parse_instant, parse_items, parse_order
from fieldstone.query_language.syntax import (
    ChildQuery,
    Comparison,
    Item,
    Operator,
    Order,
    Path,
    Query,
    SelectItem,
    Source,
    Text,
)
from fieldstone.query_language.templates import template_of
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.queries import OneRecord, Page, Question, answer, prepare_record
from fieldstone.runtime.records.write import UnknownRecord
from fieldstone.runtime.transactions import Transaction

T = TypeVar("T")
CHILDREN_SHOWN: Final = 5
_LONGEST_KEPT: Final = 1_000


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What a list asks for. fields: None for all. where, order_by, as_of: as in queries."""

    fields: tuple[str, ...] | None = None
    where: str | None = None
    order_by: str | None = None
    limit: int = 50
    cursor: str | None = None
    count: bool = False
    as_of: str | None = None


class _Head(msgspec.Struct):
    """What of a record's JSON is needed beside its text."""

    id: str = ""
    version: int | None = None


_HEAD: Final = msgspec.json.Decoder(_Head)
_LISTS: Final[PerCatalog[Lifted]] = PerCatalog(2_000)
_ONES: Final[PerCatalog[OneRecord]] = PerCatalog(2_000)


async def list_page(tx: Transaction, obj: ObjectDef, wanted: ListRequest) -> Page:
    """Give a page of an object's records as JSON texts. Raises what the query language raises."""
    return await answer(tx, _templated(tx, obj, wanted) or _as_written(tx, obj, wanted))


def _templated(tx: Transaction, obj: ObjectDef, wanted: ListRequest) -> Question | None:
    """Give the question of a list whose condition was asked before, be it with other values."""
    template = template_of(wanted.where, words=True) if wanted.where else None
    if template is None:
        return None
    try:
        lifted = _kept_list(tx, obj, replace(wanted, where=template.text), template.params)
    except InvalidInput:
        return None
    return Question(
        lifted.query,
        template.params,
        wanted.limit,
        wanted.cursor,
        counts=wanted.count,
        written=lambda: _list_query(tx, obj, wanted),
    )


def _as_written(tx: Transaction, obj: ObjectDef, wanted: ListRequest) -> Question:
    lifted = _kept_list(tx, obj, wanted, {})
    return Question(
        lifted.query, {}, wanted.limit, wanted.cursor, counts=wanted.count, lifted=lifted
    )


def _kept_list(
    tx: Transaction, obj: ObjectDef, wanted: ListRequest, params: Mapping[str, Json]
) -> Lifted:
    shape = (wanted.fields, wanted.where, wanted.order_by, wanted.as_of)
    asked = (tx.rights.digest, obj.id, shape)
    return _kept(tx, _LISTS, asked, lambda: lift(_list_query(tx, obj, wanted), params))


def _kept(
    tx: Transaction, store: PerCatalog[T], asked: tuple[object, ...], make: Callable[[], T]
) -> T:
    """Give what was made for the same question before, or make it; long ones are not kept."""
    if len(repr(asked)) > _LONGEST_KEPT:
        return make()
    return store.get(tx.catalog, asked, make)


def _list_query(tx: Transaction, obj: ObjectDef, wanted: ListRequest) -> Query:
    return Query(
        select=_selected(tx, obj, wanted.fields),
        source=Source(Path((obj.name,))),
        where=read_filter(wanted.where) if wanted.where else None,
        order_by=nulls_last(parse_order(wanted.order_by)) if wanted.order_by else (),
        as_of=parse_instant(wanted.as_of) if wanted.as_of else None,
    )


async def count_records(tx: Transaction, obj: ObjectDef, wanted: ListRequest) -> int | None:
    """Count the records of a list; None beyond what is worth counting."""
    query = _list_query(tx, obj, replace(wanted, fields=("id",), order_by=None))
    page = await answer(tx, Question(query, {}, 1))
    return page.total


async def record_text(
    tx: Transaction,
    obj: ObjectDef,
    record_id: RecordId,
    fields: tuple[str, ...] | None,
    as_of: str | None = None,
) -> tuple[str, int | None]:
    """Give one record as JSON text, and its version where it is among the fields.

    With all fields come the first few of the child records that belong to its picture. as_of: the
    instant at which it is looked at. Raises UnknownRecord, and BadSyntax for what is no instant.
    """
    if as_of is not None:
        return await _past_record(tx, _one_query(tx, obj, record_id, fields), as_of)
    asked = (tx.rights.digest, obj.id, fields)
    found = await _kept(tx, _ONES, asked, lambda: _one(tx, obj, fields)).fetch(tx, record_id)
    if found is None:
        raise UnknownRecord(f"There is no {obj.label} {format_id(obj.prefix, record_id)}.")
    return found, _HEAD.decode(found).version


def _one(tx: Transaction, obj: ObjectDef, fields: tuple[str, ...] | None) -> OneRecord:
    return prepare_record(tx, _one_query(tx, obj, RecordId(0), fields))


def _one_query(
    tx: Transaction, obj: ObjectDef, record_id: RecordId, fields: tuple[str, ...] | None
) -> Query:
    children = tuple(_children(tx, obj)) if fields is None else ()
    return Query(
        select=(*_selected(tx, obj, fields), *children),
        source=Source(Path((obj.name,))),
        # A single value rather than a list, so that PostgreSQL plans it once for all ids.
        where=Comparison(Path(("id",)), Operator.EQUAL, Text(format_id(obj.prefix, record_id))),
    )


async def _past_record(tx: Transaction, query: Query, as_of: str) -> tuple[str, int | None]:
    then = replace(query, as_of=parse_instant(as_of))
    page = await answer(tx, Question(then, page_size=1, counts=False))
    if not page.records:
        raise UnknownRecord(
            f"There was no such {query.source.path.text} then.",
            hint="It was made later, or had been deleted.",
        )
    return page.records[0], _HEAD.decode(page.records[0]).version


async def record_values(tx: Transaction, obj: ObjectDef, record_id: RecordId) -> JsonObject:
    """Give one record as JSON values. Raises UnknownRecord."""
    text, _ = await record_text(tx, obj, record_id, None)
    values = read_json(text)
    assert isinstance(values, dict)
    return values


async def nth_record(tx: Transaction, obj: ObjectDef, number: int) -> RecordId:
    """Give the id of the n-th record that was created and is still there. Raises UnknownRecord."""
    query = Query(
        select=(SelectItem(Path(("id",))),),
        source=Source(Path((obj.name,))),
        order_by=(Order(Path(("id",))),),
        limit=1,
        offset=number - 1,
    )
    page = await answer(tx, Question(query, counts=False))
    if not page.records:
        raise UnknownRecord(f"There are fewer than {number} {obj.plural_label}.")
    return _id_in(page.records[0])


def _id_in(text: str) -> RecordId:
    return parse_id(_HEAD.decode(text).id)[1]


def _selected(tx: Transaction, obj: ObjectDef, names: tuple[str, ...] | None) -> tuple[Item, ...]:
    if names is not None:
        return parse_items(",".join(names))
    return tuple(SelectItem(path) for path in whole_record(obj, tx))


def whole_record(obj: ObjectDef, tx: Transaction) -> Iterator[Path]:
    """Yield every field of an object that is shown; references with the name of what they point to.

    The id comes first and the other system fields last.
    """
    first, *system = (field for field in obj.fields if field.is_system)
    for field in (first, *obj.own_fields, *system):
        if tx.rights.may_show_field(field.id):
            title = _title_behind(tx, field)
            yield Path((field.name,)) if title is None else Path((field.name, title))


def _title_behind(tx: Transaction, field: Field) -> str | None:
    """Give the field that names what a reference to one object points to, if it may be read."""
    if len(field.references) != 1 or field.type.slot is None:
        return None
    target = tx.catalog.by_id[field.references[0]]
    title = target.title
    return title.name if _readable(tx.rights, target, title) else None


def _readable(rights: Rights, obj: ObjectDef, field: Field) -> bool:
    return rights.may_read_object(obj.id) and rights.may_read_field(field.id)


def _children(tx: Transaction, obj: ObjectDef) -> Iterator[ChildQuery]:
    for relation in tx.catalog.children_of(obj):
        if getattr(relation.field.options, "inline", False) and _readable(
            tx.rights, relation.object, relation.field
        ):
            yield ChildQuery(_child_query(relation))


def _child_query(relation: ChildRelation) -> Query:
    return Query(
        select=(SelectItem(Path(("id",))), SelectItem(Path((relation.object.title.name,)))),
        source=Source(Path((relation.name,))),
        limit=CHILDREN_SHOWN,
    )
