"""Hypothesis strategies for queries over nodes and leaves: what deals and companies do not have."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

from fieldstone.query_language.syntax import (
    AccessMode,
    Aggregate,
    AggregateFunction,
    And,
    Bind,
    Boolean,
    Call,
    ChildQuery,
    Comparison,
    Condition,
    DateTimeValue,
    DateValue,
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
)
from tests.support.naive_comparisons import DAYS

_ORDERINGS: Final = tuple(one for one in Operator if one is not Operator.LIKE)
_EQUALITIES: Final = (Operator.EQUAL, Operator.NOT_EQUAL)


def _path(*names: str) -> Path:
    return Path(tuple(name for part in names for name in part.split(".")))


def _one_of(*names: str) -> st.SearchStrategy[Path]:
    return st.sampled_from([_path(name) for name in names])


def _parents(*names: str) -> st.SearchStrategy[Path]:
    """Give fields of a node, and of the nodes above it."""
    steps = st.sampled_from(
        ["", "parent.", "parent.parent.", "parent.parent.parent.parent.parent."]
    )
    return st.builds(lambda step, name: _path(step + name), steps, st.sampled_from(names))


def _call(name: str, *arguments: Any) -> Call:
    return Call(name, arguments)


texts = _parents("title", "code", "kind")
about = st.just(_path("about.title"))
notes = _parents("notes")
numbers = _parents("size", "loose", "amount", "share")
days = _parents("day")
moments = _parents("moment")
truths = _parents("done")
labels = _parents("kind").map(lambda path: _call("toLabel", path))
types = st.just(_path("about.type"))
_PARTS: Final = (
    *("CALENDAR_YEAR", "CALENDAR_MONTH", "CALENDAR_QUARTER", "FISCAL_YEAR", "FISCAL_QUARTER"),
    *("DAY_IN_MONTH", "DAY_IN_WEEK", "DAY_IN_YEAR", "WEEK_IN_MONTH", "WEEK_IN_YEAR"),
)
clocks = moments | moments.map(lambda path: _call("convertTimezone", path))
parts = st.one_of(
    st.builds(_call, st.sampled_from(_PARTS), days | clocks),
    clocks.map(lambda clock: _call("HOUR_IN_DAY", clock)),
)
made_days = clocks.map(lambda clock: _call("DAY_ONLY", clock)) | moments.map(
    lambda path: _call("DATEVALUE", path)
)
_HERE: Final = _call("GEOLOCATION", Number(Decimal("52.5")), Number(Decimal("-13.4")))
distances = st.builds(
    lambda path, unit: _call("DISTANCE", path, _HERE, Text(unit)),
    _parents("place"),
    st.sampled_from(["km", "mi"]),
)
sums = st.builds(
    lambda left, right, sign: Operation(sign, (left, right)),
    numbers,
    numbers | st.sampled_from(["2", "0", "-0.5"]).map(lambda text: Number(Decimal(text))),
    st.sampled_from([Sign.ADD, Sign.SUBTRACT, Sign.MULTIPLY, Sign.DIVIDE]),
)
money = st.just(_call("convertCurrency", _path("amount")))
some_types = st.sampled_from([Text("Node__c"), Text("leaf__C")])
some_texts = st.sampled_from(["A", "ab", "ü", "50%", "new", "Fresh", "x" * 300]).map(Text)
some_numbers = st.sampled_from(["-1", "0", "0.1", "2.5", "25", "100", "9000"]).map(
    lambda text: Number(Decimal(text))
)
some_money = st.sampled_from(["USD0", "USD2.50", "USD-1"]).map(
    lambda text: Money("USD", Decimal(text[3:]), text)
)
some_days = st.one_of(
    st.sampled_from([date(2026, 3, 17), date(2026, 1, 1), date(2024, 2, 29)]).map(DateValue),
    st.sampled_from(sorted(DAYS, key=repr)),
)
some_moments = some_days | st.sampled_from(
    [
        DateTimeValue(datetime(2026, 3, 18, 4, tzinfo=UTC)),
        DateTimeValue(datetime(2026, 3, 18, 3, 59, 59, 999_000, tzinfo=UTC)),
        DateTimeValue(datetime(2026, 1, 1, 4, 30, tzinfo=UTC)),
    ]
)
patterns = st.lists(st.sampled_from(["%", "_", r"\%", "a", "B", "5"]), max_size=3).map(
    lambda found: Text("".join(found))
)


def _tested(left: st.SearchStrategy[Any], values: st.SearchStrategy[Any]) -> Any:
    listed = st.lists(values | st.just(Null()), min_size=1, max_size=3).map(tuple)
    inside = st.sampled_from([ListOperator.IN, ListOperator.NOT_IN])
    return st.one_of(
        st.builds(Comparison, left, st.sampled_from(_ORDERINGS), values),
        st.builds(Comparison, left, st.sampled_from(_EQUALITIES), st.just(Null())),
        st.builds(Comparison, left, st.sampled_from(_ORDERINGS), left),
        st.builds(Membership, left, inside, listed),
    )


_picked = st.lists(
    st.sampled_from(["Red", "green", "Red;Blue", "Blue;Green;Red"]).map(Text),
    min_size=1,
    max_size=2,
).map(tuple)
_simple: st.SearchStrategy[Condition] = st.one_of(
    _tested(texts, some_texts),
    _tested(labels, some_texts),
    st.builds(Comparison, types, st.sampled_from(_EQUALITIES), some_types | st.just(Null())),
    st.builds(
        Membership,
        types,
        st.sampled_from([ListOperator.IN, ListOperator.NOT_IN]),
        st.lists(some_types, min_size=1, max_size=2).map(tuple),
    ),
    _tested(numbers | sums | parts | distances, some_numbers),
    _tested(st.just(_path("amount")) | money, some_money),
    _tested(days | made_days, some_days),
    _tested(moments, some_moments),
    st.builds(
        Comparison, truths, st.sampled_from(_EQUALITIES), st.booleans().map(lambda b: Boolean(b))
    ),
    st.builds(Comparison, texts | labels | about | notes, st.just(Operator.LIKE), patterns),
    st.builds(Comparison, about, st.sampled_from(_ORDERINGS), some_texts),
    st.builds(Comparison, notes, st.sampled_from(_EQUALITIES), st.just(Null())),
    st.builds(
        Membership,
        st.just(_path("tags")),
        st.sampled_from([ListOperator.INCLUDES, ListOperator.EXCLUDES]),
        _picked,
    ),
)


# Named by functions: what Hypothesis writes of a strategy would be as long as all its parts.
@st.composite
def _a_test(draw: st.DrawFn) -> Condition:
    return draw(_simple)


simple = _a_test()


def _some(column: str, name: str, where: st.SearchStrategy[Condition]) -> Any:
    return st.builds(
        Query,
        st.just((SelectItem(_path(column)),)),
        st.just(Source(_path(name))),
        where=st.none() | where,
    )


leaf_tests: st.SearchStrategy[Condition] = st.one_of(
    _tested(_one_of("title", "node.title", "node.parent.code"), some_texts),
    _tested(_one_of("weight", "node.size"), some_numbers),
)


def _joins(where: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    inside = st.sampled_from([ListOperator.IN, ListOperator.NOT_IN])
    return st.one_of(
        st.builds(
            Membership,
            _one_of("id", "parent", "parent.parent"),
            inside,
            st.one_of(
                _some("id", "Node__c", where),
                _some("parent", "Node__c", where),
                _some("node", "Leaf__c", leaf_tests),
                _some("node.parent", "Leaf__c", leaf_tests),
            ),
        ),
        st.builds(Membership, _one_of("title"), inside, _some("title", "Leaf__c", leaf_tests)),
    )


def _compound(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(And, several), st.builds(Or, several))


_single = st.one_of(simple, simple, _joins(simple | _joins(simple)))
_several = st.one_of(_single, st.recursive(_single, _compound, max_leaves=4))


@st.composite
def _a_condition(draw: st.DrawFn) -> Condition:
    return draw(_several)


conditions = _a_condition()
shown = st.one_of(
    *(texts, numbers, days, moments, truths, parts, made_days, distances, sums, types, about),
    notes,
    *(_one_of("tags", "place", "parent", "about", "parent.place"), labels, money),
)
keys = st.one_of(texts, numbers, days, moments, truths, parts, made_days, distances, sums, labels)


def _orders(over: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Order, ...]]:
    one = st.builds(Order, over, st.booleans(), st.none() | st.sampled_from(list(NullsPlace)))
    return st.lists(one, max_size=2, unique_by=lambda order: repr(order.expression)).map(tuple)


_type_of = st.builds(
    TypeOf,
    st.just(_path("about")),
    st.sampled_from(
        [
            (TypeBranch("Node__c", (_path("title"), _path("parent.size"))),),
            (TypeBranch("Leaf__c", (_path("weight"), _path("node.title"))),),
            (
                TypeBranch("Leaf__c", (_path("title"),)),
                TypeBranch("Node__c", (_path("code"), _path("day"))),
            ),
        ]
    ),
    st.sampled_from([(), (_path("title"),)]),
)


def _key(item: Any) -> object:
    """Give what two items of one list must not share, as two columns of one name."""
    expression = item.expression if isinstance(item, SelectItem) else item
    while isinstance(expression, Call) and expression.name in ("toLabel", "convertCurrency"):
        expression = expression.arguments[0]
    return repr(expression)


@st.composite
def _items(draw: st.DrawFn, depth: int) -> tuple[Any, ...]:
    found: list[Any] = draw(st.lists(shown.map(SelectItem), min_size=1, max_size=3, unique_by=_key))
    if not draw(st.integers(0, 3)) and not any("about" in repr(item) for item in found):
        found.append(draw(_type_of))
    if depth and draw(st.booleans()):
        names = draw(
            st.lists(st.sampled_from(["parts", "fans", "leaves"]), max_size=2, unique=True)
        )
        found.extend(ChildQuery(draw(_children(name, depth - 1))) for name in names)
    return tuple(found)


@st.composite
def _children(draw: st.DrawFn, name: str, depth: int) -> Query:
    leaves = name == "leaves"
    order = _orders(_one_of("title", "weight", "node.size")) if leaves else _orders(keys)
    return Query(
        select=(SelectItem(_path("title")),) if leaves else draw(_items(depth)),
        source=Source(_path(name)),
        where=draw(st.none() | (leaf_tests if leaves else simple)),
        order_by=draw(order),
        limit=draw(st.none() | st.integers(0, 2)),
    )


@st.composite
def _records(draw: st.DrawFn) -> Query:
    per = tuple(draw(st.lists(keys, max_size=2))) if not draw(st.integers(0, 3)) else ()
    most = st.integers(0, 3)
    return Query(
        select=draw(_items(2)),
        source=Source(_path("Node__c")),
        where=draw(st.none() | conditions),
        with_clauses=draw(st.sampled_from([(), (AccessMode("USER_MODE"),)])),
        scope=draw(st.sampled_from([None, None, "everything"])),
        order_by=draw(_orders(keys)),
        limit=draw(most) if per else draw(st.none() | most),
        per=per,
        offset=draw(st.none() | st.integers(0, 2)),
        purposes=draw(st.sampled_from([(), ("VIEW",), ("VIEW", "REFERENCE")])),
    )


@st.composite
def _wholes(draw: st.DrawFn) -> Query:
    """Give queries for all fields of records."""
    return Query(
        select=(FieldGroup("CUSTOM"),),
        source=Source(_path("Node__c")),
        where=draw(st.none() | conditions),
        order_by=draw(_orders(keys)),
    )


@st.composite
def _leaves(draw: st.DrawFn) -> Query:
    """Give queries for leaves, also for those in the bin."""
    over = _one_of("title", "weight", "node.title", "node.day")
    return Query(
        select=tuple(SelectItem(path) for path in draw(st.lists(over, min_size=1, unique=True))),
        source=Source(_path("Leaf__c")),
        where=draw(st.none() | leaf_tests),
        order_by=draw(_orders(over)),
        all_rows=draw(st.booleans()),
    )


_totals = st.one_of(
    st.builds(
        Aggregate,
        st.sampled_from([AggregateFunction.COUNT, AggregateFunction.COUNT_DISTINCT]),
        (texts | numbers | days | moments | parts).map(lambda one: (one,)),
    ),
    st.builds(
        Aggregate,
        st.sampled_from([AggregateFunction.SUM, AggregateFunction.AVG]),
        (_one_of("size", "loose", "amount", "parent.size") | parts).map(lambda one: (one,)),
    ),
    st.builds(
        Aggregate,
        st.sampled_from([AggregateFunction.MIN, AggregateFunction.MAX]),
        (days | moments | _one_of("size", "loose", "amount")).map(lambda one: (one,)),
    ),
)
_TESTED: Final = (AggregateFunction.COUNT, AggregateFunction.COUNT_DISTINCT)


@st.composite
def _groups(draw: st.DrawFn) -> Query:
    over = draw(st.lists(keys, min_size=1, max_size=3, unique_by=repr))
    named = [SelectItem(key, f"k{number}") for number, key in enumerate(over)]
    totals = draw(st.lists(_totals, min_size=1, max_size=2))
    grouping: Grouping = draw(st.sampled_from(list(Grouping)))
    if grouping is not Grouping.PLAIN:
        totals.append(Aggregate(AggregateFunction.GROUPING, (over[-1],)))
    counted = [one for one in totals if one.function in _TESTED]
    having: Any = None
    tested: bool = draw(st.booleans())
    if counted and tested:
        sizes = st.sampled_from([Number(Decimal(n)) for n in (0, 1, 2)])
        one = st.builds(Comparison, st.sampled_from(counted), st.sampled_from(_ORDERINGS), sizes)
        having = draw(one | _compound(one))
    return Query(
        select=(*named, *(SelectItem(one, f"a{number}") for number, one in enumerate(totals))),
        source=Source(_path("Node__c")),
        where=draw(st.none() | conditions),
        group_by=GroupBy(tuple(over), grouping),
        having=having,
        order_by=draw(_orders(st.sampled_from([*over, *totals]))),
        limit=draw(st.none() | st.integers(0, 4)),
        offset=draw(st.none() | st.integers(0, 2)),
    )


node_queries = st.one_of(_records(), _records(), _wholes(), _leaves(), _groups())


# The same query, written otherwise


def _mapped(node: Any, change: Any) -> Any:
    """Give a tree in which every node is what change makes of it; subqueries stay as they are."""
    if isinstance(node, tuple):
        return tuple(_mapped(part, change) for part in node)
    if not is_dataclass(node) or isinstance(node, Query | TypeOf | type):
        return node
    parts = {one.name: _mapped(getattr(node, one.name), change) for one in fields(node)}
    return change(replace(node, **parts))


def _each(query: Query, change: Any) -> Query:
    parts = {
        one.name: _mapped(getattr(query, one.name), change)
        for one in fields(query)
        if one.name not in ("source", "joins", "span")
    }
    return replace(query, **parts)


def with_aliases(query: Query) -> Query:
    """Give a query whose own names stand behind aliases of FROM."""

    def change(node: Any) -> Any:
        match node:
            case Path(("parent", _, *_) as names):
                return Path(("p", *names[1:]))
            case Path(names):
                return Path(("n", *names))
            case _:
                return node

    assert query.source.alias is None
    joined = Source(_path("n.parent"), "p")
    found = _each(query, change)
    return replace(found, source=Source(query.source.path, "n"), joins=(joined,))


def with_binds(query: Query) -> tuple[Query, dict[str, Any]]:
    """Give a query whose texts and numbers come as parameters, and those."""
    params: dict[str, Any] = {}

    def bound(value: Any) -> Bind:
        name = f"v{len(params)}"
        params[name] = None if isinstance(value, Null) else value.value
        return Bind(name)

    def change(node: Any) -> Any:
        match node:
            case Comparison(_, operator, (Text() | Number() | Boolean() | Null()) as right):
                if operator is not Operator.LIKE:
                    return replace(node, right=bound(right))
            case Membership(right=tuple() as members) if all(
                isinstance(one, Text | Number | Boolean | Null) for one in members
            ):
                params[f"v{len(params)}"] = [
                    None if isinstance(one, Null) else one.value for one in members
                ]
                return replace(node, right=Bind(f"v{len(params) - 1}"))
        return node

    return _each(query, change), params
