"""Hypothesis strategies for queries over deals and companies that use the whole language."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

from fieldstone.query_language.syntax import (
    Aggregate,
    AggregateFunction,
    And,
    Call,
    ChildQuery,
    Comparison,
    Condition,
    DateValue,
    Expression,
    GroupBy,
    Grouping,
    ListOperator,
    Membership,
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
    SelectItem,
    Sign,
    Source,
    Text,
)

_ORDERINGS: Final = tuple(one for one in Operator if one is not Operator.LIKE)
_SIGN_ORDERINGS: Final = (Sign.LESS, Sign.LESS_OR_EQUAL, Sign.GREATER, Sign.GREATER_OR_EQUAL)
_COMPARES: Final = (*_SIGN_ORDERINGS, Sign.EQUAL, Sign.NOT_EQUAL)


def _paths(*names: str) -> st.SearchStrategy[Path]:
    return st.sampled_from([Path(tuple(name.split("."))) for name in names])


text_paths = _paths("name", "next_step", "stage", "company.name", "company.industry")
number_paths = _paths("value", "probability", "company.employees")
day_paths = _paths("close_date")
texts = st.sampled_from(["", "a", "AB", "ab%", "b_c", "ü", "Lead", "zz"]).map(Text)
patterns = st.lists(st.sampled_from(["%", "_", r"\%", "a", "B", "L"]), max_size=3).map(
    lambda parts: Text("".join(parts))
)
numbers = st.sampled_from(["-1", "0", "0.25", "2.5", "25", "100"]).map(
    lambda text: Number(Decimal(text))
)
days = st.sampled_from([date(2026, 1, 1), date(2026, 3, 18), date(2024, 2, 29)]).map(DateValue)


def _call(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Call]:
    return st.tuples(*arguments).map(lambda parts: Call(name, parts))


def _pair(
    signs: tuple[Sign, ...], left: st.SearchStrategy[Any], right: st.SearchStrategy[Any]
) -> st.SearchStrategy[Operation]:
    return st.builds(Operation, st.sampled_from(signs), st.tuples(left, right))


def _tests(
    number: st.SearchStrategy[Any], text: st.SearchStrategy[Any]
) -> st.SearchStrategy[Expression]:
    one = st.one_of(
        _pair(_COMPARES, number, number),
        _pair(_COMPARES, text, text),
        _call("ISBLANK", st.one_of(number_paths, text_paths, day_paths)),
    )
    return st.one_of(
        one,
        _pair((Sign.AND, Sign.OR), one, one),
        _call("NOT", one),
        one.map(lambda test: Operation(Sign.NOT, (test,))),
    )


small_numbers: st.SearchStrategy[Expression] = st.one_of(
    number_paths, numbers, _call("LEN", text_paths), _call("CALENDAR_YEAR", day_paths)
)
small_texts: st.SearchStrategy[Expression] = st.one_of(
    text_paths,
    st.sampled_from(["a", "B"]).map(Text),
    _call("UPPER", text_paths),
    _call("LEFT", text_paths, st.just(Number(Decimal(1)))),
)
tests_within = _tests(small_numbers, small_texts)
number_expressions: st.SearchStrategy[Any] = st.one_of(
    _pair((Sign.ADD, Sign.SUBTRACT, Sign.MULTIPLY, Sign.DIVIDE), number_paths, small_numbers),
    number_paths.map(lambda path: Operation(Sign.SUBTRACT, (path,))),
    _call("LEN", small_texts),
    _call("CALENDAR_YEAR", day_paths),
    _call("IF", tests_within, number_paths, numbers),
    _call("BLANKVALUE", number_paths, numbers),
)
text_expressions: st.SearchStrategy[Any] = st.one_of(
    _pair((Sign.JOIN,), text_paths, small_texts),
    _call("UPPER", small_texts),
    _call("IF", tests_within, small_texts, small_texts),
    _call("BLANKVALUE", text_paths, small_texts),
)
day_expressions = _pair((Sign.ADD, Sign.SUBTRACT), day_paths, st.just(Number(Decimal(31))))
# A constant in an expression is known beforehand; at least a field makes it one of the record.
operands: st.SearchStrategy[Operand] = st.one_of(
    *(text_paths, number_paths, day_paths),
    *(text_expressions, number_expressions, day_expressions),
)


def _compared(
    paths: st.SearchStrategy[Any], expressions: st.SearchStrategy[Any], values: Any
) -> st.SearchStrategy[Condition]:
    left = st.one_of(paths, expressions)
    constants = st.builds(Comparison, left, st.sampled_from(_ORDERINGS), values)
    nulls = st.builds(
        Comparison,
        left,
        st.sampled_from([Operator.EQUAL, Operator.NOT_EQUAL]),
        st.just(Null()),
    )
    against = st.builds(
        Comparison, left, st.sampled_from(_ORDERINGS), st.one_of(paths, expressions)
    )
    members = st.lists(values | st.just(Null()), min_size=1, max_size=3).map(tuple)
    listed = st.builds(
        Membership, left, st.sampled_from([ListOperator.IN, ListOperator.NOT_IN]), members
    )
    return st.one_of(constants, nulls, against, listed)


some_texts = texts.filter(lambda text: bool(text.value))
simple = st.one_of(
    _compared(text_paths, text_expressions, some_texts),
    _compared(number_paths, number_expressions, numbers),
    _compared(day_paths, day_expressions, days),
    st.builds(Comparison, text_paths, st.just(Operator.LIKE), patterns),
)


def _joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(And, several), st.builds(Or, several))


company_tests: st.SearchStrategy[Condition] = st.one_of(
    st.builds(
        Comparison,
        _paths("employees"),
        st.sampled_from([Operator.LESS, Operator.GREATER_OR_EQUAL]),
        numbers,
    ),
    st.builds(Comparison, _paths("industry"), st.just(Operator.NOT_EQUAL), st.just(Text("retail"))),
)
companies = st.builds(
    Query,
    st.just((SelectItem(Path(("id",))),)),
    st.just(Source(Path(("Company",)))),
    where=st.none() | company_tests,
)
semi_joins = st.builds(
    Membership,
    _paths("company"),
    st.sampled_from([ListOperator.IN, ListOperator.NOT_IN]),
    companies,
)

_one_condition = st.one_of(simple, semi_joins)
conditions = st.deferred(lambda: st.one_of(_one_condition, _joined(_one_condition)))
aggregates: st.SearchStrategy[Any] = st.one_of(
    st.builds(
        Aggregate,
        st.sampled_from([AggregateFunction.COUNT, AggregateFunction.COUNT_DISTINCT]),
        st.one_of(operands).map(lambda one: (one,)),
    ),
    st.builds(
        Aggregate,
        st.sampled_from([AggregateFunction.SUM, AggregateFunction.AVG]),
        _paths("value", "company.employees").map(lambda one: (one,))
        | number_expressions.map(lambda one: (one,)),
    ),
    st.builds(
        Aggregate,
        st.sampled_from([AggregateFunction.MIN, AggregateFunction.MAX]),
        st.one_of(number_paths, day_paths, text_paths, text_expressions).map(lambda one: (one,)),
    ),
)


sums = st.builds(
    Aggregate,
    st.sampled_from([AggregateFunction.SUM, AggregateFunction.AVG, AggregateFunction.MAX]),
    _paths("value", "company.employees").map(lambda one: (one,)),
)
counts = st.builds(Aggregate, st.just(AggregateFunction.COUNT), operands.map(lambda one: (one,)))
quotients = _pair((Sign.ADD, Sign.SUBTRACT, Sign.MULTIPLY, Sign.DIVIDE), sums, counts | numbers)


def _orders(expressions: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[tuple[Order, ...]]:
    one = st.builds(
        Order, expressions, st.booleans(), st.none() | st.sampled_from(list(NullsPlace))
    )
    return st.lists(one, max_size=most, unique_by=lambda order: repr(order.expression)).map(tuple)


limits = st.none() | st.integers(0, 5)
offsets = st.none() | st.integers(0, 3)
_DEAL = Source(Path(("Deal",)))


@st.composite
def _records(draw: st.DrawFn) -> Query:
    items: list[Any] = [SelectItem(draw(one)) for one in [operands] * draw(st.integers(1, 3))]
    per = tuple(draw(st.lists(operands, min_size=1, max_size=2))) if draw(st.booleans()) else ()
    return Query(
        select=tuple(items),
        source=_DEAL,
        where=draw(st.none() | conditions),
        order_by=draw(_orders(operands, 2)),
        limit=draw(st.integers(0, 3)) if per else draw(limits),
        per=per,
        offset=draw(offsets),
    )


@st.composite
def _parents(draw: st.DrawFn) -> Query:
    below = Query(
        select=(SelectItem(Path(("name",))), SelectItem(draw(operands), "x")),
        source=Source(Path(("deals",))),
        where=draw(st.none() | simple),
        order_by=draw(_orders(operands, 1)),
        limit=draw(limits),
    )
    return Query(
        select=(SelectItem(Path(("name",))), ChildQuery(below)),
        source=Source(Path(("Company",))),
        where=draw(st.none() | company_tests),
    )


@st.composite
def _groups(draw: st.DrawFn) -> Query:
    keys = draw(st.lists(operands, min_size=1, max_size=2, unique_by=repr))
    named = [SelectItem(key, f"k{number}") for number, key in enumerate(keys)]
    if draw(st.booleans()) and draw(st.booleans()):
        return Query(
            select=tuple(named),
            source=_DEAL,
            where=draw(st.none() | simple),
            order_by=draw(_orders(st.sampled_from(keys), 1)),
            distinct=True,
        )
    totals: list[Any] = draw(st.lists(aggregates | quotients, min_size=1, max_size=2))
    grouping: Grouping = draw(st.sampled_from(list(Grouping)))
    if grouping is not Grouping.PLAIN:
        totals = [*totals, Aggregate(AggregateFunction.GROUPING, (keys[0],))]
    known = (AggregateFunction.SUM, AggregateFunction.COUNT)
    tested = [one for one in totals if isinstance(one, Operation) or one.function in known]
    having = None
    chosen: bool = draw(st.booleans())
    if tested and chosen:
        operator: Operator = draw(st.sampled_from([Operator.GREATER, Operator.LESS_OR_EQUAL]))
        having = Comparison(tested[0], operator, draw(numbers))
    return Query(
        select=(*named, *(SelectItem(one, f"a{number}") for number, one in enumerate(totals))),
        source=_DEAL,
        where=draw(st.none() | simple),
        group_by=GroupBy(tuple(keys), grouping),
        having=having,
        order_by=draw(_orders(st.sampled_from([*keys, *totals]), 2)),
        limit=draw(limits),
        offset=draw(offsets),
    )


@st.composite
def _wholes(draw: st.DrawFn) -> Query:
    """Give queries of one group, without GROUP BY."""
    totals = draw(st.lists(aggregates | quotients, min_size=1, max_size=3))
    return Query(
        select=tuple(SelectItem(one) for one in totals),
        source=_DEAL,
        where=draw(st.none() | simple),
    )


whole_queries = st.one_of(_records(), _records(), _parents(), _groups(), _wholes())
