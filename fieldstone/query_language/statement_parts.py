"""The parts that the statements of a plan share: sources joined, conditions, JSON of a row.

Heap, tenant, object and JSON keys are literals; whatever a person typed is bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final, assert_never

from sqlalchemy import (
    ARRAY,
    JSON,
    BindParameter,
    ColumnElement,
    Exists,
    FromClause,
    Integer,
    Numeric,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from fieldstone.ids import ObjectId
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.tables import heap
from fieldstone.query_language.columns import (
    comparable,
    presence,
    shown,
    stored_text,
    type_of,
)
from fieldstone.query_language.plan import (
    AggregateRef,
    ChildrenShown,
    Every,
    FieldRef,
    Holds,
    InRows,
    Member,
    Negation,
    NullTest,
    OneOf,
    Parameter,
    ParentShown,
    Pattern,
    PlanCondition,
    Ref,
    Rows,
    Shown,
    Some,
    SortKey,
    Test,
    Within,
)
from fieldstone.query_language.syntax import AggregateFunction, Operator

MOST_CHILDREN: Final = 1000
_MEMBERS_PER_CALL: Final = 45
"""PostgreSQL takes 100 arguments; two make a member."""

Objects = Mapping[ObjectId, ObjectDef]


@dataclass(frozen=True, slots=True)
class Tables:
    """The sources of some rows as aliased tables. numbers: makes aliases unique in a statement."""

    rows: Rows
    aliases: tuple[FromClause, ...]
    objects: Objects
    numbers: count[int] = field(repr=False)

    @classmethod
    def of(cls, rows: Rows, objects: Objects, numbers: count[int]) -> Tables:
        """Give every source of some rows an alias."""
        aliases = tuple(heap(s.object.heap).alias(f"t{next(numbers)}") for s in rows.sources)
        return cls(rows, aliases, objects, numbers)

    def joined(self) -> FromClause:
        """Give the tables joined along the references; a missing parent gives nulls."""
        joined: FromClause = self.aliases[0]
        for place, source in enumerate(self.rows.sources[1:], 1):
            assert source.parent is not None
            assert source.reference is not None
            own = comparable(self.aliases[source.parent], FieldRef(source.parent, source.reference))
            on = and_(*self.own_rows(place), self.aliases[place].c.id == own)
            joined = joined.outerjoin(self.aliases[place], on)
        return joined

    def comparable(self, ref: FieldRef) -> ColumnElement[Any]:
        """Give what of a field is compared and ordered by."""
        every = (replace(one, exact=ref.exact) for one in (ref, *ref.others))
        return _first([comparable(self.aliases[one.source], one) for one in every])

    def presence(self, ref: FieldRef) -> ColumnElement[Any]:
        """Give what is null where a field has no value."""
        every = (replace(one, exact=ref.exact) for one in (ref, *ref.others))
        return _first([presence(self.aliases[one.source], one) for one in every])

    def text(self, ref: FieldRef) -> ColumnElement[str]:
        """Give the text of a field as it is stored."""
        every = (ref, *ref.others)
        return _first([stored_text(self.aliases[one.source], one.field) for one in every])

    def shown(self, ref: FieldRef) -> ColumnElement[Any]:
        """Give a field's value as callers see it."""
        found = []
        for one in (ref, *ref.others):
            obj = self.rows.sources[one.source].object
            found.append(shown(self.aliases[one.source], one.field, obj, self.objects))
        return _first(found)

    def own_rows(self, place: int) -> list[ColumnElement[bool]]:
        """Give the conditions that keep a source to its tenant, its object and what is live."""
        table = self.aliases[place]
        tests = [
            table.c.tenant_id == constant(self.rows.tenant_id),
            table.c.object_id == constant(self.rows.sources[place].object.id),
        ]
        return tests if self.rows.deleted else [*tests, table.c.deleted_at.is_(None)]

    def filtered(self) -> list[ColumnElement[bool]]:
        """Give all conditions of the rows."""
        tests = self.own_rows(0)
        if self.rows.where is not None:
            tests.append(RowConditions(self).sql(self.rows.where))
        return tests


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

    def value(self, ref: Ref) -> ColumnElement[Any]:
        """Give what is null where an operand has no value."""
        assert isinstance(ref, FieldRef)
        return self.tables.presence(ref)

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
            case _:
                found = self._comparison(condition)
        return found

    def _comparison(
        self, condition: Test | OneOf | Within | Pattern | Holds
    ) -> ColumnElement[bool]:
        left, kind = self.left(condition.left), operand_type(condition.left)
        match condition:
            case Test(_, operator, right):
                return _compared(left, operator, bound(right, kind))
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
        inner = Tables.of(condition.rows, self.tables.objects, self.tables.numbers)
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


def _compared(
    left: ColumnElement[Any], operator: Operator, right: ColumnElement[Any]
) -> ColumnElement[bool]:
    match operator:
        case Operator.EQUAL:
            found = left == right
        case Operator.NOT_EQUAL:
            found = left.is_distinct_from(right)
        case Operator.LESS:
            found = left < right
        case Operator.LESS_OR_EQUAL:
            found = left <= right
        case Operator.GREATER:
            found = left > right
        case Operator.GREATER_OR_EQUAL:
            found = left >= right
        case Operator.LIKE:
            raise AssertionError("LIKE is a Pattern")
        case _:
            assert_never(operator)
    return found


def json_object(members: Sequence[tuple[str, ColumnElement[Any]]]) -> ColumnElement[Any]:
    """Give a JSON object of any number of members, in their order."""
    calls = [
        _one_call(members[start : start + _MEMBERS_PER_CALL])
        for start in range(0, len(members), _MEMBERS_PER_CALL)
    ] or [func.json_build_object(type_=JSON())]
    if len(calls) == 1:
        return calls[0]
    # Several objects become one as text: the brackets between them give way to commas.
    text: ColumnElement[Any] = _unclosed(calls[0])
    for call in calls[1:]:
        inner = func.substr(_unclosed(call), constant(2))
        text = text.concat(constant(", ")).concat(inner)
    return cast(text.concat(constant("}")), JSON)


def _unclosed(call: ColumnElement[Any]) -> ColumnElement[str]:
    return func.left(cast(call, Text), constant(-1))


def _one_call(members: Sequence[tuple[str, ColumnElement[Any]]]) -> ColumnElement[Any]:
    arguments = [part for key, value in members for part in (constant(key), value)]
    return func.json_build_object(*arguments, type_=JSON())


def row_json(tables: Tables, members: Sequence[Member]) -> ColumnElement[Any]:
    """Give a row as a JSON object."""
    return json_object([(key, _member(tables, value)) for key, value in members])


def _member(tables: Tables, value: Shown) -> ColumnElement[Any]:
    match value:
        case FieldRef():
            return tables.shown(value)
        case ParentShown(forms):
            there = [
                (tables.aliases[place].c.id.is_not(None), row_json(tables, members))
                for place, members in forms
            ]
            return case(*there, else_=null())
        case ChildrenShown():
            return _children(tables, value)
        case AggregateRef():
            raise AssertionError("rows have no aggregates")
        case _:
            assert_never(value)


def _children(tables: Tables, children: ChildrenShown) -> ColumnElement[Any]:
    inner = Tables.of(children.rows, tables.objects, tables.numbers)
    points = inner.comparable(children.reference)
    rows: Select[Any] = (
        select(row_json(inner, children.members).label("child"))
        .select_from(inner.joined())
        .where(*inner.filtered(), points == tables.aliases[children.source].c.id)
        .order_by(*ordered(RowConditions(inner), children.order_by), inner.aliases[0].c.id)
    )
    most: ColumnElement[Any] = constant(MOST_CHILDREN)
    if children.limit is not None:
        most = func.least(bound(children.limit, Integer()), most)
    rows = rows.limit(most)
    if children.offset is not None:
        rows = rows.offset(bound(children.offset, Integer()))
    # Correlated by hand: the rows refer to the table outside, and so they stand in a scalar.
    listed = rows.correlate(*tables.aliases).lateral(f"c{next(tables.numbers)}")
    aggregated = func.json_agg(listed.c.child, type_=JSON())
    empty = cast(constant("[]"), JSON)
    return select(func.coalesce(aggregated, empty, type_=JSON())).scalar_subquery()


def ordered(conditions: RowConditions, keys: Sequence[SortKey]) -> list[ColumnElement[Any]]:
    """Give sort keys as ORDER BY takes them."""
    return [ordered_by(conditions.left(key.left), key) for key in keys]


def ordered_by(expression: ColumnElement[Any], key: SortKey) -> ColumnElement[Any]:
    """Give one sort key; where nulls stand is said only where there may be any."""
    found = expression.desc() if key.descending else expression.asc()
    if not key.nullable:
        return found
    return found.nulls_first() if key.nulls_first else found.nulls_last()
