"""Rows as JSON texts, put together by PostgreSQL, so that no value passes through Python.

The text of an object is one call of concat(): it writes what jsonb holds as it is, and takes half
the time of json_build_object(), which works out the type of each argument for every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, assert_never

from sqlalchemy import ColumnElement, Integer, Null, Select, and_, case, cast, func, null, select
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.tables import LINK
from fieldstone.metadata.values import write_json
from fieldstone.query_language.columns import JsonText, comparable, stored_text
from fieldstone.query_language.columns import shown as stored_id
from fieldstone.query_language.joined_sources import refs_of_rows
from fieldstone.query_language.past_links import pointed
from fieldstone.query_language.plan import (
    AggregateRef,
    ChildrenShown,
    FieldRef,
    Member,
    ParentShown,
    Shown,
)
from fieldstone.query_language.relations import points
from fieldstone.query_language.statement_parts import RowConditions, Tables, bound, ordered

MOST_CHILDREN: Final = 1000
_MEMBERS_PER_CALL: Final = 49
"""PostgreSQL takes 100 arguments; two make a member."""
_NULL: Final[ColumnElement[Any]] = cast(constant("null"), JSONB)


def json_object(members: Sequence[tuple[str, ColumnElement[Any]]]) -> ColumnElement[str]:
    """Give the text of a JSON object of any number of members, in their order."""
    parts: list[ColumnElement[Any]] = []
    before = "{"
    for key, value in members:
        parts += [constant(f"{before}{write_json(key)}: "), _written(value)]
        before = ", "
    size = 2 * _MEMBERS_PER_CALL
    calls = [_concat(parts[start : start + size]) for start in range(0, len(parts), size)]
    closing = constant("}" if members else "{}")
    if len(calls) == 1 and len(parts) < size:
        return _concat([*parts, closing])
    return _concat([*calls, closing])


def _concat(parts: Sequence[ColumnElement[Any]]) -> ColumnElement[str]:
    return func.concat(*parts, type_=JsonText())


def _written(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give what concat() writes as JSON; it would leave out what is null."""
    if isinstance(value.type, JSONB):
        return func.coalesce(value, _NULL)
    if isinstance(value.type, JsonText):
        return func.coalesce(value, constant("null"))
    if isinstance(value.type, Integer):
        return func.coalesce(cast(value, JsonText), constant("null"))
    return func.coalesce(cast(func.to_json(value), JsonText), constant("null"))


def row_json(tables: Tables, members: Sequence[Member]) -> ColumnElement[str]:
    """Give the text of a row as a JSON object."""
    return json_object([(key, _member(tables, value)) for key, value in members])


def _member(tables: Tables, value: Shown) -> ColumnElement[Any]:
    match value:
        case FieldRef():
            return tables.shown(value)
        case ParentShown(forms):
            found = [_parent(tables, place, members) for place, members in forms]
            return found[0] if len(found) == 1 else func.coalesce(*found, type_=JsonText())
        case ChildrenShown():
            return _children(tables, value)
        case AggregateRef():
            raise AssertionError("rows have no aggregates")
        case _:
            assert_never(value)


def _parent(tables: Tables, place: int, members: Sequence[Member]) -> ColumnElement[Any]:
    """Give a parent as JSON; null where there is none. It is looked up unless it is joined."""
    found, shown = tables.aliases[place], row_json(tables, members)
    unseen = _unseen(tables, place, members)
    if place in tables.joins:
        return case((found.c.id.is_not(None), shown), else_=unseen)
    above = tables.rows.sources[place].parent
    assert above is not None
    looked_up = select(shown).select_from(found).where(tables.on(place))
    one = looked_up.correlate(tables.aliases[above]).scalar_subquery()
    return one if isinstance(unseen, Null) else func.coalesce(one, unseen, type_=JsonText())


def _unseen(tables: Tables, place: int, members: Sequence[Member]) -> ColumnElement[Any]:
    """Give a parent that the viewer may not see: the id that its holder tells, and no more.

    That is part of the holder, and whoever writes back what they read must not lose it.
    """
    source = tables.rows.sources[place]
    if source.guard is None or source.parent is None or source.reference is None:
        return null()
    holder, reference = tables.aliases[source.parent], source.reference
    held_by = tables.rows.sources[source.parent].object
    held = stored_id(holder, FieldRef(source.parent, reference), held_by, tables.objects)
    told = [(key, held if _is_id(value, place) else _NULL) for key, value in members]
    points_there: ColumnElement[bool] = comparable(
        holder, FieldRef(source.parent, reference)
    ).is_not(None)
    if reference.column is None:
        # It may point to one of several objects, each of which is a source of its own.
        prefix = constant(f"{source.object.prefix}_")
        points_there = and_(points_there, func.starts_with(stored_text(holder, reference), prefix))
    return case((points_there, json_object(told)), else_=null())


def _is_id(value: Shown, place: int) -> bool:
    return isinstance(value, FieldRef) and value.source == place and value.field.column == "id"


def _points(
    inner: Tables, reference: FieldRef, parent_id: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Give the condition that a child points to a parent, by itself or as one of several."""
    if inner.rows.as_of is not None:
        own = inner.aliases[0]
        return pointed(own, reference.field, inner.rows, parent_id, inner.numbers)
    if points(reference.field):
        return inner.comparable(reference) == parent_id
    link = LINK.alias(f"l{next(inner.numbers)}")
    linked = select(link.c.source_id).where(
        link.c.tenant_id == constant(inner.rows.tenant_id),
        link.c.field_id == constant(reference.field.id),
        link.c.target_id == parent_id,
    )
    return inner.aliases[0].c.id.in_(linked.correlate_except(link))


def _children(tables: Tables, children: ChildrenShown) -> ColumnElement[Any]:
    refs = refs_of_rows(children.members, children.order_by)
    inner = Tables.of(children.rows, (*refs, children.reference), tables.objects, tables.numbers)
    parent_id = tables.aliases[children.source].c.id
    own_id, order_by = inner.aliases[0].c.id, children.order_by
    descends = bool(order_by) and order_by[-1].descending
    rows: Select[Any] = (
        select(row_json(inner, children.members).label("child"))
        .select_from(inner.joined())
        .where(*inner.filtered(), _points(inner, children.reference, parent_id))
        .order_by(*ordered(RowConditions(inner), order_by), own_id.desc() if descends else own_id)
    )
    most: ColumnElement[Any] = constant(MOST_CHILDREN)
    if children.limit is not None:
        most = func.least(bound(children.limit, Integer()), most)
    rows = rows.limit(most)
    if children.offset is not None:
        rows = rows.offset(bound(children.offset, Integer()))
    # Correlated by hand: the rows refer to the table outside, and so they stand in a scalar.
    listed = rows.correlate(*tables.aliases).lateral(f"c{next(tables.numbers)}")
    joined = func.string_agg(listed.c.child, constant(", "))
    return select(_concat([constant("["), joined, constant("]")])).scalar_subquery()
