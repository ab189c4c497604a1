"""PostgreSQL gives the rows that a plain reading of the query gives."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.metadata.values import read_json
from fieldstone.query_language.render import render_condition, render_order
from fieldstone.query_language.syntax import (
    And,
    Boolean,
    Comparison,
    Condition,
    DateTimeValue,
    DateValue,
    ListOperator,
    Membership,
    Not,
    Null,
    NullsPlace,
    Number,
    Operand,
    Operator,
    Or,
    Order,
    Path,
    RelativeDate,
    Text,
    Value,
)
from fieldstone.runtime.queries import Question
from tests.support.query_world import NOW, World, a_world
from tests.support.servers import PostgresServer, made_database

pytestmark = pytest.mark.asyncio(loop_scope="module")

TODAY: Final = NOW.date()
TEXTS: Final = ("a", "B", "ab", "AB%", "b_c", "ü", "x" * 300, "x" * 300 + "y", "back\\slash", "'")
NUMBERS: Final = tuple(
    Decimal(text) for text in ("-1", "0", "0.1", "0.3", "2.5", "100", "12345678901.25")
)
BIG: Final = tuple(Decimal("1234567890123456789.00000") + n * Decimal("0.00001") for n in range(4))
DAYS: Final = tuple(TODAY + timedelta(days=n) for n in (-400, -40, -7, -1, 0, 1, 20))
MOMENTS: Final = tuple(
    datetime(day.year, day.month, day.day, hour, 30, tzinfo=UTC)
    for day in DAYS[2:6]
    for hour in (0, 23)
)
TAGS: Final = ("Red", "Green", "Blue")
Row = dict[str, Any]
Test = Callable[[Any], bool]


class Asked:
    """The world, and its rows as Python sees them, parents by their number."""

    def __init__(self, world: World, rows: list[Row]) -> None:
        self.world = world
        self.rows = rows


def made_rows() -> list[Row]:
    """Make rows of all kinds of values, each absent now and then; always the same ones."""
    chance = random.Random(7)

    def some(values: tuple[Any, ...]) -> Any:
        return None if chance.random() < 0.25 else chance.choice(values)

    rows = []
    for number in range(80):
        tags = tuple(tag for tag in TAGS if chance.random() < 0.4)
        rows.append(
            {
                "code": f"n{number}",
                "name": some(TEXTS),
                "number": some(NUMBERS),
                "loose": some(NUMBERS),
                "big": some(BIG),
                "done": chance.random() < 0.5,
                "tags": tags or None,
                "kind": some(("New", "On Hold", "Today")),
                "day": some(DAYS),
                "loose_day": some(DAYS),
                "moment": some(MOMENTS),
                "parent": None if number < 20 or chance.random() < 0.3 else chance.randrange(20),
            }
        )
    return rows


def sent(row: Row, ids: list[str]) -> Row:
    """Give a row as it is sent."""
    values = {name: value for name, value in row.items() if value is not None}
    for name in ("day", "loose_day", "moment"):
        if name in values:
            values[name] = values[name].isoformat()
    if "tags" in values:
        values["tags"] = list(values["tags"])
    if "parent" in values:
        values["parent"] = ids[values["parent"]]
    return values


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asked(postgres_server: PostgresServer, template_database: str) -> AsyncIterator[Asked]:
    """A world with the rows in it."""
    with made_database(postgres_server, template_database) as dsn:
        async with a_world(dsn) as world:
            rows = made_rows()
            ids = await world.create("Sample", *(sent(row, []) for row in rows[:20]))
            await world.create("Sample", *(sent(row, ids) for row in rows[20:]))
            yield Asked(world, rows)


TEXT_FIELDS: Final = ("name", "kind", "parent.name", "parent.parent.name")
NUMBER_FIELDS: Final = ("number", "loose", "big", "parent.number")
DAY_FIELDS: Final = ("day", "loose_day", "parent.day")
ORDERINGS: Final = tuple(operator for operator in Operator if operator is not Operator.LIKE)
EQUALITIES: Final = (Operator.EQUAL, Operator.NOT_EQUAL)
LISTS: Final = (ListOperator.IN, ListOperator.NOT_IN)


def path(name: str) -> Path:
    """Give a path."""
    return Path(tuple(name.split(".")))


def escaped(text: str) -> str:
    """Give a text as a pattern that matches it alone but for its wildcards."""
    return text.replace("\\", "\\\\")


texts = st.sampled_from([*TEXTS, "A", "On hold"]).map(lambda text: Text(escaped(text)))
patterns = st.lists(
    st.sampled_from(["%", "_", r"\%", r"\_", r"\\", "a", "B", "x", "o"]), max_size=4
).map(lambda parts: Text("".join(parts)))
numbers = st.sampled_from([*NUMBERS, *BIG, Decimal("0.1000000000000000000001")]).map(Number)
days = st.sampled_from(DAYS).map(DateValue)
spans = st.sampled_from(
    [RelativeDate("TODAY"), RelativeDate("THIS_WEEK"), RelativeDate("LAST_N_DAYS", 7)]
)
moments = st.sampled_from(MOMENTS).map(DateTimeValue)


def compared(
    fields: tuple[str, ...], operators: tuple[Operator, ...], values: st.SearchStrategy[Any]
) -> st.SearchStrategy[Condition]:
    """Give comparisons of fields with values, null included where it may be."""
    names = st.sampled_from(fields).map(path)
    return st.one_of(
        st.builds(Comparison, names, st.sampled_from(operators), values),
        st.builds(
            Comparison, names, st.sampled_from(EQUALITIES), st.just(Null()) | st.just(Text(""))
        ),
    )


def listed(fields: tuple[str, ...], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Condition]:
    """Give comparisons of fields with lists of values."""
    members = st.lists(st.one_of(values, st.builds(Null)), min_size=1, max_size=3).map(tuple)
    return st.builds(Membership, st.sampled_from(fields).map(path), st.sampled_from(LISTS), members)


tests = st.one_of(
    compared(TEXT_FIELDS, ORDERINGS, texts),
    st.builds(Comparison, st.sampled_from(TEXT_FIELDS).map(path), st.just(Operator.LIKE), patterns),
    listed(TEXT_FIELDS, texts),
    compared(NUMBER_FIELDS, ORDERINGS, numbers),
    listed(NUMBER_FIELDS, numbers),
    compared(DAY_FIELDS, ORDERINGS, st.one_of(days, spans)),
    listed(DAY_FIELDS, st.one_of(days, spans)),
    compared(("moment",), ORDERINGS, st.one_of(moments, days, spans)),
    listed(("moment",), st.one_of(moments, days, spans)),
    st.builds(
        Comparison, st.just(path("done")), st.sampled_from(EQUALITIES), st.booleans().map(Boolean)
    ),
    st.builds(
        Membership,
        st.just(path("tags")),
        st.sampled_from([ListOperator.INCLUDES, ListOperator.EXCLUDES]),
        st.lists(
            st.lists(st.sampled_from(TAGS), min_size=1, max_size=2, unique=True).map(
                lambda group: Text(";".join(group))
            ),
            min_size=1,
            max_size=2,
        ).map(tuple),
    ),
)
conditions = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=4,
)
orders = st.lists(
    st.builds(
        Order,
        st.sampled_from(
            ["number", "loose", "big", "name", "kind", "day", "moment", "parent.name"]
        ).map(path),
        st.booleans(),
        st.none() | st.sampled_from(NullsPlace),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda order: order.expression,
).map(tuple)


def value_of(row: Row | None, names: tuple[str, ...], rows: list[Row]) -> Any:
    """Give the value at the end of a path."""
    for name in names[:-1]:
        parent = None if row is None else row[name]
        row = None if parent is None else rows[parent]
    return None if row is None else row[names[-1]]


def comparable(value: Any) -> Any:
    """Give a value as it is compared: case of texts does not count."""
    return value.lower() if isinstance(value, str) else value


def holds(condition: Condition, row: Row, rows: list[Row]) -> bool:
    """Tell whether a condition holds for a row, read plainly."""
    match condition:
        case And(parts):
            return all(holds(part, row, rows) for part in parts)
        case Or(parts):
            return any(holds(part, row, rows) for part in parts)
        case Not(part):
            return not holds(part, row, rows)
        case Comparison(Path(names), Operator.NOT_EQUAL, right) if not isinstance(right, Operand):
            return not _equals(value_of(row, names, rows), right)
        case Comparison(Path(names), operator, right) if not isinstance(right, Operand):
            return _compares(value_of(row, names, rows), operator, right)
        case Membership(Path(names), operator, tuple() as values):
            return _is_in(value_of(row, names, rows), operator, values)
        case _:
            raise AssertionError(condition)


def _is_in(value: Any, operator: ListOperator, values: tuple[Value, ...]) -> bool:
    if operator in LISTS:
        found = any(_equals(value, one) for one in values)
        return found == (operator is ListOperator.IN)
    groups = [one.value.split(";") for one in values if isinstance(one, Text)]
    found = any(set(group) <= set(value or ()) for group in groups)
    return found == (operator is ListOperator.INCLUDES)


def _equals(value: Any, right: Value) -> bool:
    if isinstance(right, Null) or (isinstance(right, Text) and not right.value):
        return value is None
    return _compares(value, Operator.EQUAL, right)


def _compares(value: Any, operator: Operator, right: Value) -> bool:
    if isinstance(right, Null) or (isinstance(right, Text) and not right.pattern):
        return value is None and operator in (Operator.EQUAL, Operator.LIKE)
    if value is None:
        return False
    if operator is Operator.LIKE:
        assert isinstance(right, Text)
        return bool(re.fullmatch(_regular(right.pattern), value, re.IGNORECASE | re.DOTALL))
    first, behind = _span(value, right)
    here = comparable(value)
    outcomes: dict[Operator, bool] = {
        Operator.EQUAL: first <= here < behind if behind is not None else here == first,
        Operator.LESS: here < first,
        Operator.LESS_OR_EQUAL: here < behind if behind is not None else here <= first,
        Operator.GREATER: here >= behind if behind is not None else here > first,
        Operator.GREATER_OR_EQUAL: here >= first,
    }
    return outcomes[operator]


def _span(value: Any, right: Value) -> tuple[Any, Any]:
    """Give the single value that is meant, or the first and the one behind the last."""
    match right:
        case RelativeDate(name, count):
            start = {
                "TODAY": TODAY,
                "THIS_WEEK": TODAY - timedelta(days=TODAY.isoweekday() % 7),
                "LAST_N_DAYS": TODAY - timedelta(days=count or 0),
            }[name]
            behind = start + timedelta(days=7) if name == "THIS_WEEK" else TODAY + timedelta(days=1)
            return _like(value, start), _like(value, behind)
        case DateValue(day) if isinstance(value, datetime):
            return _like(value, day), _like(value, day + timedelta(days=1))
        case Text():
            return comparable(right.value), None
        case Boolean() | Number() | DateValue() | DateTimeValue():
            return right.value, None
        case _:
            raise AssertionError(right)


def _like(value: Any, day: date) -> Any:
    return (
        datetime(day.year, day.month, day.day, tzinfo=UTC) if isinstance(value, datetime) else day
    )


def _regular(pattern: str) -> str:
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return "".join(wild.get(part) or re.escape(part[-1]) for part in parts)


def in_order(rows: list[Row], every: list[Row], order_by: tuple[Order, ...]) -> list[Row]:
    """Sort rows plainly: stable, the last key first; ids rise with the rows."""
    found = list(rows)
    if order_by[-1].descending:
        found.reverse()
    for order in reversed(order_by):
        assert isinstance(order.expression, Path)
        names = order.expression.names
        there = [row for row in found if value_of(row, names, every) is not None]
        missing = [row for row in found if value_of(row, names, every) is None]
        # A stable sort that is reversed is not stable: reverse before it as well.
        if order.descending:
            there.reverse()
        there.sort(key=lambda row: _sortable(value_of(row, names, every)))
        if order.descending:
            there.reverse()
        last = order.nulls is NullsPlace.LAST
        found = [*there, *missing] if last else [*missing, *there]
    return found


def _sortable(value: Any) -> Any:
    """Give a value as it is ordered: of texts, the first 255 characters count."""
    return value.lower()[:255] if isinstance(value, str) else value


async def codes_of(world: World, text: str, size: int) -> tuple[list[str], int | None]:
    """Give the codes on all pages of a size, and the total of the first."""
    found: list[str] = []
    question: Question | None = Question.of_text(text, page_size=size)
    total = None
    while question is not None:
        page = await world.page(question)
        total = page.total if not found else total
        found.extend(_code(record) for record in page.records)
        question = None
        if page.next is not None:
            question = Question.of_text(text, page_size=size, cursor=page.next)
    return found, total


def _code(record: str) -> str:
    values = read_json(record)
    assert isinstance(values, dict)
    return str(values["code"])


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(condition=conditions)
async def test_conditions_choose_the_rows_that_a_plain_reading_chooses(
    asked: Asked, condition: Condition
) -> None:
    expected = [row["code"] for row in asked.rows if holds(condition, row, asked.rows)]

    text = f"SELECT code FROM Sample WHERE {render_condition(condition)} ORDER BY id"
    found, total = await codes_of(asked.world, text, 100)

    assert (found, total) == (expected, len(expected))


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(condition=st.none() | tests, order_by=orders, size=st.sampled_from([3, 7, 30]))
async def test_pages_follow_the_order_of_a_plain_sort(
    asked: Asked, condition: Condition | None, order_by: tuple[Order, ...], size: int
) -> None:
    chosen = [row for row in asked.rows if condition is None or holds(condition, row, asked.rows)]
    expected = [row["code"] for row in in_order(chosen, asked.rows, order_by)]

    where = "" if condition is None else f"WHERE {render_condition(condition)}"
    text = f"SELECT code FROM Sample {where} ORDER BY {render_order(order_by)}"
    found, _ = await codes_of(asked.world, text, size)

    assert found == expected
