"""What SQL needs more than once is worked out once, so that nesting does not double its length."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, literal_column, select

from fieldstone.query_language.formula.compile import compile_expression
from fieldstone.query_language.formula.once import is_heavy, once
from fieldstone.query_language.formula.typed import Read
from fieldstone.runtime.statements import prepare
from tests.support.formulas import FIELDS, ROWS, typed


def test_light_values_are_written_where_they_are_needed() -> None:
    light = ROWS.c.data["t1"].astext

    built = once([light], lambda value: value.concat(value))

    assert "SELECT" not in prepare(built).sql


def test_heavy_values_become_columns_of_a_row_of_their_own() -> None:
    heavy = ROWS.c.data["t1"].astext
    for _ in range(30):
        heavy = heavy.concat(literal_column("'x'"))

    built = once([heavy], lambda value: value.concat(value))

    assert is_heavy(heavy)
    assert prepare(select(built)).sql.count("data ->>") == 1


def test_a_subquery_is_heavy_be_it_small() -> None:
    assert is_heavy(select(func.count()).scalar_subquery())


@pytest.mark.parametrize(
    ("form", "inner"),
    [
        ("IFERROR(n1 / {}, n2)", "n3"),
        ("IFERROR({} / n1, n2)", "n3"),
        ("IFERROR(IFERROR({}, n1 / n2), 1 / n3)", "n1 / n3"),
        ("TEXT(VALUE({}))", "t1"),
    ],
)
def test_sql_of_what_may_fail_grows_with_its_depth_and_does_not_double(
    form: str, inner: str
) -> None:
    lengths = [length_of_sql(nested(form, times, inner)) for times in (6, 12)]

    assert lengths[1] < 2.5 * lengths[0]


def test_sql_grows_with_the_length_of_a_formula_and_not_with_powers_of_it() -> None:
    short, long = (length_of_sql("d1" + " + n1" * terms) for terms in (8, 24))

    assert long < 12 * short


def test_rows_within_rows_name_the_records_of_the_statement_around_them() -> None:
    power = typed("(((n1 ^ n2) ^ n3) ^ amount) ^ n1")
    compiled = compile_expression(power, lambda read: FIELDS[str(read.source)].sql(column(read)))

    sql = prepare(select(compiled.value).select_from(ROWS)).sql

    assert sql.count("FROM formula_row") == 1


def nested(form: str, times: int, inner: str) -> str:
    """Give a formula within itself, so many times."""
    for _ in range(times):
        inner = form.format(inner)
    return inner


def column(read: Read) -> Any:
    """Give the stored value of a field."""
    return ROWS.c.data[str(read.source)]


def length_of_sql(formula: str) -> int:
    """Give how many characters the SQL of a formula's value has."""
    compiled = compile_expression(
        typed(formula), lambda read: FIELDS[str(read.source)].sql(column(read))
    )
    return len(prepare(select(compiled.value)).sql)
