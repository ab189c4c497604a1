"""Syntax tree to text: `render_query`, `render_condition`, `render_order`.

What is rendered reads back as an equal tree: parse_query(render_query(q)) == q.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, assert_never

from fieldstone.query_language.precedence import LEVELS, LISTS
from fieldstone.query_language.syntax import (
    FIELD_GROUPS,
    AccessMode,
    Aggregate,
    And,
    Bind,
    Boolean,
    Call,
    ChildQuery,
    Comparison,
    Condition,
    DataCategory,
    DateTimeValue,
    DateValue,
    Expression,
    FieldGroup,
    GroupBy,
    Grouping,
    Item,
    Membership,
    Money,
    Not,
    Null,
    Number,
    Operation,
    Or,
    Order,
    Path,
    Query,
    RelativeDate,
    SelectItem,
    Source,
    Text,
    TypeOf,
    Value,
    Visibility,
    With,
    Word,
)

_ESCAPES: Final = str.maketrans(
    {"'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)


def render_query(query: Query) -> str:
    """Give the text of a query, on one line; a bare word, which only conditions have, is quoted."""
    return _QueryWriter().query(query)


def render_condition(condition: Condition) -> str:
    """Give the text of a condition, with parentheses around every AND and OR within another."""
    return Writer().condition(condition)


def render_order(order_by: Iterable[Order]) -> str:
    """Give the text of sort keys."""
    return Writer().order(order_by)


class Writer:
    """Writes trees. A subclass may write values otherwise, as lifting does."""

    def query(self, query: Query) -> str:
        """Give the text of a query."""
        distinct = "DISTINCT " if query.distinct else ""
        clauses = [
            f"SELECT {distinct}{self.items(query)}",
            f"FROM {_list(_source(source) for source in (query.source, *query.joins))}",
        ]
        if query.as_of is not None:
            clauses.append(f"AS OF {self.value(query.as_of)}")
        if query.scope is not None:
            clauses.append(f"USING SCOPE {query.scope}")
        if query.where is not None:
            clauses.append(f"WHERE {self.condition(query.where)}")
        clauses.extend(render_with(clause) for clause in query.with_clauses)
        if query.group_by is not None:
            clauses.append(f"GROUP BY {self._group(query.group_by)}")
        if query.having is not None:
            clauses.append(f"HAVING {self.condition(query.having)}")
        if query.order_by:
            clauses.append(f"ORDER BY {self.order(query.order_by)}")
        clauses.extend(self._tail(query))
        return " ".join(clauses)

    def items(self, query: Query) -> str:
        """Give the text of what a query selects."""
        grouped = query.group_by is not None
        return _list(self._item(item, grouped=grouped) for item in query.select)

    def condition(self, condition: Condition) -> str:
        """Give the text of a condition."""
        match condition:
            case Comparison():
                return self.comparison(condition)
            case Membership():
                return self.membership(condition)
            case Not(inner):
                return f"NOT {self._nested(inner)}"
            case And(conditions):
                return " AND ".join(self._term(part) for part in conditions)
            case Or(conditions):
                return " OR ".join(self._term(part) for part in conditions)
            case _:
                assert_never(condition)

    def comparison(self, comparison: Comparison) -> str:
        """Give the text of a comparison with one value or another expression."""
        left, right = self.expression(comparison.left), comparison.right
        found = self.expression(right)
        if isinstance(right, Path) and len(right.names) == 1:
            # A condition on its own takes a bare word for a text.
            found = f"({found})"
        return f"{left} {comparison.operator} {found}"

    def membership(self, membership: Membership) -> str:
        """Give the text of a comparison with several values."""
        left, right = self.expression(membership.left), membership.right
        match right:
            case Query():
                members = f"({self.query(right)})"
            case Bind():
                members = self.value(right)
            case _:
                members = f"({_list(self.value(value) for value in right)})"
        return f"{left} {membership.operator} {members}"

    def order(self, order_by: Iterable[Order]) -> str:
        """Give the text of sort keys."""
        return _list(self._one_order(order) for order in order_by)

    def expression(self, expression: Expression) -> str:
        """Give the text of a path, a call or a value."""
        match expression:
            case Path():
                return expression.text
            case Call():
                return self.call(expression)
            case Aggregate(function, arguments):
                return f"{function}({_list(self.expression(part) for part in arguments)})"
            case Operation():
                return self.operation(expression)
            case _:
                return self.value(expression)

    def call(self, call: Call) -> str:
        """Give the text of a function and its arguments."""
        return f"{call.name}({_list(self.expression(part) for part in call.arguments)})"

    def operation(self, operation: Operation) -> str:
        """Give the text of an operation, with parentheses around each within it.

        A first operand of the same rank needs none: a + b - c is (a + b) - c.
        """
        first, *others = operation.operands
        flat = isinstance(first, Operation) and _are_one_chain(first, operation)
        parts = [self.expression(first) if flat else self._inner(first)]
        parts.extend(self._inner(other) for other in others)
        if len(parts) == 1:
            return f"{operation.sign}{parts[0]}"
        return f" {operation.sign} ".join(parts)

    def _inner(self, part: Expression) -> str:
        return f"({self.operation(part)})" if isinstance(part, Operation) else self.expression(part)

    def value(self, value: Value) -> str:
        """Give the text of a literal, a bind or a bare word."""
        return render_value(value)

    def count(self, query: Query, clause: str) -> str:
        """Give the text of the number behind LIMIT or OFFSET."""
        count = query.limit if clause == "LIMIT" else query.offset
        assert count is not None
        return str(count) if isinstance(count, int) else self.value(count)

    def _item(self, item: Item, *, grouped: bool) -> str:
        match item:
            case SelectItem(expression, alias):
                text = self.expression(expression)
                bare = grouped or not isinstance(expression, Path)
                return text if alias is None else f"{text}{' ' if bare else ' AS '}{alias}"
            case FieldGroup(name) if name in FIELD_GROUPS:
                return f"FIELDS({name})"
            case FieldGroup(name):
                return f"FIELDS({self.value(Text(name))})"
            case ChildQuery(query):
                return f"({self.query(query)})"
            case TypeOf():
                return _type_of(item)
            case _:
                assert_never(item)

    def _group(self, group: GroupBy) -> str:
        text = _list(self.expression(expression) for expression in group.expressions)
        return text if group.grouping is Grouping.PLAIN else f"{group.grouping}({text})"

    def _one_order(self, order: Order) -> str:
        text = self.expression(order.expression)
        if order.descending:
            text += " DESC"
        return text if order.nulls is None else f"{text} NULLS {order.nulls}"

    def _tail(self, query: Query) -> Iterator[str]:
        if query.limit is not None:
            per = _list(self.expression(operand) for operand in query.per)
            yield f"LIMIT {self.count(query, 'LIMIT')}{' PER ' if per else ''}{per}"
        if query.offset is not None:
            yield f"OFFSET {self.count(query, 'OFFSET')}"
        yield from (f"FOR {purpose}" for purpose in query.purposes)
        yield from (f"UPDATE {update}" for update in query.updates)
        if query.all_rows:
            yield "ALL ROWS"

    def _term(self, condition: Condition) -> str:
        return self.condition(condition) if isinstance(condition, Not) else self._nested(condition)

    def _nested(self, condition: Condition) -> str:
        text = self.condition(condition)
        return text if isinstance(condition, Comparison | Membership) else f"({text})"


class _QueryWriter(Writer):
    """Writes whole queries, in which a bare word would be a field."""

    def value(self, value: Value) -> str:
        return super().value(Text(value.text) if isinstance(value, Word) else value)


def _are_one_chain(first: Operation, operation: Operation) -> bool:
    """Tell whether operators of one rank follow each other, which is read from the left."""
    if operation.sign in LISTS or min(len(first.operands), len(operation.operands)) < 2:
        return False
    return any(first.sign in level and operation.sign in level for level in LEVELS)


def render_value(value: Value) -> str:
    """Give the text of a literal, a bind or a bare word."""
    match value:
        case Text(pattern):
            text = f"'{pattern.translate(_ESCAPES)}'"
        case Bind(name):
            text = f":{name}"
        case Word():
            text = value.text
        case Boolean() | Null():
            text = _fixed(value)
        case Number() | Money():
            text = _number(value)
        case DateValue() | DateTimeValue() | RelativeDate():
            text = _moment(value)
        case _:
            assert_never(value)
    return text


def _fixed(value: Boolean | Null) -> str:
    if isinstance(value, Null):
        return "NULL"
    return "TRUE" if value.value else "FALSE"


def _number(value: Number | Money) -> str:
    return str(value.value) if isinstance(value, Number) else f"{value.currency}{value.amount:f}"


def _moment(value: DateValue | DateTimeValue | RelativeDate) -> str:
    match value:
        case DateValue(day):
            return day.isoformat()
        case DateTimeValue(instant):
            return f"{instant.replace(tzinfo=None).isoformat()}Z"
        case RelativeDate(name, count):
            return name if count is None else f"{name}:{count}"
        case _:
            assert_never(value)


def _list(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _type_of(item: TypeOf) -> str:
    branches = " ".join(
        f"WHEN {branch.object} THEN {_list(path.text for path in branch.paths)}"
        for branch in item.branches
    )
    otherwise = f" ELSE {_list(path.text for path in item.otherwise)}" if item.otherwise else ""
    return f"TYPEOF {item.path.text} {branches}{otherwise} END"


def _source(source: Source) -> str:
    return source.path.text if source.alias is None else f"{source.path.text} {source.alias}"


def render_with(clause: With) -> str:
    """Give the text of a WITH clause."""
    match clause:
        case AccessMode(name):
            return f"WITH {name}"
        case DataCategory(filters):
            tests = (f"{f.group} {f.selector} ({_list(f.categories)})" for f in filters)
            return f"WITH DATA CATEGORY {' AND '.join(tests)}"
        case Visibility(settings):
            pairs = (f"{name} = {render_value(value)}" for name, value in settings)
            return f"WITH RecordVisibilityContext({_list(pairs)})"
        case _:
            assert_never(clause)
