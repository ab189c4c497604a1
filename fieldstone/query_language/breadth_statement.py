"""The statement that finds out how many of an object's records a viewer is likely to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, null, select, true, union_all

from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.record_access import Breadth, RecordAccess
from fieldstone.metadata.sharing import Level
from fieldstone.query_language.guarded_sql import guarded, owning_people, shared_records
from fieldstone.query_language.guards import Guards
from fieldstone.query_language.open_records import ParameterMaker
from fieldstone.query_language.plan import Guard, Parameter, Rows, SourceTable
from fieldstone.query_language.statement_parts import GuardedTables, Tables

FEW: Final = 5_000
_PLACES: Final = 10
_AT_EACH: Final = 100
_MANY: Final = 1 / 4
_ALWAYS_FEW: Final = 200
_PAGE: Final = 50
_DEARER: Final = 2
"""How much dearer it is to fetch and sort a record than to pass one over."""


def breadth_statement(
    catalog: Catalog, access: RecordAccess, obj: ObjectDef
) -> tuple[Select[Any], Sequence[Parameter]] | None:
    """Give what counts some of the records, those of them that are seen, and few.

    few: how many are open in all, or somewhat more, up to FEW and no further; null where no index
    would find them. None where all are open, or others decide.
    """
    grants = access.of(obj.id, Level.READ)
    if grants is None or grants.parent is not None:
        return None
    maker = ParameterMaker()
    guard = Guards(catalog, replace(access, breadths={obj.id: Breadth.SOME}), maker.make).of(obj.id)
    assert guard is not None
    looked = _looked_at(catalog, guard)
    few = null() if grants.criteria else _few(catalog, guard)
    found = select(looked.c.some, looked.c.seen, few.label("few"))
    return found, maker.made


def breadth_told(some: int, seen: int, few: int | None) -> Breadth:
    """Give what the counts of the statement mean."""
    passed_over = _PAGE * some / (seen + 1)
    if few is not None and few <= max(_ALWAYS_FEW, min(FEW, passed_over / _DEARER)):
        return Breadth.FEW
    return Breadth.MANY if seen > some * _MANY else Breadth.SOME


def _looked_at(catalog: Catalog, guard: Guard) -> Any:
    """Look at some records from all times: whoever is new owns many of the newest, or none."""
    obj = guard.object
    tables = _tables(catalog, SourceTable(obj))
    table, bounds = tables.aliases[0], _tables(catalog, SourceTable(obj))
    first, last = (
        select(end(bounds.aliases[0].c.id)).where(*bounds.filtered()).scalar_subquery()
        for end in (func.min, func.max)
    )
    ends = select(first.label("first"), last.label("last")).subquery("ends")
    place = func.generate_series(0, _PLACES - 1).table_valued("number").render_derived("place")
    begin = ends.c.first + (ends.c.last - ends.c.first) // _PLACES * place.c.number
    is_open = func.coalesce(guarded(guard, table, GuardedTables(tables)), False)
    looked = (
        select(is_open.label("seen"))
        .where(*tables.filtered(), table.c.id >= begin)
        .order_by(table.c.id)
        .limit(constant(_AT_EACH))
        .lateral("looked")
    )
    seen = func.count().filter(looked.c.seen.is_(true()))
    told = select(func.count().label("some"), seen.label("seen"))
    return told.select_from(ends.join(place, true()).join(looked, true())).subquery("n")


def _few(catalog: Catalog, guard: Guard) -> ColumnElement[int]:
    """Count what people own, person by person, and what is shared, each up to more than few.

    A person counts as a record: each of them costs as much to look for.
    """
    tenant, most = constant(catalog.tenant_id), constant(FEW + 1)
    tables = _tables(catalog, SourceTable(guard.object))
    people = owning_people(guard, tenant).limit(most).subquery("people")
    table = tables.aliases[0]
    owned = (
        select(constant(1).label("one"))
        .where(*tables.filtered(), table.c.owner_id == people.c.user_id)
        .limit(most)
        .lateral("owned")
    )
    both = union_all(
        select(constant(1)).select_from(people),
        select(constant(1)).select_from(people.join(owned, true())),
        select(constant(1)).select_from(shared_records(guard, tenant).subquery("shared")),
    )
    return select(func.count()).select_from(both.limit(most).subquery("few")).scalar_subquery()


def _tables(catalog: Catalog, source: SourceTable) -> Tables:
    rows = Rows(catalog.tenant_id, (source,), None)
    return Tables.of(rows, (), catalog.by_id, count())
