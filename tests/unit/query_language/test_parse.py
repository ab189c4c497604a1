"""From text to syntax tree."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from fieldstone.errors import InvalidInput, Problem, Span
from fieldstone.query_language.parse import (
    MAX_CHARACTERS,
    parse_condition,
    parse_items,
    parse_order,
    parse_path,
    parse_query,
)
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
    DateTimeValue,
    DateValue,
    FieldGroup,
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
    RelativeDate,
    SelectItem,
    Text,
    TypeBranch,
    TypeOf,
    Value,
    Word,
)


def problem_of(parse: Callable[[str], object], text: str) -> Problem:
    """Give what is wrong with a text."""
    with pytest.raises(InvalidInput) as raised:
        parse(text)
    return raised.value.problem


def value_in(text: str) -> Value:
    """Give the value that a query compares with."""
    where = parse_query(f"SELECT a FROM b WHERE c = {text}").where
    assert isinstance(where, Comparison)
    assert not isinstance(where.right, Path | Call | Aggregate | Operation)
    return where.right


def named(*names: str) -> Path:
    """Give a path."""
    return Path(names)


def is_one(field: str) -> Comparison:
    """Give the condition field = 1."""
    return Comparison(named(field), Operator.EQUAL, Number(Decimal(1)))


def test_a_query_keeps_names_as_they_are_written() -> None:
    query = parse_query(
        "select Name, company . OWNER.name from Deal d where d.stage = 'Won' limit 5"
    )
    assert query.select == (
        SelectItem(named("Name")),
        SelectItem(named("company", "OWNER", "name")),
    )
    assert (query.source.path, query.source.alias) == (named("Deal"), "d")
    assert query.where == Comparison(named("d", "stage"), Operator.EQUAL, Text("Won"))
    assert query.limit == 5


def test_all_clauses_are_kept() -> None:
    query = parse_query(
        "SELECT stage, COUNT(id) n FROM Deal USING SCOPE mine WHERE amount > 1 WITH USER_MODE "
        "GROUP BY ROLLUP(stage) HAVING COUNT(id) > 1 ORDER BY COUNT(id) DESC NULLS LAST, stage "
        "LIMIT :size OFFSET 10 FOR VIEW UPDATE TRACKING ALL ROWS"
    )
    count = Aggregate(AggregateFunction.COUNT, (named("id"),))
    assert query.scope == "mine"
    assert query.with_clauses == (AccessMode("USER_MODE"),)
    assert query.group_by is not None
    assert query.group_by.grouping is Grouping.ROLLUP
    assert query.having == Comparison(count, Operator.GREATER, Number(Decimal(1)))
    assert query.order_by == (Order(count, True, NullsPlace.LAST), Order(named("stage")))
    assert (query.limit, query.offset) == (Bind("size"), 10)
    assert (query.purposes, query.updates, query.all_rows) == (("VIEW",), ("TRACKING",), True)


def test_keywords_may_be_names_where_they_cannot_be_keywords() -> None:
    query = parse_query(
        "SELECT Group.Limit, MIN(Order) Min FROM Group WHERE Like = 1 ORDER BY Offset"
    )
    assert query.source.path == named("Group")
    assert query.where == is_one("Like")
    assert query.order_by == (Order(named("Offset")),)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-01T10:00:00+02:00", DateTimeValue(datetime(2026, 1, 1, 8, tzinfo=UTC))),
        ("2026-01-01", DateValue(date(2026, 1, 1))),
        ("last_n_days:7", RelativeDate("LAST_N_DAYS", 7)),
        ("'2026-01-01'", Text("2026-01-01")),
        (":then", Bind("then")),
        ("/* when */ TODAY", RelativeDate("TODAY")),
    ],
)
def test_as_of_takes_an_instant(text: str, instant: Value) -> None:
    query = parse_query(f"SELECT d.name FROM Deal d AS OF {text} WHERE d.name = 'of'")

    assert (query.source.alias, query.as_of) == ("d", instant)


@pytest.mark.parametrize("rest", ["", " WHERE of.name = 'x'", " LIMIT 3", ", of.company c"])
def test_of_without_an_instant_is_an_alias(rest: str) -> None:
    query = parse_query(f"SELECT name FROM Deal AS of{rest}")

    assert (query.source.alias, query.as_of) == ("of", None)


def test_a_word_that_is_no_instant_is_explained() -> None:
    problem = problem_of(parse_query, "SELECT name FROM Deal AS OF soon")

    assert problem.hint == (
        "Behind AS OF stands an instant, such as 2026-03-18T12:00:00Z or YESTERDAY."
    )


def test_offset_without_a_number_is_an_alias() -> None:
    assert parse_query("SELECT name FROM Account OFFSET").source.alias == "OFFSET"


def test_comments_and_line_breaks_stand_anywhere_between_words() -> None:
    query = parse_query("/* a */ SELECT name // b\nFROM /* c */ Account WHERE a = 'x // y /* z */'")
    assert query.where == Comparison(named("a"), Operator.EQUAL, Text("x // y /* z */"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-12.50", Number(Decimal("-12.50"))),
        (".5", Number(Decimal("0.5"))),
        ("+1e3", Number(Decimal("1E+3"))),
        ("usd500.01", Money("USD", Decimal("500.01"))),
        ("EUR-5", Money("EUR", Decimal(-5))),
        ("true", Boolean(value=True)),
        ("FALSE", Boolean(value=False)),
        ("null", Null()),
        ("2024-02-29", DateValue(date(2024, 2, 29))),
        ("2024-02-29T12:00:00Z", DateTimeValue(datetime(2024, 2, 29, 12, tzinfo=UTC))),
        ("2024-02-29T12:00:00.000+0200", DateTimeValue(datetime(2024, 2, 29, 10, tzinfo=UTC))),
        (
            "2020-04-23T09:00:00.12345678901234567890-01:30",
            DateTimeValue(datetime(2020, 4, 23, 10, 30, 0, 123456, tzinfo=UTC)),
        ),
        ("this_month", RelativeDate("THIS_MONTH")),
        ("Last_N_Days : 30", RelativeDate("LAST_N_DAYS", 30)),
        ("n_weeks_ago:2", RelativeDate("N_WEEKS_AGO", 2)),
        (":size", Bind("size")),
        (": map . keySet( )", Bind("map.keySet()")),
        (":new Map<Id, SObject>(x).keySet()", Bind("new Map<Id,SObject>(x).keySet()")),
        (":a.b[0].c", Bind("a.b[0].c")),
    ],
)
def test_literals_are_read(text: str, value: Value) -> None:
    assert value_in(text) == value


def test_escapes_of_text_are_read() -> None:
    text = value_in(r"'\'\"\\\n\R\t\b\f\u00e9\ud83d\ude00'")
    assert isinstance(text, Text)
    assert text.value == "'\"\\\n\r\t\b\fé😀"


def test_an_escaped_wildcard_is_kept_apart_from_a_bare_one() -> None:
    text = value_in(r"'100\% of %_\_'")
    assert isinstance(text, Text)
    assert (text.pattern, text.value) == (r"100\% of %_\_", "100% of %__")


def test_negation_binds_tighter_than_and() -> None:
    where = parse_query("SELECT a FROM b WHERE NOT a = 1 AND b = 1 AND c = 1").where
    assert where == And((Not(is_one("a")), is_one("b"), is_one("c")))


def test_parentheses_shape_the_tree_and_leave_no_trace() -> None:
    where = parse_query("SELECT a FROM b WHERE ((a = 1) AND (b = 1 OR (NOT (c = 1))))").where
    assert where == And((is_one("a"), Or((is_one("b"), Not(is_one("c"))))))


def test_lists_subqueries_and_binds_stand_behind_in() -> None:
    query = parse_query(
        "SELECT a FROM b WHERE a IN ('x', null) AND b NOT IN (SELECT c FROM d) "
        "AND e INCLUDES ('p;q', 'r') AND f EXCLUDES ('s') AND g IN :ids"
    )
    assert isinstance(query.where, And)
    operators = [part.operator for part in query.where.conditions if isinstance(part, Membership)]
    assert operators == [
        ListOperator.IN,
        ListOperator.NOT_IN,
        ListOperator.INCLUDES,
        ListOperator.EXCLUDES,
        ListOperator.IN,
    ]
    assert query.where.conditions[-1] == Membership(named("g"), ListOperator.IN, Bind("ids"))


def test_select_takes_children_types_and_groups_of_fields() -> None:
    query = parse_query(
        "SELECT FIELDS(Standard), (SELECT name FROM contacts), "
        "TYPEOF what WHEN Deal THEN amount, stage ELSE name END FROM Task"
    )
    group, children, type_of = query.select
    assert group == FieldGroup("STANDARD")
    assert isinstance(children, ChildQuery)
    branch = TypeBranch("Deal", (named("amount"), named("stage")))
    assert type_of == TypeOf(named("what"), (branch,), (named("name"),))


def test_functions_nest() -> None:
    (item,) = parse_query("SELECT CALENDAR_YEAR(convertTimezone(created_at)) year FROM Deal").select
    inner = Call("convertTimezone", (named("created_at"),))
    assert item == SelectItem(Call("CALENDAR_YEAR", (inner,)), "year")


def test_a_condition_alone_may_use_bare_words_and_double_quotes() -> None:
    condition = parse_condition('budget > 100000 AND status = Active AND city = "New York"')
    assert condition == And(
        (
            Comparison(named("budget"), Operator.GREATER, Number(Decimal(100000))),
            Comparison(named("status"), Operator.EQUAL, Word("Active")),
            Comparison(named("city"), Operator.EQUAL, Text("New York")),
        )
    )


def test_an_order_alone_is_read() -> None:
    assert parse_order("amount desc, company.name") == (
        Order(named("amount"), descending=True),
        Order(named("company", "name")),
    )


def test_a_list_of_fields_alone_is_read() -> None:
    count = Aggregate(AggregateFunction.COUNT, (named("id"),))
    assert parse_items("name, COUNT(id) total") == (
        SelectItem(named("name")),
        SelectItem(count, "total"),
    )


def test_a_path_alone_may_be_any_name() -> None:
    assert parse_path(" from.select ") == named("from", "select")


def test_every_node_knows_its_place() -> None:
    query = parse_query("SELECT name\nFROM Deal\nWHERE  amount >= 10")
    assert isinstance(query.where, Comparison)
    assert query.select[0].span == Span(1, 8, 4)
    assert query.where.left.span == Span(3, 8, 6)
    assert query.where.right.span == Span(3, 18, 2)
    assert query.where.span == Span(3, 8, 12)


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("", "Expected SELECT, found the end of the query.", Span(1, 1, 1)),
        (
            "SELECT a FROM b WHERE c =",
            "Expected a value after =, found the end of the query.",
            Span(1, 26, 1),
        ),
        ("SELECT FROM b", "Expected a field after SELECT, found FROM.", Span(1, 8, 4)),
        ("SELECT a, FROM b", "Expected a field after the comma, found FROM.", Span(1, 11, 4)),
        ("SELECT a n FROM b", "Expected a comma or FROM, found n.", Span(1, 10, 1)),
        (
            "SELECT a FROM b WHERE (c = 1",
            "Expected a closing parenthesis after 1, found the end of the query.",
            Span(1, 29, 1),
        ),
        (
            "SELECT a FROM b WHERE (c = 1))",
            "This closing parenthesis closes nothing.",
            Span(1, 30, 1),
        ),
        (
            "SELECT a FROM b\nWHERE c = 1 OR d = 2 AND e = 3",
            "AND and OR are mixed without parentheses.",
            Span(2, 22, 3),
        ),
        ("SELECT a FROM b WHERE c = 'x", "This text has no closing quote.", Span(1, 27, 1)),
        ("SELECT a FROM b /* x", "This comment is not closed.", Span(1, 17, 1)),
        ("SELECT a FROM b LIMIT -1", "Expected a number after LIMIT, found -.", Span(1, 23, 1)),
        ("SELECT a FROM b WHERE c = é", "é is not a value.", Span(1, 27, 1)),
        ("SELECT a, COUNT() FROM b", "COUNT() stands alone.", Span(1, 11, 5)),
        ("SELECT a FROM b HAVING c = 1", "HAVING stands without GROUP BY.", Span(1, 24, 5)),
        ("SELECT SUM() FROM b", "SUM stands without a field.", Span(1, 8, 3)),
        (
            "SELECT FIELDS(a, c) FROM b",
            "FIELDS takes ALL, STANDARD, CUSTOM or the name of a field set in quotes.",
            Span(1, 8, 6),
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, message: str, at: Span) -> None:
    problem = problem_of(parse_query, text)
    assert (problem.code, problem.message, problem.at) == ("query.syntax", message, at)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("SELECT * FROM b", "Name the fields, or write FIELDS(ALL)."),
        ("SELECT a FROM b WHERE c == 1", "Write = to compare."),
        ("SELECT a FROM b WHERE c IS NULL", "Write = null or != null."),
        ("SELECT a FROM b WHERE c BETWEEN 1 AND 2", "Write field >= low AND field <= high."),
        ("SELECT a FROM b WHERE c = 1 && d = 2", "Write AND."),
        ("SELECT a FROM b WHERE c IN (d)", "Text stands in single quotes: 'd'."),
        ("SELECT a n FROM b", "For an alias of a field, write AS n."),
        ("SELECT a FROM b;", "Leave the semicolon out."),
    ],
)
def test_habits_of_other_languages_get_a_hint(text: str, hint: str) -> None:
    assert problem_of(parse_query, text).hint == hint


@pytest.mark.parametrize("text", ["stage = Closed Won", "stage = On-Hold"])
def test_a_bare_phrase_gets_a_hint_to_quote_it(text: str) -> None:
    hint = problem_of(parse_condition, text).hint
    assert hint == "Text that is more than one word stands in quotes."


@pytest.mark.parametrize(
    "value",
    [
        "2023-02-29",
        "2024-01-01T25:00:00Z",
        "2024-01-01T10:00:00",
        "0001-01-01T00:00:00+14:00",
        "1e999999",
        "1" * 200,
        "LAST_N_DAYS:99999999999",
        r"'\x'",
        r"'\u0000'",
        r"'\ud83d'",
        "'\0'",
        "'\ud83d'",
    ],
)
def test_values_that_do_not_exist_are_refused(value: str) -> None:
    assert problem_of(parse_query, f"SELECT a FROM b WHERE c = {value}").code == "query.syntax"


@pytest.mark.parametrize("opening", ["(", "(NOT ", "x IN (SELECT a FROM b WHERE "])
def test_deep_nesting_is_refused_before_it_costs_anything(opening: str) -> None:
    problem = problem_of(parse_query, "SELECT a FROM b WHERE " + opening * 3_000)
    assert problem.code == "query.too_deep"


def test_a_very_long_text_is_refused() -> None:
    problem = problem_of(parse_query, "SELECT " + " " * MAX_CHARACTERS)
    assert problem.code == "query.too_long"
