"""A plain reading of the query language, over lists of dicts, to hold against PostgreSQL.

Written from docs/guides/queries.md; of the product it knows the syntax tree alone. Records are
dicts with an id, in the order of their ids; a reference holds the record it points to, or None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from itertools import combinations
from typing import Any, Final

from fieldstone.query_language.syntax import (
    Aggregate,
    AggregateFunction,
    And,
    Call,
    ChildQuery,
    Comparison,
    Condition,
    Expression,
    FieldGroup,
    Grouping,
    ListOperator,
    Membership,
    Not,
    NullsPlace,
    Operand,
    Operation,
    Operator,
    Or,
    Order,
    Path,
    Query,
    SelectItem,
    Text,
    TypeOf,
)
from tests.support.naive_comparisons import compared, has_all, is_so, regular
from tests.support.naive_values import (
    OBJECT,
    NoValue,
    Record,
    constant_of,
    folded,
    operated,
    share_of,
    stored_value,
)

World = Mapping[str, Sequence[Record]]
CHILDREN: Final = {
    "deals": ("Deal", "company"),
    "parts": ("Node__c", "parent"),
    "fans": ("Node__c", "friends"),
    "leaves": ("Leaf__c", "node"),
}
"""Of each list of children the object and the reference."""

SHAPES: Final = ("toLabel", "convertCurrency", "FORMAT")


def answer_plainly(
    query: Query, world: World, rows: Sequence[Record] | None = None
) -> list[Record]:
    """Give what a query shows, as JSON would have it. rows: those to choose of, if not all."""
    asked = world[query.source.path.text] if rows is None else rows
    rows = [row for row in asked if _holds_all(query, row, world)]
    if query.group_by is not None or query.distinct or _aggregates(query):
        found = _groups(query, rows)
    else:
        ordered = _sorted(rows, query.order_by, lambda row, one: stored_value(one, row))
        if query.per:
            ordered = _first_of_each(ordered, query.per, _count(query.limit))
        found = [_shown(query, row, world) for row in ordered]
    return _cut(query, found)


def _cut(query: Query, rows: list[Record]) -> list[Record]:
    offset = _count(query.offset or 0)
    limit = None if query.limit is None or query.per else _count(query.limit)
    return rows[offset : None if limit is None else offset + limit]


def _count(count: object) -> int:
    assert isinstance(count, int)
    return count


def _aggregates(query: Query) -> bool:
    for item in query.select:
        shown = item.expression if isinstance(item, SelectItem) else None
        first = shown.operands[0] if isinstance(shown, Operation) else shown
        if isinstance(first, Aggregate):
            return True
    return False


def _first_of_each(rows: list[Record], per: Sequence[Operand], most: int) -> list[Record]:
    seen: dict[Any, int] = {}
    found = []
    for row in rows:
        key = tuple(folded(stored_value(one, row)) for one in per)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= most:
            found.append(row)
    return found


# What is shown


def _shown(query: Query, row: Record, world: World) -> Record:
    found: Record = {"id": row["id"]}
    unnamed = 0
    for item in query.select:
        if isinstance(item, ChildQuery):
            name = item.query.source.path.text
            below, reference = CHILDREN[name]
            own = [one for one in world[below] if _points(one[reference], row)]
            found[name] = answer_plainly(item.query, world, own)
        elif isinstance(item, TypeOf):
            found[item.path.text] = _of_type(item, row[item.path.text])
        elif isinstance(item, FieldGroup):
            found |= {name: _json(value) for name, value in row.items() if name != OBJECT}
        elif isinstance(item, SelectItem):
            shaped = _shaped(item.expression)
            if item.alias is None and shaped is not None:
                _put(found, shaped.names, row, item.expression)
                continue
            found[item.alias or f"expr{unnamed}"] = _json(stored_value(item.expression, row))
            unnamed += item.alias is None
    return found


def _points(reference: Any, row: Record) -> bool:
    several = reference if isinstance(reference, list) else [reference]
    return any(one is row for one in several)


def _of_type(item: TypeOf, row: Record | None) -> Record | None:
    if row is None:
        return None
    found = {"id": row["id"]}
    branches = {branch.object: branch.paths for branch in item.branches}
    for path in branches.get(row[OBJECT], item.otherwise):
        if path.names[0] in row:
            _put(found, path.names, row, path)
    return found


def _shaped(expression: Expression) -> Path | None:
    """Give the field under whose key a field is shown, be it formatted or not."""
    if isinstance(expression, Call) and expression.name in SHAPES:
        return _shaped(expression.arguments[0])
    return expression if isinstance(expression, Path) else None


def _put(shown: Record, names: Sequence[str], top: Record, expression: Expression) -> None:
    row = top
    for name in names[:-1]:
        parent: Record | None = row[name]
        if parent is None:
            shown.setdefault(name, None)
            return
        row, there = parent, shown.get(name)
        shown[name] = there if isinstance(there, dict) else {"id": row["id"]}
        shown = shown[name]
    value, there = _json(stored_value(expression, top)), shown.get(names[-1])
    # A reference is told by what is shown of its record, whichever of the two is asked for first.
    if not (isinstance(there, dict) and there.get("id") == value):
        shown[names[-1]] = value


def _json(value: Any) -> Any:
    match value:
        case dict():
            return value["id"]
        case list():
            return [_json(one) for one in value] or None
        case tuple():
            return {"latitude": value[0], "longitude": value[1]}
        case datetime() | date() | time():
            return _moment(value)
        case _:
            return value


def _moment(moment: Any) -> str:
    if isinstance(moment, datetime):
        return f"{moment.isoformat(timespec='milliseconds')}Z"
    return str(moment.isoformat("milliseconds") if isinstance(moment, time) else moment)


# Order


def _sorted(
    rows: Sequence[Any], order_by: Sequence[Order], value: Callable[[Any, Any], Any]
) -> list[Any]:
    """Sort stably by the last key first; rows alike follow their ids, down if the last key goes."""
    found = list(rows)
    if order_by and order_by[-1].descending:
        found.reverse()
    for order in reversed(order_by):
        there = [row for row in found if value(row, order.expression) is not None]
        missing = [row for row in found if value(row, order.expression) is None]
        if order.descending:
            there.reverse()
        there.sort(key=lambda row: folded(value(row, order.expression)))
        if order.descending:
            there.reverse()
        last = order.nulls is NullsPlace.LAST
        found = [*there, *missing] if last else [*missing, *there]
    return found


# Groups


def _groups(query: Query, rows: list[Record]) -> list[Record]:
    keys = _keys(query)
    made: list[tuple[tuple[int, ...], list[Record]]] = []
    for kept in _levels(query, len(keys)):
        groups: dict[Any, list[Record]] = {}
        for row in rows:
            parts = (
                folded(stored_value(key, row)) if n in kept else None for n, key in enumerate(keys)
            )
            groups.setdefault(tuple(parts), []).append(row)
        if not groups and not kept:
            groups[()] = []
        made.extend((kept, group) for group in groups.values())

    def value(group: Any, expression: Expression) -> Any:
        return _of_group(_named(query, expression), keys, *group)

    if query.having is not None:
        having = query.having
        made = [one for one in made if _true(having, partial(value, one), {})]
    for n in reversed(range(len(keys))):
        made.sort(key=lambda one: n not in one[0])
    for key in reversed(keys):
        made.sort(key=lambda one: _last_if_none(value(one, key)))
    # Ties keep the order of the keys, whatever the direction: groups have no ids.
    for order in reversed(query.order_by):
        made = _sorted_groups(made, order, value)
    return [_shown_group(query, one, value) for one in made]


def _sorted_groups(made: list[Any], order: Order, value: Callable[[Any, Any], Any]) -> list[Any]:
    there = [one for one in made if value(one, order.expression) is not None]
    missing = [one for one in made if value(one, order.expression) is None]
    there.sort(key=lambda one: folded(value(one, order.expression)), reverse=order.descending)
    last = order.nulls is NullsPlace.LAST
    return [*there, *missing] if last else [*missing, *there]


def _last_if_none(value: Any) -> tuple[bool, Any]:
    return (value is None, 0 if value is None else folded(value))


def _keys(query: Query) -> list[Expression]:
    if query.distinct:
        return [item.expression for item in query.select if isinstance(item, SelectItem)]
    return [] if query.group_by is None else list(query.group_by.expressions)


def _levels(query: Query, count: int) -> Iterable[tuple[int, ...]]:
    """Give which keys each level of subtotals keeps."""
    kind = Grouping.PLAIN if query.group_by is None else query.group_by.grouping
    every = tuple(range(count))
    if kind is Grouping.ROLLUP:
        return [every[:size] for size in range(count, -1, -1)]
    if kind is Grouping.CUBE:
        return [some for size in range(count, -1, -1) for some in combinations(every, size)]
    return [every]


def _named(query: Query, expression: Expression) -> Expression:
    """Give what an alias stands for."""
    for item in query.select:
        if isinstance(item, SelectItem) and expression == Path((item.alias or "",)):
            return item.expression
    return expression


def _of_group(
    expression: Expression, keys: list[Expression], kept: tuple[int, ...], rows: list[Record]
) -> Any:
    if isinstance(expression, Aggregate):
        return _aggregate(expression, keys, kept, rows)
    if isinstance(expression, Operation) and isinstance(expression.operands[0], Aggregate):
        parts = [partial(_of_total, part, keys, kept, rows) for part in expression.operands]
        try:
            return operated(expression.sign, parts)
        except NoValue:
            return None
    if keys.index(expression) not in kept:
        return None
    return stored_value(expression, rows[0])


def _of_total(
    part: Expression, keys: list[Expression], kept: tuple[int, ...], rows: list[Record]
) -> Any:
    if not isinstance(part, Aggregate):
        return constant_of(part)
    found = _aggregate(part, keys, kept, rows)
    return found if found is None else Decimal(found)


def _aggregate(
    aggregate: Aggregate, keys: list[Expression], kept: tuple[int, ...], rows: list[Record]
) -> Any:
    if not aggregate.arguments:
        return len(rows)
    (argument,) = aggregate.arguments
    if aggregate.function is AggregateFunction.GROUPING:
        return int(keys.index(argument) not in kept)
    values = [value for row in rows if (value := stored_value(argument, row)) is not None]
    return _TOTALS[aggregate.function](values)


def _total(values: list[Any]) -> Any:
    return sum(values, Decimal(0)) if values else None


_TOTALS: Final[Mapping[AggregateFunction, Callable[[list[Any]], Any]]] = {
    AggregateFunction.COUNT: len,
    AggregateFunction.COUNT_DISTINCT: lambda values: len({folded(value) for value in values}),
    AggregateFunction.SUM: _total,
    AggregateFunction.AVG: lambda values: _total(values) / len(values) if values else None,
    AggregateFunction.MIN: lambda values: min(values, key=folded, default=None),
    AggregateFunction.MAX: lambda values: max(values, key=folded, default=None),
}


def _shown_group(query: Query, group: Any, value: Callable[[Any, Any], Any]) -> Record:
    found: Record = {}
    unnamed = 0
    for item in query.select:
        assert isinstance(item, SelectItem)
        key = item.alias or f"expr{unnamed}"
        shaped = _shaped(item.expression)
        if shaped is not None:
            key = item.alias or shaped.names[-1]
        else:
            unnamed += item.alias is None
        found[key] = _json(value(group, item.expression))
    return found


# Conditions


def _holds_all(query: Query, row: Record, world: World) -> bool:
    return query.where is None or _true(query.where, lambda one: stored_value(one, row), world, row)


def _true(
    condition: Condition,
    value: Callable[[Expression], Any],
    world: World,
    row: Record | None = None,
) -> bool:
    match condition:
        case And(parts):
            return all(_true(part, value, world, row) for part in parts)
        case Or(parts):
            return any(_true(part, value, world, row) for part in parts)
        case Not(part):
            return not _true(part, value, world, row)
        case Membership():
            return _is_in(condition, value, world)
        case Comparison():
            return _compares(condition, value, row)


def _is_in(membership: Membership, value: Callable[[Expression], Any], world: World) -> bool:
    mine, right = value(membership.left), membership.right
    wanted = membership.operator in (ListOperator.IN, ListOperator.INCLUDES)
    if isinstance(right, Query):
        (item,) = right.select
        assert isinstance(item, SelectItem)
        rows = [one for one in world[right.source.path.text] if _holds_all(right, one, world)]
        others = [folded(stored_value(item.expression, one)) for one in rows]
        return (mine is not None and folded(mine) in others) == wanted
    assert isinstance(right, tuple)
    if membership.operator in (ListOperator.INCLUDES, ListOperator.EXCLUDES):
        return any(has_all(mine or [], member) for member in right) == wanted
    return any(is_so(mine, Operator.EQUAL, member) for member in right) == wanted


def _compares(
    comparison: Comparison, value: Callable[[Expression], Any], row: Record | None
) -> bool:
    left, sign, right = comparison.left, comparison.operator, comparison.right
    if isinstance(right, Operand):
        if row is None:
            return compared(value(left), sign, value(right))
        return compared(share_of(left, row), sign, share_of(right, row))
    if sign is not Operator.LIKE:
        return is_so(value(left), sign, right)
    assert isinstance(right, Text)
    mine = value(left)
    if not right.pattern:
        return mine is None
    pattern = re.compile(regular(right.pattern), re.IGNORECASE | re.DOTALL)
    return mine is not None and bool(pattern.fullmatch(mine))
