"""The parts that the statements of a plan share: sources joined, conditions, orders.

Heap, tenant, object and JSON keys are literals; whatever a person typed is bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Any, assert_never

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    Exists,
    FromClause,
    Integer,
    Numeric,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from fieldstone.ids import ObjectId, TenantId
from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.slots import TEXT_SLOT_LENGTH
from fieldstone.metadata.tables import heap
from fieldstone.query_language.columns import (
    JsonText,
    comparable,
    presence,
    shown,
    stored_text,
    type_of,
)
from fieldstone.query_language.computed import Groups, Values
from fieldstone.query_language.functions.look_up import Sought
from fieldstone.query_language.guarded_sql import guarded, within_scope
from fieldstone.query_language.held_ids import ref_read
from fieldstone.query_language.joined_sources import joined_sources, roll_ups_of_all
from fieldstone.query_language.looked_up_sql import looked_up_sql
from fieldstone.query_language.operands import slot_holds_all, uses_slot
from fieldstone.query_language.operator_sql import compared, compared_alike
from fieldstone.query_language.plan import (
    Against,
    AggregateRef,
    Every,
    FieldRef,
    Holds,
    InRows,
    LookedUp,
    Negation,
    NullTest,
    OneOf,
    OwnedByTeams,
    Parameter,
    Pattern,
    PlanCondition,
    Ref,
    RolledUp,
    Rows,
    SharedWith,
    Some,
    SortKey,
    Test,
    Top,
    Within,
)
from fieldstone.query_language.rolled_up_sql import of_parent, rolled_up_by_parent, rolled_up_sql
from fieldstone.query_language.source_tables import source_table
from fieldstone.query_language.syntax import AggregateFunction

Objects = Mapping[ObjectId, ObjectDef]


@dataclass(frozen=True, slots=True)
class Tables:
    """The sources of some rows as aliased tables.

    joins: the places of those that are joined. numbers: makes aliases unique in a statement.
    summed: the roll-ups that are worked out for all rows at once, by parent. ends_early: whether
    few rows are wanted, in an order in which they lie.
    """

    rows: Rows
    aliases: tuple[FromClause, ...]
    joins: frozenset[int]
    objects: Objects
    numbers: count[int] = field(repr=False)
    summed: Mapping[RolledUp, FromClause] = field(default_factory=dict, repr=False)
    ends_early: bool = False

    @classmethod
    def of(cls, rows: Rows, refs: Iterable[Ref], objects: Objects, numbers: count[int]) -> Tables:
        """Give every source of some rows an alias. refs: operands beside those of conditions."""
        aliases: list[FromClause] = []
        for source in rows.sources:
            aliases.append(source_table(rows, source, next(numbers), aliases))
        return cls(rows, tuple(aliases), joined_sources(rows, refs), objects, numbers)

    @classmethod
    def of_children(cls, rolled: RolledUp, objects: Objects, numbers: count[int]) -> Tables:
        """Give the sources of the child records of a roll-up aliases."""
        refs = () if rolled.argument is None else (rolled.argument,)
        return cls.of(rolled.rows, refs, objects, numbers)

    def summing(self, refs: Iterable[Ref]) -> Tables:
        """Give the same tables, which work out a roll-up at once where every row is asked for it.

        refs: what is worked out for every row, beside the conditions. For the rows of a whole
        statement alone: those of a subquery may be found anew for each row outside.
        """
        wanted = roll_ups_of_all(self.rows.where, refs)
        return replace(self, summed={one: self._by_parent(one) for one in wanted})

    def _by_parent(self, rolled: RolledUp) -> FromClause:
        children = Tables.of_children(rolled, self.objects, self.numbers)
        children = children.summing(() if rolled.argument is None else (rolled.argument,))
        return rolled_up_by_parent(rolled, children).subquery(f"r{next(self.numbers)}")

    def joined(self) -> FromClause:
        """Give the tables joined along the references; a missing parent gives nulls."""
        joined: FromClause = self.aliases[0]
        for place in sorted(self.joins - {0}):
            joined = joined.outerjoin(self.aliases[place], self.on(place))
        for rolled, found in self.summed.items():
            parent = self.aliases[rolled.source].c.id
            joined = joined.outerjoin(found, found.c.parent == parent)
        return joined

    def on(self, place: int) -> ColumnElement[bool]:
        """Give the condition under which a row of a parent is the one that is referred to."""
        source = self.rows.sources[place]
        if source.user is not None:
            user = bound(source.user, BigInteger())
            return and_(*self.own_rows(place), self.aliases[place].c.id == user)
        assert source.parent is not None
        assert source.reference is not None
        if self.rows.as_of is not None:
            return and_(*self.own_rows(place))
        own = comparable(self.aliases[source.parent], FieldRef(source.parent, source.reference))
        return and_(*self.own_rows(place), self.aliases[place].c.id == own)

    def comparable(self, ref: FieldRef) -> ColumnElement[Any]:
        """Give what of a field is compared and ordered by."""
        return _first(
            [
                comparable(self.aliases[one.source], one)
                if one.computed is None
                else self._values().comparable(one)
                for one in _read(self.rows, ref)
            ]
        )

    def orderable(self, ref: FieldRef) -> ColumnElement[Any]:
        """Give what rows are ordered by: of a long text as much as a slot would hold of it.

        Rows whose texts begin alike so far follow their ids. So an order does not depend on
        whether a field has a slot, and the cursor that holds the text stays short.
        """
        found = self.comparable(ref)
        if uses_slot(ref) or slot_holds_all(ref):
            return found
        return func.left(found, constant(TEXT_SLOT_LENGTH), type_=Text())

    def presence(self, ref: FieldRef) -> ColumnElement[Any]:
        """Give what is null where a field has no value."""
        return _first(
            [
                presence(self.aliases[one.source], one)
                if one.computed is None
                else self._values().text(one)
                for one in _read(self.rows, ref)
            ]
        )

    def text(self, ref: FieldRef) -> ColumnElement[str]:
        """Give the text of a field as it is stored."""
        every = (ref, *ref.others)
        return _first(
            [
                stored_text(self.aliases[one.source], one.field)
                if one.computed is None
                else self._values().text(one)
                for one in every
            ]
        )

    def shown(self, ref: FieldRef) -> ColumnElement[Any]:
        """Give a field's value as callers see it."""
        found = []
        for one in (ref, *ref.others):
            if one.computed is not None:
                found.append(self._values().shown(one))
                continue
            read = ref_read(self.rows.sources, one)
            obj = self.rows.sources[read.source].object
            value = shown(self.aliases[read.source], read, obj, self.objects)
            found.append(value if read is one else cast(value, JsonText))
        return _first(found)

    def value(self, ref: FieldRef) -> ColumnElement[Any]:
        """Give a calculated value to be compared with another."""
        return self._values().value(ref)

    def formula_value(self, ref: FieldRef) -> ColumnElement[Any]:
        """Give a calculated value as formulas take it."""
        return self._values().formula_value(ref)

    def values_of_groups(
        self, aggregate: Callable[[AggregateRef, Kind], ColumnElement[Any]]
    ) -> Values:
        """Give the calculated values of groups. aggregate: gives the SQL of an aggregate."""
        groups = Groups(aggregate, partial(_looked_up, self))
        return Values(self.rows.sources, self.aliases, self.objects, self._subquery, groups)

    def _values(self) -> Values:
        return Values(self.rows.sources, self.aliases, self.objects, self._subquery)

    def _subquery(self, wanted: RolledUp | Sought) -> ColumnElement[Any]:
        """Give a roll-up of the rows of a source, or what stands beside a key of other rows."""
        if isinstance(wanted, RolledUp):
            return self._rolled_up(wanted)
        looked = wanted.of
        assert isinstance(looked, LookedUp)
        rows = Tables.of(looked.rows, (looked.result,), self.objects, self.numbers)
        assert isinstance(wanted.key, ColumnElement)
        return looked_up_sql(looked, rows, wanted.key)

    def _rolled_up(self, rolled: RolledUp) -> ColumnElement[Any]:
        """Give a roll-up of the rows of a source: joined, or correlated with that source alone."""
        if rolled in self.summed:
            return of_parent(rolled, self.summed[rolled])
        inner = Tables.of_children(rolled, self.objects, self.numbers)
        outer = self.aliases[rolled.source]
        return rolled_up_sql(rolled, inner, outer.c.id).correlate(outer).scalar_subquery()

    def own_rows(self, place: int) -> list[ColumnElement[bool]]:
        """Give the conditions that keep a source to its tenant, its object and what is live."""
        table = self.aliases[place]
        tests = [
            table.c.tenant_id == constant(self.rows.tenant_id),
            table.c.object_id == constant(self.rows.sources[place].object.id),
        ]
        if "live" in table.c:
            tests += [] if self.rows.deleted else [table.c.live.is_not(None)]
        elif not self.rows.deleted:
            tests.append(table.c.deleted_at.is_(None))
        return [*tests, *_open_ones(self, place)]

    def filtered(self) -> list[ColumnElement[bool]]:
        """Give all conditions of the rows."""
        tests = self.own_rows(0)
        if self.rows.top is not None:
            return [*tests, self._among_first(self.rows.top)]
        if self.rows.where is not None:
            tests.append(RowConditions(self).sql(self.rows.where))
        return tests

    def _among_first(self, top: Top) -> ColumnElement[bool]:
        """Give the condition that a row is one of the first of its group."""
        refs = (*top.per, *(key.left for key in top.order_by))
        inner = Tables.of(replace(self.rows, top=None), refs, self.objects, self.numbers)
        own_id = inner.aliases[0].c.id
        descends = bool(top.order_by) and top.order_by[-1].descending
        order = [
            *ordered(RowConditions(inner), top.order_by),
            own_id.desc() if descends else own_id.asc(),
        ]
        place = func.row_number().over(
            partition_by=[inner.comparable(ref) for ref in top.per], order_by=order
        )
        rows = select(own_id.label("id"), place.label("place")).select_from(inner.joined())
        ranked = rows.where(*inner.filtered()).subquery(f"top{next(self.numbers)}")
        first = select(ranked.c.id).where(ranked.c.place <= bound(top.most, Integer()))
        return self.aliases[0].c.id.in_(first)


def _read(rows: Rows, ref: FieldRef) -> list[FieldRef]:
    """Give a field and its alternatives, all read in one form."""
    every = (replace(one, exact=ref.exact) for one in (ref, *ref.others))
    return [ref_read(rows.sources, one) for one in every]


def _looked_up(tables: Tables, place: int, value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give a value of the viewer's own record, or of one above it, by itself."""
    way = [place]
    while (above := tables.rows.sources[way[0]].parent) is not None:
        way.insert(0, above)
    joined: FromClause = tables.aliases[way[0]]
    for step in way[1:]:
        joined = joined.outerjoin(tables.aliases[step], tables.on(step))
    found = select(value).select_from(joined).where(tables.on(way[0]))
    return found.correlate(None).scalar_subquery()


def _open_ones(tables: Tables, place: int) -> list[ColumnElement[bool]]:
    """Give the condition that keeps a source to what the viewer may see, as it is today."""
    guard, table = tables.rows.sources[place].guard, tables.aliases[place]
    if guard is None:
        return []
    if tables.rows.as_of is None:
        return [guarded(guard, table, GuardedTables(tables))]
    now = heap(tables.objects[guard.object.id].heap).alias(f"t{next(tables.numbers)}")
    found = (
        select(constant(1))
        .select_from(now)
        .where(
            now.c.tenant_id == constant(tables.rows.tenant_id),
            now.c.object_id == constant(guard.object.id),
            now.c.id == table.c.id,
            guarded(guard, now, GuardedTables(tables)),
        )
    )
    return [exists(found.correlate_except(now))]


@dataclass(frozen=True, slots=True)
class GuardedTables:
    """The tables of some rows, as guards ask about them."""

    tables: Tables

    @property
    def tenant_id(self) -> TenantId:
        """Whose records they are."""
        return self.tables.rows.tenant_id

    @property
    def ends_early(self) -> bool:
        """Whether it is at its end as soon as it has found enough rows."""
        return self.tables.ends_early

    def meets(
        self, rows: Rows, table: FromClause, own: ColumnElement[int] | None = None
    ) -> ColumnElement[bool]:
        """Give the condition that a record is one of some rows.

        table: that of the record, or, with own, the one whose column own tells its id.
        """
        objects, numbers = self.tables.objects, self.tables.numbers
        if own is None and len(rows.sources) == 1 and rows.where is not None:
            return RowConditions(Tables(rows, (table,), frozenset({0}), objects, numbers)).sql(
                rows.where
            )
        inner = Tables.of(rows, (), objects, numbers)
        wanted = table.c.id if own is None else own
        found = select(constant(1)).select_from(inner.joined())
        found = found.where(*inner.filtered(), inner.aliases[0].c.id == wanted)
        return exists(found.correlate(table))


def _first(alternatives: list[ColumnElement[Any]]) -> ColumnElement[Any]:
    return alternatives[0] if len(alternatives) == 1 else func.coalesce(*alternatives)


class RowConditions:
    """Makes SQL of conditions on rows. A subclass says what operands are of groups."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def left(self, ref: Ref) -> ColumnElement[Any]:
        """Give what of an operand is compared."""
        assert isinstance(ref, FieldRef)
        return self.tables.comparable(ref)

    def sorted_by(self, ref: Ref) -> ColumnElement[Any]:
        """Give what of an operand an order compares."""
        assert isinstance(ref, FieldRef)
        return self.tables.orderable(ref)

    def value(self, ref: Ref) -> ColumnElement[Any]:
        """Give what is null where an operand has no value."""
        assert isinstance(ref, FieldRef)
        return self.tables.presence(ref)

    def against(self, ref: Ref) -> ColumnElement[Any]:
        """Give what of an operand is compared with another operand."""
        assert isinstance(ref, FieldRef)
        return self.tables.comparable(ref) if ref.computed is None else self.tables.value(ref)

    def sql(self, condition: PlanCondition) -> ColumnElement[bool]:
        """Give the SQL of a condition; it may be null where it does not hold."""
        match condition:
            case Every(tests):
                found = and_(true(), *(self.sql(test) for test in tests))
            case Some(tests):
                found = or_(false(), *(self.sql(test) for test in tests))
            case Negation(NullTest(left)):
                found = self.value(left).is_not(None)
            case Negation(InRows() as test):
                found = not_(self._in_rows(test))  # never unknown, and planned as an anti-join
            case Negation(test):
                found = self.sql(test).is_not(true())
            case NullTest(left):
                found = self.value(left).is_(None)
            case InRows():
                found = self._in_rows(condition)
            case Against(left, operator, right):
                found = compared_alike(self.against(left), operator, self.against(right))
            case OwnedByTeams() | SharedWith():
                found = within_scope(condition, self.tables.aliases[0], self.tables.rows.tenant_id)
            case _:
                found = self._comparison(condition)
        return found

    def _comparison(
        self, condition: Test | OneOf | Within | Pattern | Holds
    ) -> ColumnElement[bool]:
        left, kind = self.left(condition.left), operand_type(condition.left)
        match condition:
            case Test(_, operator, right):
                return compared(left, operator, bound(right, kind))
            case OneOf(_, right):
                return left == any_(bound(right, ARRAY(kind)))
            case Within(_, low, high):
                tests = [] if low is None else [left >= bound(low, kind)]
                return and_(*tests, *([] if high is None else [left < bound(high, kind)]))
            case Pattern(_, right):
                return left.like(bound(right, Text()))
            case Holds(_, right):
                held: ColumnElement[bool] = left.contains(bound(right, JSONB()))
                return held
            case _:
                assert_never(condition)

    def _in_rows(self, condition: InRows) -> Exists:
        inner = Tables.of(
            condition.rows, (condition.right,), self.tables.objects, self.tables.numbers
        )
        right = inner.comparable(condition.right)
        found = select(constant(1)).select_from(inner.joined())
        return exists(found.where(*inner.filtered(), right == self.left(condition.left)))


def bound(parameter: Parameter, kind: TypeEngine[Any]) -> BindParameter[Any]:
    """Give a parameter of the plan as one of the statement."""
    return bindparam(parameter.name, type_=kind, required=False)


def operand_type(ref: Ref) -> TypeEngine[Any]:
    """Give the SQL type of what an operand is compared with."""
    if isinstance(ref, FieldRef):
        return type_of(ref)
    if ref.argument is not None and is_end(ref):
        return type_of(ref.argument)
    return Numeric()


def is_end(aggregate: AggregateRef) -> bool:
    """Tell whether an aggregate gives one of the values that it was given."""
    return aggregate.function in (AggregateFunction.MIN, AggregateFunction.MAX)


def ordered(conditions: RowConditions, keys: Sequence[SortKey]) -> list[ColumnElement[Any]]:
    """Give sort keys as ORDER BY takes them."""
    return [ordered_by(conditions.sorted_by(key.left), key) for key in keys]


def ordered_by(expression: ColumnElement[Any], key: SortKey) -> ColumnElement[Any]:
    """Give one sort key; where nulls stand is said only where there may be any."""
    found = expression.desc() if key.descending else expression.asc()
    if not key.nullable:
        return found
    return found.nulls_first() if key.nulls_first else found.nulls_last()
