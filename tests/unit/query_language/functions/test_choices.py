"""Choices between values: NULL fits beside any kind, also where it is all there is to choose."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from fieldstone.metadata.calculation import Kind, Value
from tests.support.formulas import FAILED, typed, value_of


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("IF(TRUE, IF(FALSE, NULL, NULL), 999)", None),
        ("IF(FALSE, IF(FALSE, NULL, NULL), 999)", Decimal(999)),
        ("IF(FALSE, CASE(1, 2, NULL, NULL), DATE(2026, 3, 18))", date(2026, 3, 18)),
        ("IF(TRUE, BLANKVALUE(NULL, NULL), 'text')", ""),
        ("IF(IF(TRUE, NULL, FALSE), 'yes', 'no')", "no"),
        ("ISOWEEK(DATETIMEVALUE('2027-01-01 10:00:00'))", Decimal(53)),
    ],
)
def test_null_takes_the_kind_of_what_stands_beside_it(formula: str, expected: Value) -> None:
    assert value_of(formula) == expected


def test_a_choice_of_null_alone_is_null() -> None:
    assert typed("IF(1 > 2, NULL, NULL)").shape.kind is Kind.NOTHING


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("ISNULL(t1)", False),
        ("ISBLANK(t1)", True),
        ("ISNULL(n1)", True),
        ("ISNULL(NULL)", True),
        ("NULLVALUE(t1, 'none')", ""),
        ("BLANKVALUE(t1, 'none')", "none"),
        ("NULLVALUE(n1, 5)", Decimal(5)),
        ("NULLVALUE(NULL, 'none')", "none"),
        ("ISNULL(TEXT(1 / 0))", FAILED),
        ("NULLVALUE(TEXT(1 / 0), 'none')", FAILED),
    ],
)
def test_a_text_is_never_null_though_it_may_be_blank(formula: str, expected: object) -> None:
    assert value_of(formula) == expected
