"""Functions that make texts of texts, at their edges."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.errors import WrongArguments
from tests.support.formulas import FAILED, typed, value_of


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("MID('abc', 0, 2)", "ab"),
        ("MID('abc', -5, 1)", "a"),
        ("MID('abc', 2, -1)", ""),
        ("LEFT('abc', -1)", ""),
        ("LEFT('abc', 1.9)", "a"),
        ("RIGHT('abc', 1E+30)", "abc"),
        ("LEFT('abc', NULL)", ""),
        ("FIND('', 'abc')", Decimal(0)),
        ("FIND('a', 'aba', 2)", Decimal(3)),
        ("FIND('a', 'aba', 0)", Decimal(0)),
        ("CONTAINS('abc', NULL)", True),
        ("BEGINS(NULL, '')", True),
        ("SUBSTITUTE('abc', '', 'x')", "abc"),
        ("LPAD('', 3, 'x')", ""),
        ("LPAD('a', 3, '')", "a"),
        ("LPAD('a', 5, 'xyz')", "xyzxa"),
        ("RPAD('a', -1, 'x')", ""),
        ("ASCII('')", None),
        ("VALUE('')", None),
        ("VALUE(' -.5 ')", Decimal("-0.5")),
        ("VALUE('1e3')", Decimal(1000)),
        ("ISNUMBER('')", False),
        ("ISNUMBER('1' & BR())", True),
        ("TEXT(-0.0)", "0"),
        ("TEXT(0.50)", "0.5"),
        ("TEXT(1E+20)", "100000000000000000000"),
        ("UPPER('\u00e9\u0131\ufb01')", "\u00c9I\ufb01"),
        ("LOWER('\u0130\u03a3')", "i\u03c3"),
        ("INITCAP('o''neill-\u00e9cole (ab)')".replace("''", "\\'"), "O'Neill-\u00c9cole (Ab)"),
        ("URLENCODE('a~*(b)/\u20ac')", "a%7E*%28b%29%2F%E2%82%AC"),
        ("FORMATCURRENCY('', -0.001)", "0.00"),
        ("FORMATCURRENCY('KWD', -1234.5675)", "KWD -1,234.568"),
        ("IMAGE('/a.png', '', NULL, 5)", '<img src="/a.png" alt="" width="5"/>'),
    ],
)
def test_edges(formula: str, value: Value) -> None:
    assert value_of(formula) == value


@pytest.mark.parametrize(
    "text", ["1,5", "1 000", "0x10", "1e", "--1", "\u0661", "NaN", "1e99", "."]
)
def test_other_texts_are_no_numbers(text: str) -> None:
    assert value_of("VALUE(t1)", t1=text) == FAILED


def test_what_would_become_too_long_fails() -> None:
    assert value_of("SUBSTITUTE(t1, 'a', 'bb')", t1="a" * 130_000) == FAILED
    assert value_of("LPAD(t1, 1000000)", t1="a") == FAILED
    assert value_of("JSENCODE(t1)", t1="a" * 250_001) == FAILED


def test_the_language_of_capitals_is_a_constant() -> None:
    with pytest.raises(WrongArguments):
        typed("UPPER(t1, t2)")


def test_a_session_is_not_given_away() -> None:
    assert value_of("GETSESSIONID()") == ""
