"""Turns the parser's reductions into syntax tree nodes, one method per rule of query.lark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from lark import Token, Transformer

from fieldstone.errors import Span
from fieldstone.query_language.errors import BadSyntax
from fieldstone.query_language.literals import bind_of, count_of, span_of, value_of
from fieldstone.query_language.places import check_places
from fieldstone.query_language.precedence import check_expression, in_precedence
from fieldstone.query_language.syntax import (
    FIELD_GROUPS,
    AccessMode,
    Aggregate,
    AggregateFunction,
    And,
    Bind,
    Boolean,
    Call,
    CategoryFilter,
    ChildQuery,
    Comparison,
    Condition,
    DataCategory,
    Expression,
    FieldGroup,
    GroupBy,
    Grouping,
    Instant,
    Item,
    ListOperator,
    Membership,
    Not,
    NullsPlace,
    Number,
    Operand,
    Operation,
    Operator,
    Or,
    Order,
    Path,
    Query,
    SelectItem,
    Sign,
    Source,
    Text,
    TypeBranch,
    TypeOf,
    Value,
    Visibility,
)

# Children of a rule are what its parts gave: tokens and nodes of many types.
Children = list[Any]

_NAME: Final = re.compile(r"[A-Za-z_]")
_AGGREGATES = frozenset(AggregateFunction)
_OPERATORS = {operator.value: operator for operator in Operator} | {"<>": Operator.NOT_EQUAL}


@dataclass(frozen=True, slots=True)
class _Alias:
    """An alias as written: with AS in front of it or not."""

    name: Token
    explicit: bool


@dataclass(frozen=True, slots=True)
class _Tail:
    """One of the words behind a query: FOR VIEW, UPDATE TRACKING, ALL ROWS."""

    kind: str
    name: str = ""


class Builder(Transformer[Token, Any]):
    """Builds nodes while the text is parsed.

    words: whether bare words and double quotes may stand for text, as in conditions on their own.
    """

    def __init__(self, *, words: bool) -> None:
        super().__init__()
        self._words = words

    # Query

    def query(self, children: Children) -> Query:
        """Put the clauses together, and check what concerns more than one of them."""
        distinct, items, sources, as_of, scope, where, withs, group, having, *rest = children
        orders, (limit, per), offset, tails = rest
        check_items(items, grouped=group is not None)
        if having is not None and group is None:
            raise BadSyntax("HAVING stands without GROUP BY.", at=having.span, hint="Use WHERE.")
        return Query(
            select=tuple(node for node, _ in items),
            distinct=distinct,
            source=sources[0],
            joins=sources[1:],
            as_of=as_of,
            scope=scope,
            where=where,
            with_clauses=withs,
            group_by=group,
            having=having,
            order_by=orders,
            limit=limit,
            per=per,
            offset=offset,
            purposes=tuple(tail.name for tail in tails if tail.kind == "FOR"),
            updates=tuple(tail.name for tail in tails if tail.kind == "UPDATE"),
            all_rows=any(tail.kind == "ALL" for tail in tails),
            span=_cover(items[0][0].span, sources[-1].span),
        )

    def distinct(self, children: Children) -> bool:
        """Read DISTINCT."""
        return bool(children)

    def items(self, children: Children) -> tuple[tuple[Item, _Alias | None], ...]:
        """Give each item with the alias it was written with."""
        return tuple(child if isinstance(child, tuple) else (child, None) for child in children)

    def select_item(self, children: Children) -> tuple[Item, _Alias | None]:
        """Read an expression with its alias; FIELDS(…) looks like a function and is none."""
        expression, alias = children
        check_expression(expression)
        if isinstance(expression, Call) and expression.name.upper() == "FIELDS":
            return _field_group(expression), alias
        name = None if alias is None else str(alias.name)
        return SelectItem(expression, name, expression.span), alias

    def child_query(self, children: Children) -> ChildQuery:
        """Read a subquery in the list of fields."""
        return ChildQuery(children[0], children[0].span)

    def alias(self, children: Children) -> _Alias | None:
        """Read an alias; the keyword AS leaves no child, so its place is looked at."""
        return _Alias(children[-1], explicit=len(children) == 2) if children else None

    def type_of(self, children: Children) -> TypeOf:
        """Read TYPEOF … END."""
        path, *branches, otherwise = children
        return TypeOf(path_of(path), tuple(branches), otherwise, span_of(path))

    def branch(self, children: Children) -> TypeBranch:
        """Read one WHEN with its THEN."""
        return TypeBranch(path_of(children[0]).text, children[1], span_of(children[0]))

    def otherwise(self, children: Children) -> tuple[Path, ...]:
        """Read ELSE."""
        return children[0] if children else ()

    def paths(self, children: Children) -> tuple[Path, ...]:
        """Read a list of paths."""
        return tuple(path_of(token) for token in children)

    def sources(self, children: Children) -> tuple[Source, ...]:
        """Read the entries of FROM."""
        return tuple(children)

    def source(self, children: Children) -> Source:
        """Read one entry of FROM."""
        token, alias = children
        return Source(path_of(token), None if alias is None else str(alias.name), span_of(token))

    def as_of(self, children: Children) -> Instant | None:
        """Read AS OF."""
        return children[0] if children else None

    def instant(self, children: Children) -> Instant:
        """Read what stands behind AS OF."""
        found: Instant = value_of(children[0])  # type: ignore[assignment]  # no other tokens
        return found

    def scope(self, children: Children) -> str | None:
        """Read USING SCOPE."""
        return str(children[0]) if children else None

    def where(self, children: Children) -> Condition | None:
        """Read WHERE."""
        return children[0] if children else None

    having = where

    def group(self, children: Children) -> GroupBy | None:
        """Read GROUP BY; ROLLUP(…) and CUBE(…) look like functions and are none."""
        if not children:
            return None
        first = children[0]
        name = first.name.upper() if isinstance(first, Call) else ""
        if name not in (Grouping.ROLLUP, Grouping.CUBE):
            for child in children:
                check_expression(child)
            return GroupBy(tuple(children), Grouping.PLAIN, first.span)
        if len(children) > 1 or not first.arguments:
            raise BadSyntax(f"{name} takes all fields in its own parentheses.", at=first.span)
        return GroupBy(_operands(first), Grouping(name), first.span)

    def order(self, children: Children) -> tuple[Order, ...]:
        """Read ORDER BY."""
        return children[0] if children else ()

    def orders(self, children: Children) -> tuple[Order, ...]:
        """Read a list of sort keys."""
        return tuple(children)

    def one_order(self, children: Children) -> Order:
        """Read one sort key."""
        expression, direction, nulls = children
        check_expression(expression)
        return Order(
            expression,
            direction is not None and direction.upper() == "DESC",
            None if nulls is None else NullsPlace(nulls.upper()),
            expression.span,
        )

    def limit(self, children: Children) -> tuple[int | Bind | None, tuple[Operand, ...]]:
        """Read LIMIT, with what PER names behind it."""
        return (count_node(children[0]), children[1]) if children else (None, ())

    def per(self, children: Children) -> tuple[Operand, ...]:
        """Read PER: of what each value has a limit of its own."""
        for child in children:
            check_expression(child)
        return tuple(children)

    def offset(self, children: Children) -> int | Bind | None:
        """Read OFFSET."""
        return count_node(children[0]) if children else None

    def tails(self, children: Children) -> tuple[_Tail, ...]:
        """Read what stands behind a query, in any order."""
        return tuple(chain.from_iterable(children))

    def purpose(self, children: Children) -> list[_Tail]:
        """Read FOR VIEW, REFERENCE and its like."""
        return [_Tail("FOR", name.upper()) for name in children]

    def updates(self, children: Children) -> list[_Tail]:
        """Read UPDATE TRACKING, VIEWSTAT and its like."""
        return [_Tail("UPDATE", name.upper()) for name in children]

    def all_rows(self, children: Children) -> list[_Tail]:
        """Read ALL ROWS."""
        return [_Tail("ALL")]

    def withs(self, children: Children) -> tuple[Any, ...]:
        """Read the WITH clauses."""
        return tuple(children)

    def access_mode(self, children: Children) -> AccessMode:
        """Read WITH USER_MODE and its like."""
        return AccessMode(children[0].upper(), span_of(children[0]))

    def data_category(self, children: Children) -> DataCategory:
        """Read WITH DATA CATEGORY."""
        return DataCategory(tuple(children), children[0].span)

    def category(self, children: Children) -> CategoryFilter:
        """Read one data category test."""
        group, selector, *names = children
        chosen = tuple(str(name) for name in names)
        return CategoryFilter(str(group), selector.upper(), chosen, span_of(group))

    def visibility(self, children: Children) -> Visibility:
        """Read WITH RecordVisibilityContext(…)."""
        name, *settings = children
        if name.upper() != "RECORDVISIBILITYCONTEXT":
            raise BadSyntax(f"WITH does not know {name}.", at=span_of(name))
        return Visibility(tuple(settings), span_of(name))

    def setting(self, children: Children) -> tuple[str, Value]:
        """Read one name = value."""
        name, operator, value = children
        if operator != "=":
            raise BadSyntax(f"Expected = after {name}, found {operator}.", at=span_of(operator))
        return str(name), value

    # Conditions

    def conjunction(self, children: Children) -> And:
        """Read a AND b AND c."""
        return And(tuple(children), _cover(children[0].span, children[-1].span))

    def disjunction(self, children: Children) -> Or:
        """Read a OR b OR c."""
        return Or(tuple(children), _cover(children[0].span, children[-1].span))

    def negation(self, children: Children) -> Not:
        """Read NOT a."""
        token, condition = children
        return Not(condition, _cover(span_of(token), condition.span))

    def comparison(self, children: Children) -> Comparison:
        """Read a comparison with one value, or with another expression."""
        left, operator, right = children
        if operator == "==":
            raise BadSyntax(
                "== stands in functions alone.", at=span_of(operator), hint="Write = to compare."
            )
        found = _OPERATORS[operator.upper()]
        check_expression(left)
        check_expression(right)
        return Comparison(left, found, right, _cover(left.span, right.span))

    def bare(self, children: Children) -> Comparison:
        """Read a function that stands alone as a condition: it must be true."""
        (left,) = children
        if not isinstance(left, Call):
            raise BadSyntax(
                "This is no condition: it is not compared with anything.",
                at=left.span,
                hint="Put an operator behind it, such as = TRUE.",
            )
        check_expression(left)
        return Comparison(left, Operator.EQUAL, Boolean(value=True, span=left.span), left.span)

    def membership(self, children: Children) -> Membership:
        """Read a comparison with a list."""
        left, operator, right = children
        last = right[-1].span if isinstance(right, tuple) else right.span
        check_expression(left)
        return Membership(left, operator, right, _cover(left.span, last))

    def list_operator(self, children: Children) -> ListOperator:
        """Read IN, NOT IN, INCLUDES, EXCLUDES."""
        return ListOperator(" ".join(token.upper() for token in children))

    def values(self, children: Children) -> tuple[Value, ...]:
        """Read a list of values."""
        return tuple(children)

    def subquery(self, children: Children) -> Query:
        """Read the query of a semi-join."""
        query: Query = children[0]
        return query

    # Expressions

    def path(self, children: Children) -> Path:
        """Read a dotted name."""
        return path_of(children[0])

    def call(self, children: Children) -> Call | Aggregate:
        """Read a call, of a function or of an aggregate."""
        token, *arguments = children
        name = token.upper()
        if name not in _AGGREGATES:
            found = Call(str(token), tuple(arguments), span_of(token))
            check_places(found)
            return found
        if not arguments and name != AggregateFunction.COUNT:
            raise BadSyntax(f"{name} stands without a field.", at=span_of(token))
        return Aggregate(AggregateFunction(name), tuple(arguments), span_of(token))

    def value(self, children: Children) -> Value:
        """Read a literal, a bind or a bare word."""
        token: Token = children[0]
        if not self._words and token.type in ("WORD", "QUOTED"):
            bare = token.strip('"')
            raise BadSyntax(
                f"{token[:80]} is not a value.",
                at=span_of(token),
                hint=f"Text stands in single quotes: '{bare[:80]}'.",
            )
        return value_of(token)

    literal = pattern = value

    def right_value(self, children: Children) -> Value | Path:
        """Read what stands alone behind an operator; a bare word is a field within a query."""
        (token,) = children
        if self._words or token.type != "WORD" or not _NAME.match(token):
            return self.value(children)
        return path_of(token)

    def operation(self, children: Children) -> Expression:
        """Read operands with operators between them."""
        first, *rest = children
        if isinstance(first, Token):
            self._check_word(first, rest[0])
            first = path_of(first)
        return in_precedence([first, *rest])

    def _check_word(self, word: Token, sign: Token) -> None:
        """Refuse a text with a hyphen that stands without quotes."""
        if self._words and sign == "-" and word.end_pos == sign.start_pos:
            raise BadSyntax(
                f"Expected the end of the condition after {word[:40]}, found -.",
                at=span_of(sign),
                hint="Text that is more than one word stands in quotes.",
            )

    def signed(self, children: Children) -> Expression:
        """Read an operand with a sign in front of it; a number takes it into itself."""
        sign, operand = children
        if sign == Sign.ADD:
            return operand  # type: ignore[no-any-return]  # rules give expressions
        if sign == Sign.SUBTRACT and isinstance(operand, Number):
            return Number(-operand.value, span_of(sign))
        return Operation(Sign(str(sign)), (operand,), span_of(sign))

    def bind(self, children: Children) -> Bind:
        """Read a bind."""
        return bind_of(children[0])


def count_node(written: Token | Bind) -> int | Bind:
    """Give what LIMIT or OFFSET names."""
    return written if isinstance(written, Bind) else count_of(written)


def path_of(token: Token) -> Path:
    """Give the dotted name that a token is."""
    if "." not in token:
        return Path((str(token),), span_of(token))
    return Path(tuple(part.strip() for part in token.split(".")), span_of(token))


def _cover(first: Span, last: Span) -> Span:
    """Give the place from the start of one span to the end of another, within the first's line."""
    if last.line != first.line:
        return first
    return Span(first.line, first.column, max(last.column + last.length - first.column, 1))


def _operands(call: Call) -> tuple[Operand, ...]:
    for argument in call.arguments:
        check_expression(argument)
        if not isinstance(argument, Operand):
            raise BadSyntax(f"{call.name.upper()} takes fields only.", at=argument.span)
    return tuple(argument for argument in call.arguments if isinstance(argument, Operand))


def _field_group(call: Call) -> FieldGroup:
    match call.arguments:
        case (Path(names=(name,)),) if name.upper() in FIELD_GROUPS:
            return FieldGroup(name.upper(), call.span)
        case (Text(name),):
            return FieldGroup(name, call.span)
        case _:
            message = "FIELDS takes ALL, STANDARD, CUSTOM or the name of a field set in quotes."
            raise BadSyntax(message, at=call.span, hint="Write FIELDS(ALL), or FIELDS('Card').")


def check_items(items: tuple[tuple[Item, _Alias | None], ...], *, grouped: bool) -> None:
    """Refuse COUNT() beside others, and an alias of a field without AS. Raises BadSyntax."""
    for node, alias in items:
        counts_rows = isinstance(node, SelectItem) and _is_row_count(node.expression)
        if counts_rows and len(items) > 1:
            raise BadSyntax("COUNT() stands alone.", at=node.span, hint="Write COUNT(id).")
        is_path = isinstance(node, SelectItem) and isinstance(node.expression, Path)
        if alias is not None and not alias.explicit and is_path and not grouped:
            raise BadSyntax(
                f"Expected a comma or FROM, found {alias.name}.",
                at=span_of(alias.name),
                hint=f"For an alias of a field, write AS {alias.name}.",
            )


def _is_row_count(expression: Expression) -> bool:
    return isinstance(expression, Aggregate) and not expression.arguments
