"""The statement that finds out how many of an object's records a viewer is likely to see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select, true

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
_FEW_PEOPLE: Final = 300
_PAGE: Final = 50
_FETCHED: Final = 8
_PASSED_BY_RULES: Final = 6
_OWNER: Final = 90
_SHARED: Final = 30
"""How much dearer it is to fetch and sort a record than to pass one over by the index; to pass one
over whose values a rule asks about; to look for a page of somebody's; and for a shared record."""


def breadth_statement(
    catalog: Catalog, access: RecordAccess, obj: ObjectDef
) -> tuple[Select[Any], Sequence[Parameter]] | None:
    """Give what counts some of the records, those of them that are seen, people, owned and shared.

    people: whose records are open; owned: how many they own; shared: how many are shared; each up
    to FEW or somewhat more. None where all are open, or others decide.
    """
    grants = access.of(obj.id, Level.READ)
    if grants is None or grants.parent is not None:
        return None
    maker = ParameterMaker()
    guard = Guards(catalog, replace(access, breadths={obj.id: Breadth.SOME}), maker.make).of(obj.id)
    assert guard is not None
    looked = _looked_at(catalog, guard)
    criteria = constant(len(guard.criteria)).label("criteria")
    return select(looked.c.some, looked.c.seen, *_few(catalog, guard), criteria), maker.made


@dataclass(frozen=True, slots=True)
class Counted:
    """What the statement has counted; criteria: the rules whose condition opens records too."""

    some: int
    seen: int
    people: int
    owned: int
    shared: int
    criteria: int

    @property
    def breadth(self) -> Breadth:
        """What it means. Costs are told in records that are passed over for being others'."""
        passed_over = _PAGE * self.some / (self.seen + 1)
        few = self.people + self.owned + self.shared
        dearer = _FETCHED if not self.criteria else _FETCHED / _PASSED_BY_RULES
        if few <= max(_ALWAYS_FEW, min(FEW, passed_over / dearer)):
            if self.people <= _FEW_PEOPLE:
                return Breadth.FEW
            if not self.criteria:
                return Breadth.SPARSE
        if self.seen > self.some * _MANY:
            return Breadth.MANY
        looked_up = self.people * _OWNER + self.shared * _SHARED
        fewer = looked_up <= passed_over and not self.criteria
        return Breadth.OWNERS if fewer else Breadth.SOME


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


def _few(catalog: Catalog, guard: Guard) -> Iterator[ColumnElement[int]]:
    """Yield the counts of who owns what is open, of what each of them owns, and what is shared."""
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
    counted = {
        "people": select(constant(1)).select_from(people),
        "owned": select(constant(1)).select_from(people.join(owned, true())),
        "shared": select(constant(1)).select_from(shared_records(guard, tenant).subquery("all")),
    }
    for name, rows in counted.items():
        few = rows.limit(most).subquery(f"few_{name}")
        yield select(func.count()).select_from(few).scalar_subquery().label(name)


def _tables(catalog: Catalog, source: SourceTable) -> Tables:
    rows = Rows(catalog.tenant_id, (source,), None)
    return Tables.of(rows, (), catalog.by_id, count())
