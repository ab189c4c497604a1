"""Roll-ups as SQL: a subquery for each row, which finds its children by an index.

So a roll-up is what the children are at that moment, however many write them, and no write of a
child touches its parent. Where it is worked out for all records, as to sort them by it, the
children are read once and grouped, which takes a quarter of the time.
"""

from __future__ import annotations

from itertools import count
from typing import Any, Final, Protocol, assert_never

from sqlalchemy import ColumnElement, FromClause, Numeric, Select, cast, func, select

from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.catalog import RollUpFunction
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.tables import LINK
from fieldstone.query_language.formula.sql_values import SQL_TYPES, number_sql
from fieldstone.query_language.functions.divide import quotient_sql
from fieldstone.query_language.past_links import pointed, with_targets
from fieldstone.query_language.plan import FieldRef, RolledUp, Rows
from fieldstone.query_language.totals import total

_HUNDREDTH: Final = "0.01"


class ChildRows(Protocol):
    """The child records as tables of the statement."""

    @property
    def rows(self) -> Rows:
        """Which rows they are."""
        ...

    @property
    def numbers(self) -> count[int]:
        """What makes names unique in the statement."""
        ...

    @property
    def aliases(self) -> tuple[FromClause, ...]:
        """Their sources."""
        ...

    def joined(self) -> FromClause:
        """Give the tables joined along the references."""
        ...

    def filtered(self) -> list[ColumnElement[bool]]:
        """Give all conditions of the rows."""
        ...

    def comparable(self, ref: FieldRef) -> ColumnElement[Any]:
        """Give what of a field is compared."""
        ...

    def value(self, ref: FieldRef) -> ColumnElement[Any]:
        """Give a calculated value."""
        ...


def rolled_up_sql(
    rolled: RolledUp, children: ChildRows, parent: ColumnElement[int]
) -> Select[tuple[Any]]:
    """Give the statement of a roll-up of one record, as formulas take its value.

    children: of rolled.rows. parent: the id of the record.
    """
    found = select(_summed(rolled, children)).select_from(children.joined())
    return found.where(*children.filtered(), _points(rolled, children, parent))


def rolled_up_by_parent(rolled: RolledUp, children: ChildRows) -> Select[tuple[Any, Any]]:
    """Give the statement of a roll-up of all records with children: rows parent and value.

    children: of rolled.rows.
    """
    parent: ColumnElement[Any]
    own, tables, tests = children.aliases[0], children.joined(), children.filtered()
    if rolled.rows.as_of is not None:
        number = next(children.numbers)
        tables, parent = with_targets(tables, own.c.data, rolled.reference, number)
        tests.append(parent.is_not(None))
    elif _has_slot(rolled):
        parent = own.c[str(rolled.reference.slot)]
        tests.append(parent.is_not(None))
    else:
        link = LINK.alias()
        tables = tables.join(link, link.c.source_id == own.c.id)
        tests += _links(rolled, link)
        parent = link.c.target_id
    found = select(parent.label("parent"), _summed(rolled, children).label("value"))
    return found.select_from(tables).where(*tests).group_by(parent)


def of_parent(rolled: RolledUp, by_parent: FromClause) -> ColumnElement[Any]:
    """Give the value of a record that was joined with rolled_up_by_parent."""
    adds = rolled.function in (RollUpFunction.COUNT, RollUpFunction.SUM)
    value: ColumnElement[Any] = by_parent.c.value
    return func.coalesce(value, number_sql(0)) if adds else value


def _has_slot(rolled: RolledUp) -> bool:
    reference = rolled.reference
    return reference.slot is not None and reference.type.slot is SlotKind.REFERENCE


def _links(rolled: RolledUp, link: FromClause) -> list[ColumnElement[bool]]:
    """Give the conditions of the rows beside records that say what a reference points to."""
    return [
        link.c.tenant_id == constant(rolled.rows.tenant_id),
        link.c.field_id == constant(rolled.reference.id),
    ]


def _points(
    rolled: RolledUp, children: ChildRows, parent: ColumnElement[int]
) -> ColumnElement[bool]:
    """Give the condition that a child refers to the parent: by a slot, or else by its links."""
    own = children.aliases[0]
    if rolled.rows.as_of is not None:
        return pointed(own, rolled.reference, rolled.rows, parent, children.numbers)
    if _has_slot(rolled):
        found: ColumnElement[bool] = own.c[str(rolled.reference.slot)] == parent
        return found
    link = LINK.alias()
    sources = select(link.c.source_id).where(*_links(rolled, link), link.c.target_id == parent)
    return own.c.id.in_(sources.correlate_except(link))


def _summed(rolled: RolledUp, children: ChildRows) -> ColumnElement[Any]:
    argument = rolled.argument
    if argument is None:
        return cast(func.count(), Numeric)
    kind, value = _kind_of(argument), _values(argument, children)
    found: ColumnElement[Any]
    match rolled.function:
        case RollUpFunction.COUNT:
            raise AssertionError("a count has no argument")
        case RollUpFunction.SUM:
            found = func.coalesce(total(argument, value), number_sql(0))
        case RollUpFunction.AVERAGE:
            found = quotient_sql(total(argument, value), cast(func.count(value), Numeric))
        case RollUpFunction.MIN:
            found = cast(func.min(value), SQL_TYPES[kind])
        case RollUpFunction.MAX:
            found = cast(func.max(value), SQL_TYPES[kind])
        case _:
            assert_never(rolled.function)
    # What is calculated is a share of one already; what is stored is in percent.
    is_stored = argument.computed is None
    return found * number_sql(_HUNDREDTH) if kind is Kind.PERCENT and is_stored else found


def _values(argument: FieldRef, children: ChildRows) -> ColumnElement[Any]:
    return children.comparable(argument) if argument.computed is None else children.value(argument)


def _kind_of(argument: FieldRef) -> Kind:
    calculation = argument.field.type.calculation
    assert calculation is not None
    return calculation.kind
