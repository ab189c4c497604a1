"""Hypothesis strategies for the syntax tree of queries."""

from __future__ import annotations

import re
from datetime import UTC
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from fieldstone.query_language.syntax import (
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
    DateTimeValue,
    DateValue,
    Expression,
    FieldGroup,
    GroupBy,
    Grouping,
    ListOperator,
    Membership,
    Money,
    Not,
    Null,
    NullsPlace,
    Number,
    Operand,
    Operation,
    Operator,
    Or,
    Order,
    Path,
    Query,
    RelativeDate,
    SelectItem,
    Sign,
    Source,
    Text,
    TypeBranch,
    TypeOf,
    Visibility,
)

_RESERVED = {"select", "from", "where", "not", "typeof"}
_CLAUSES = {
    *("using", "with", "group", "having", "order", "limit", "offset", "for", "update", "all"),
    *("as", "and", "or"),
}
_FUNCTIONS = ("CALENDAR_YEAR", "convertTimezone", "FORMAT", "toLabel", "DAY_ONLY")
_RELATIVE = ("TODAY", "YESTERDAY", "THIS_MONTH", "LAST_90_DAYS", "NEXT_FISCAL_QUARTER")
_COUNTED = ("LAST_N_DAYS", "NEXT_N_FISCAL_YEARS", "N_WEEKS_AGO")

names = st.from_regex(re.compile(r"[A-Za-z_]\w{0,12}", re.ASCII), fullmatch=True).filter(
    lambda name: name.lower() not in _RESERVED
)
aliases = names.filter(lambda name: name.lower() not in _CLAUSES)
paths = st.lists(names, min_size=1, max_size=3).map(lambda parts: Path(tuple(parts)))
characters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
texts = st.text(characters, max_size=12).map(lambda text: Text(text.replace("\\", r"\\")))
patterns = st.lists(
    st.one_of(
        st.sampled_from([r"\%", r"\_", r"\\", "%", "_"]), characters.filter(lambda c: c != "\\")
    )
).map(lambda parts: Text("".join(parts)))
decimals = st.decimals(min_value=-(10**20), max_value=10**20, allow_nan=False, places=6)
instants = st.datetimes(timezones=st.just(UTC)).map(DateTimeValue)
binds = paths.map(lambda path: Bind(path.text))
values = st.one_of(
    texts,
    patterns,
    decimals.map(Number),
    st.builds(Money, st.sampled_from(["USD", "EUR"]), decimals.map(lambda d: Decimal(f"{d:f}"))),
    st.booleans().map(Boolean),
    st.just(Null()),
    st.dates().map(DateValue),
    instants,
    st.sampled_from(_RELATIVE).map(RelativeDate),
    st.builds(RelativeDate, st.sampled_from(_COUNTED), st.integers(0, 9_999)),
    binds,
)
moments = st.one_of(
    *(st.dates().map(DateValue), instants, texts, binds, st.just(RelativeDate("YESTERDAY"))),
    st.builds(RelativeDate, st.sampled_from(_COUNTED), st.integers(0, 9_999)),
)
literals = st.one_of(
    *(texts, decimals.map(Number), st.booleans().map(Boolean), st.just(Null()), binds),
    *(st.dates().map(DateValue), instants),
)


def _operations(
    inner: st.SearchStrategy[Expression], signs: tuple[Sign, ...], lists: tuple[Sign, ...]
) -> st.SearchStrategy[Expression]:
    """Give operations; a number takes a sign in front of it into itself, and so has none here."""
    signed = inner.filter(lambda one: isinstance(one, Operand)).map(lambda one: (one,))
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    fronts = [
        sign for sign in (Sign.SUBTRACT, Sign.NOT) if sign is not Sign.NOT or Sign.OR in lists
    ]
    return st.one_of(
        st.builds(Operation, st.sampled_from(signs), st.tuples(inner, inner)),
        st.builds(Operation, st.sampled_from(lists), several),
        st.builds(Operation, st.sampled_from(fronts), signed),
    )


_INNER_SIGNS = tuple(sign for sign in Sign if sign not in (Sign.JOIN, Sign.AND, Sign.OR, Sign.NOT))
_ORDERINGS = tuple(one for one in Operator if one is not Operator.LIKE)
_SIGNS = (Sign.ADD, Sign.SUBTRACT, Sign.MULTIPLY, Sign.DIVIDE, Sign.POWER)
arguments: st.SearchStrategy[Expression] = st.recursive(
    paths | literals,
    lambda inner: st.one_of(
        st.builds(Call, st.sampled_from(_FUNCTIONS), inner.map(lambda x: (x,))),
        _operations(inner, _INNER_SIGNS, (Sign.JOIN, Sign.AND, Sign.OR)),
    ),
    max_leaves=3,
)
calls = (
    paths
    | st.just(Call("TODAY", ()))
    | st.builds(Call, st.sampled_from(_FUNCTIONS), arguments.map(lambda x: (x,)))
)
aggregates = st.builds(Aggregate, st.sampled_from(AggregateFunction), arguments.map(lambda x: (x,)))
operations = _operations(st.one_of(paths, calls, literals), _SIGNS, (Sign.JOIN,))
operands: st.SearchStrategy[Operand] = st.one_of(paths, calls, aggregates, operations)
_moments = st.one_of(
    st.dates().map(DateValue),
    instants,
    st.sampled_from(_RELATIVE).map(RelativeDate),
    st.just(Money("EUR", Decimal("5.50"))),
)
_next_day = names.map(lambda name: Operation(Sign.ADD, (Path((name,)), Number(Decimal(1)))))
comparisons = st.one_of(
    st.builds(Comparison, paths, st.sampled_from(_ORDERINGS), _moments | _next_day),
    st.builds(Comparison, operands, st.just(Operator.LIKE), values),
    st.builds(Comparison, calls, st.just(Operator.EQUAL), st.just(Boolean(value=True))),
    st.builds(Comparison, operands, st.sampled_from(Operator), values),
    st.builds(
        Comparison,
        operands,
        st.sampled_from(_ORDERINGS),
        operands,
    ),
)
value_lists = st.lists(values, min_size=1, max_size=4).map(tuple)


def _compound(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(And, several), st.builds(Or, several))


def conditions(subqueries: st.SearchStrategy[Query] | None = None) -> st.SearchStrategy[Condition]:
    """Give conditions, with semi-joins over the given queries."""
    rights: st.SearchStrategy[object] = st.one_of(value_lists, value_lists, binds)
    if subqueries is not None:
        rights = st.one_of(value_lists, value_lists, binds, subqueries)
    memberships = st.builds(Membership, operands, st.sampled_from(ListOperator), rights)
    return st.recursive(st.one_of(comparisons, memberships), _compound, max_leaves=4)


select_items = st.builds(
    SelectItem, operands, st.none() | names.filter(lambda n: n.lower() != "as")
)
type_ofs = st.builds(
    TypeOf,
    paths,
    st.lists(
        st.builds(TypeBranch, names, st.lists(paths, min_size=1, max_size=3).map(tuple)),
        min_size=1,
        max_size=2,
    ).map(tuple),
    st.lists(paths, max_size=2).map(tuple),
)
field_groups = st.sampled_from(["ALL", "STANDARD", "CUSTOM"]).map(FieldGroup)
sources = st.builds(Source, paths, st.none() | aliases)
access_modes = st.sampled_from(["USER_MODE", "SYSTEM_MODE", "SECURITY_ENFORCED"]).map(AccessMode)
categories = st.builds(
    CategoryFilter,
    names,
    st.sampled_from(["AT", "ABOVE", "BELOW", "ABOVE_OR_BELOW"]),
    st.lists(names, min_size=1, max_size=3).map(tuple),
)
data_categories = st.lists(categories, min_size=1, max_size=3).map(lambda f: DataCategory(tuple(f)))
one_setting = st.tuples(names, values)
visibilities = st.one_of(
    one_setting.map(lambda one: Visibility((one,))),
    st.lists(one_setting, min_size=2, max_size=3).map(tuple).map(Visibility),
)
orders = st.builds(Order, operands, st.booleans(), st.none() | st.sampled_from(NullsPlace))
groups = st.builds(
    GroupBy,
    st.lists(st.one_of(paths, calls), min_size=1, max_size=3).map(tuple),
    st.sampled_from(Grouping),
)
counts = st.none() | st.integers(0, 2**31 - 1) | binds


def _maybe(draw: st.DrawFn, what: st.SearchStrategy[Any]) -> Any:
    """Draw a clause or leave it out, each as often."""
    return draw(what) if draw(st.booleans()) else None


def _list(draw: st.DrawFn, what: st.SearchStrategy[Any], most: int) -> tuple[Any, ...]:
    """Draw a list, or none as often."""
    return tuple(draw(st.lists(what, max_size=most))) if draw(st.booleans()) else ()


@st.composite
def _queries(draw: st.DrawFn, depth: int) -> Query:
    inner = _queries(depth - 1) if depth else None
    items: list[st.SearchStrategy[Any]] = [select_items, field_groups, type_ofs]
    if inner is not None:
        items.append(inner.map(ChildQuery))
    group = _maybe(draw, groups)
    limit = draw(counts)
    return Query(
        select=tuple(draw(st.lists(st.one_of(items), min_size=1, max_size=4))),
        source=draw(sources),
        joins=_list(draw, sources, 2),
        as_of=_maybe(draw, moments),
        scope=_maybe(draw, names),
        where=_maybe(draw, conditions(inner)),
        with_clauses=_list(draw, st.one_of(access_modes, data_categories, visibilities), 2),
        group_by=group,
        having=None if group is None else _maybe(draw, conditions()),
        order_by=_list(draw, orders, 3),
        limit=limit,
        per=() if limit is None else _list(draw, operands, 2),
        offset=draw(counts),
        purposes=_list(draw, st.sampled_from(["VIEW", "REFERENCE", "UPDATE"]), 3),
        updates=_list(draw, st.sampled_from(["TRACKING", "VIEWSTAT"]), 3),
        all_rows=draw(st.booleans()),
        distinct=draw(st.booleans()),
    )


queries = _queries(depth=1)
