"""Grouped plans to statements: the rows below with what is grouped and counted, the groups above.

What the groups need of a row is named in an inner select, so that an expression with parameters
stands once, as GROUP BY wants it. PostgreSQL flattens it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Final, assert_never

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Label,
    Numeric,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    null,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.selectable import Subquery

from fieldstone.ids import ObjectId
from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.field_types.choice import HasChoices
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.tables import heap
from fieldstone.metadata.values import fold, write_json
from fieldstone.query_language.columns import comparable, stored_text
from fieldstone.query_language.computed import kind_of
from fieldstone.query_language.formula.sql_values import SQL_TYPES, number_sql
from fieldstone.query_language.of_aggregates import aggregates_in
from fieldstone.query_language.operands import uses_slot
from fieldstone.query_language.plan import AggregateRef, FieldRef, Plan, Ref, Shown
from fieldstone.query_language.row_json import json_object
from fieldstone.query_language.statement_parts import (
    RowConditions,
    Tables,
    is_end,
    ordered_by,
)
from fieldstone.query_language.syntax import AggregateFunction, Grouping
from fieldstone.query_language.totals import total

_MARK: Final[ColumnElement[str]] = func.chr(constant(1))
_ONE: Final = "one"


def compile_groups(plan: Plan, objects: Mapping[ObjectId, ObjectDef]) -> Select[Any]:
    """Give the statement of all groups, in order; its limit is for the caller to set."""
    refs = _all_refs(plan)
    tables = Tables.of(plan.rows, refs, objects, count()).summing(refs)
    groups = _Groups(plan, tables)
    members = [(key, groups.shown(_of_group(shown))) for key, shown in plan.members]
    found = select(json_object(members).label("row")).select_from(groups.inner)
    found = found.group_by(*_grouped(plan.grouping, groups.keys))
    if plan.having is not None:
        found = found.having(groups.sql(plan.having))
    order = [ordered_by(groups.left(key.left), key) for key in plan.order_by]
    subtotals = [func.grouping(key) for key in groups.keys if groups.has_subtotals]
    return found.order_by(*order, *groups.keys, *subtotals)


def _grouped(grouping: Grouping, keys: list[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    match grouping:
        case Grouping.PLAIN:
            return keys
        case Grouping.ROLLUP:
            return [func.rollup(*keys)]
        case Grouping.CUBE:
            return [func.cube(*keys)]
        case _:
            assert_never(grouping)


def _of_group(member: Shown) -> Ref:
    assert isinstance(member, FieldRef | AggregateRef), "groups have no records to show"
    return member


class _Groups(RowConditions):
    """The operands of groups, as expressions over the inner select."""

    def __init__(self, plan: Plan, tables: Tables) -> None:
        super().__init__(tables)
        self._columns: list[Label[Any]] = []
        self._places: dict[tuple[str, int, int, bool], str] = {}
        self._grouped = plan.group_by
        self.has_subtotals = plan.grouping is not Grouping.PLAIN
        self._values = tables.values_of_groups(self._total)
        for ref in _all_refs(plan):
            if isinstance(ref, FieldRef):
                self._note(ref)
            elif ref.argument is not None:
                self._note(ref.argument)
        where = tables.filtered()
        columns = [*self._columns, constant(1).label(_ONE)]
        self.inner: Subquery = (
            select(*columns).select_from(tables.joined()).where(*where).subquery("rows")
        )
        self.keys = [self._get("key", ref) for ref in plan.group_by]

    def left(self, ref: Ref) -> ColumnElement[Any]:
        if isinstance(ref, AggregateRef):
            return self._aggregate(ref)
        if aggregates_in(ref.computed):
            return self._values.comparable(ref)
        key = _key_of(ref, self._grouped)
        if key is None:
            return self._values.comparable(ref)  # the same for all groups
        found = self._get("key", key)
        # A constant of more digits than a slot has is compared as it is written.
        is_rough = ref.exact and not key.exact and key.field.type.slot is SlotKind.NUMBER
        return cast(found, Numeric) if is_rough else found

    def sorted_by(self, ref: Ref) -> ColumnElement[Any]:
        return self.left(ref)

    def value(self, ref: Ref) -> ColumnElement[Any]:
        return self.left(ref)

    def against(self, ref: Ref) -> ColumnElement[Any]:
        if isinstance(ref, FieldRef) and ref.computed is not None and not kind_of(ref).is_number:
            return self._values.value(ref)
        return cast(self.left(ref), Numeric)

    def shown(self, ref: Ref) -> ColumnElement[Any]:
        """Give what is shown of a group: of texts that differ in case, one that stands there."""
        if isinstance(ref, AggregateRef):
            return self._shown_aggregate(ref)
        if aggregates_in(ref.computed):
            return self._values.shown(ref)
        found = self._shown_key(ref)
        if not self.has_subtotals:
            return found
        # The rows of a subtotal have many values of what it leaves out.
        within = func.grouping(self._get("key", ref)) == constant(0)
        return case((within, found), else_=null())

    def _shown_key(self, ref: FieldRef) -> ColumnElement[Any]:
        if ref.field.column is not None:
            return func.min(self._get("shown", ref))
        if ref.field.type.slot in (SlotKind.NUMBER, None):
            return self._get("key", ref)
        is_open = self.tables.rows.sources[ref.source].guard is None
        if isinstance(ref.field.type, HasChoices) and uses_slot(ref) and is_open and not ref.others:
            return self._choice(ref, ref.field.type)
        return func.min(self._get("text", ref))

    def _choice(self, ref: FieldRef, choices: HasChoices) -> ColumnElement[Any]:
        """Give the value of a list by its slot, so that no JSON is read but for values gone since.

        Those are looked up in a record that has them.
        """
        key = self._get("key", ref)
        spelling = {fold(one.value): one.value for one in choices.choices(ref.field.options)}
        listed = cast(bindparam(None, write_json(spelling), type_=Text()), JSONB)
        source = self.tables.rows.sources[ref.source].object
        there = heap(source.heap).alias(f"t{next(self.tables.numbers)}")
        found = select(stored_text(there, ref.field)).where(
            there.c.tenant_id == constant(self.tables.rows.tenant_id),
            there.c.object_id == constant(source.id),
            comparable(there, ref) == key,
        )
        gone = found.limit(constant(1)).scalar_subquery()
        return func.coalesce(type_coerce(listed.op("->>")(key), Text), gone, type_=Text())

    def _aggregate(self, ref: AggregateRef) -> ColumnElement[Any]:
        argument = ref.argument
        if argument is None:
            return func.count()
        key = self._get("key", argument)
        found: ColumnElement[Any]
        match ref.function:
            case AggregateFunction.COUNT:
                found = func.count(self._get("there", argument))
            case AggregateFunction.COUNT_DISTINCT:
                found = func.count(key.distinct())
            case AggregateFunction.SUM:
                found = func.trim_scale(total(argument, key))
            case AggregateFunction.AVG:
                found = func.trim_scale(total(argument, key) / func.count(key))
            case AggregateFunction.MIN:
                found = func.min(key)
            case AggregateFunction.MAX:
                found = func.max(key)
            case AggregateFunction.GROUPING:
                found = func.grouping(key)
            case _:
                assert_never(ref.function)
        return found

    def _shown_aggregate(self, ref: AggregateRef) -> ColumnElement[Any]:
        argument = ref.argument
        if argument is None or not is_end(ref):
            return self._aggregate(ref)
        end = func.min if ref.function is AggregateFunction.MIN else func.max
        if argument.field.column is not None:
            return end(self._get("shown", argument))
        if argument.field.type.slot is SlotKind.TEXT:
            # The first in the order of compared texts, with the text as it is stored behind it.
            pair = self._get("key", argument).concat(_MARK).concat(self._get("text", argument))
            best = end(pair)
            return func.substr(best, func.strpos(best, _MARK) + constant(1))
        return self._aggregate(ref)

    def _total(self, ref: AggregateRef, kind: Kind) -> ColumnElement[Any]:
        """Give an aggregate as a value of formulas."""
        # A count of rows that names none would be counted wherever a value has a row of its own.
        found = (
            func.count(self.inner.c[_ONE]) if ref.argument is None else self._shown_aggregate(ref)
        )
        if kind.is_text:
            return func.coalesce(found, constant(""), type_=Text())
        if isinstance(found.type, DateTime):
            found = func.timezone(constant("UTC"), found)
        known = cast(found, SQL_TYPES[kind])
        return known * number_sql("0.01") if kind is Kind.PERCENT else known

    def _note(self, ref: FieldRef) -> None:
        """Have the inner select give what may be needed of a field; unused columns cost nothing."""
        if ("key", ref.source, ref.field.id, ref.exact) in self._places:
            return
        parts: dict[str, ColumnElement[Any]] = {
            "key": self.tables.comparable(ref),
            "there": self.tables.presence(ref),
        }
        if ref.field.column is None:
            parts["text"] = self.tables.text(ref)
        else:
            parts["shown"] = self.tables.shown(ref)
        for part, expression in parts.items():
            name = f"{part}{len(self._columns)}"
            self._places[part, ref.source, ref.field.id, ref.exact] = name
            self._columns.append(expression.label(name))

    def _get(self, part: str, ref: FieldRef) -> ColumnElement[Any]:
        return self.inner.c[self._places[part, ref.source, ref.field.id, ref.exact]]


def _all_refs(plan: Plan) -> list[Ref]:
    refs: list[Ref] = [*plan.group_by, *(key.left for key in plan.order_by)]
    refs.extend(ref for _, ref in plan.members if isinstance(ref, FieldRef | AggregateRef))
    if plan.having is not None:
        refs.extend(refs_in(plan.having))
    return [part for ref in refs for part in _parts(ref, plan.group_by)]


def _parts(ref: Ref, keys: Sequence[FieldRef]) -> list[Ref]:
    """Give what an operand needs of the rows: of an expression over aggregates, each of them.

    keys: by which rows are grouped; anything else is the same for all groups, and needs none.
    """
    if isinstance(ref, AggregateRef) or _key_of(ref, keys) is not None:
        return [ref]
    return list(aggregates_in(ref.computed))


def _key_of(ref: FieldRef, keys: Sequence[FieldRef]) -> FieldRef | None:
    """Give the one of the keys of groups that is an operand; None where none is."""
    for one in keys:
        if one.field is ref.field and one.source == ref.source:
            return one
    return None


def refs_in(condition: object) -> list[Ref]:
    """Give the operands of a condition on groups."""
    found: list[Ref] = []
    for name in ("left", "right", "test", "tests"):
        part = getattr(condition, name, ())
        if isinstance(part, FieldRef | AggregateRef):
            found.append(part)
        else:
            for inner in part if isinstance(part, tuple) else (part,):
                found.extend(refs_in(inner))
    return found
