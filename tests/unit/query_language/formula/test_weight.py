"""Formulas whose SQL would be too long or too deep are refused before anybody asks them."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from fieldstone.query_language.formula.errors import FormulaTooLarge
from fieldstone.query_language.formula.sql_size import weigh
from fieldstone.query_language.formula.weight import check_weight
from fieldstone.runtime.statements import prepare
from tests.support.formulas import ROWS, typed

TEXT = ROWS.c.data["t1"].astext


def nested(form: str, times: int, inner: str = "t1") -> str:
    """Give a formula within itself, so many times."""
    for _ in range(times):
        inner = form.format(inner)
    return inner


def test_a_part_counts_wherever_it_stands() -> None:
    part = func.lower(TEXT)

    once, _ = weigh(func.concat(part))
    twice, _ = weigh(func.concat(part, part))

    assert twice - once == weigh(part)[0]


def test_parts_that_stand_twice_at_each_level_are_weighed_once() -> None:
    part = TEXT
    for _ in range(100):
        part = func.concat(part, part)

    assert weigh(part)[0] > 2**100


@pytest.mark.parametrize(
    "formula",
    [
        nested("SUBSTITUTE({}, '-', '')", 50),
        nested("SUBSTITUTE({}, 'a', 'bcd')", 12),
        nested("IF(CONTAINS(t1, 'a'), 'x', {})", 90),
        nested("TEXT(VALUE({}) + 1)", 4),
        nested("TEXT(VALUE({}))", 12),
        nested("IFERROR(n1 / {}, n2)", 20, "n3"),
        nested("IFERROR({} / n1, n2)", 20, "n3"),
        nested("IFERROR(IFERROR({}, n1 / n2), 1 / n3)", 8, "n1 / n3"),
        nested("{} + n1", 15, "d1"),
    ],
)
def test_what_people_write_is_light_enough(formula: str) -> None:
    check_weight(typed(formula))


@pytest.mark.parametrize(
    "formula",
    [
        nested("TRIM({})", 90),
        f"MAX({', '.join(['LEN(SUBSTITUTE(t1, t2, k1))'] * 900)})",
    ],
)
def test_what_is_too_long_or_too_deep_is_refused(formula: str) -> None:
    with pytest.raises(FormulaTooLarge):
        check_weight(typed(formula))


def test_the_deepest_formula_that_is_allowed_can_be_written_as_sql() -> None:
    part, levels = TEXT, 0
    while weigh(part)[1] < 180:
        part, levels = func.btrim(part), levels + 1

    assert prepare(select(part)).sql.count("btrim(") == levels
