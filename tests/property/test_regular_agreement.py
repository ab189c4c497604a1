"""Patterns of REGEX hold for the same texts in memory, in PostgreSQL and in Python's own engine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.metadata.calculation import Kind
from fieldstone.query_language.formula.typed import Apply, Constant, Shape
from fieldstone.query_language.functions.regex import Regex
from fieldstone.query_language.regular.automaton import Automaton
from fieldstone.query_language.regular.read import BadPattern, read_pattern
from tests.support.formulas import FormulaTable, field, formula_table

EXAMPLES = int(os.environ.get("FIELDSTONE_FORMULA_EXAMPLES", "24"))
LETTERS = st.sampled_from([*"aAbB01_ -.", "\n", "é", "\u2028", "😀"])
TEXTS = st.lists(st.text(LETTERS, max_size=9), min_size=8, max_size=12)
ATOMS = st.sampled_from(
    [
        *("a", "b", "A", "0", " ", "é", "😀", "-", "_", r"\.", "."),
        *(
            r"\d",
            r"\D",
            r"\w",
            r"\W",
            r"\s",
            r"\S",
            r"\p{Upper}",
            r"\P{Alpha}",
            r"\u00e9",
            r"\Qa.\E",
        ),
        *("[ab]", "[^ab]", "[a-z0-9]", r"[^\d]", r"[\w.-]", r"[^\n\u2028]", "[A-]", r"[\]^]"),
        *("^", "$", r"\b", r"\B"),
    ]
)
TIMES = st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{0,2}", "{1,}", "*?", "{0}"])
POSSESSIVE = st.sampled_from(["*+", "++", "?+", "{2}+", "{0,2}+", "{1,3}+", "{2,}+"])


WIDE = st.sampled_from(
    [
        *(
            "a",
            ".",
            r"\p{L}",
            r"\P{Lu}",
            r"\pN",
            r"[\p{L}\p{N}_]",
            r"[^\p{Ll}]",
            r"[\p{L}&&[^a-z]]",
        ),
        *("[a-z&&[^a]]", "[a-c[é😀]]", r"[\w&&\D]", r"\p{So}", r"\p{Cn}", r"\p{Z}"),
    ]
)
"""Sets that Python's own engine does not know."""


def patterns(atoms: st.SearchStrategy[str] = ATOMS) -> st.SearchStrategy[str]:
    """Give a strategy of patterns; some repeat what cannot be repeated."""
    one = st.tuples(atoms, TIMES | POSSESSIVE).map("".join)
    return st.recursive(
        one,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=4).map("".join),
            st.lists(inner, min_size=2, max_size=3).map("|".join),
            st.tuples(
                st.sampled_from(["(", "(?:", "(?<n>", "(?>"]),
                inner,
                st.just(")"),
                TIMES | POSSESSIVE,
            ).map("".join),
            st.tuples(st.sampled_from(["(?=", "(?!"]), inner, st.just(")")).map("".join),
        ),
        max_leaves=8,
    )


@pytest.fixture(scope="module")
def table(database_dsn: str) -> Iterator[FormulaTable]:
    """A table of sample rows in PostgreSQL."""
    with formula_table(database_dsn) as opened:
        yield opened


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(pattern=patterns(), in_any_case=st.booleans(), texts=TEXTS)
def test_memory_postgresql_and_python_agree(
    table: FormulaTable, pattern: str, in_any_case: bool, texts: list[str]
) -> None:
    pattern = f"(?i){pattern}" if in_any_case else pattern
    try:
        automaton = Automaton(read_pattern(pattern))
    except BadPattern:
        return
    arguments = field("t1"), Constant(pattern, Shape(Kind.TEXT))
    expression = Apply(Regex().choose(arguments), arguments, Shape(Kind.BOOLEAN))

    found = [automaton.matches(text) for text in texts]

    assert found == table.outcomes(expression, [{"t1": text} for text in texts])
    assert found == [in_python(pattern, text) for text in texts]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(pattern=patterns(WIDE), in_any_case=st.booleans(), texts=TEXTS)
def test_memory_and_postgresql_know_the_same_categories(
    table: FormulaTable, pattern: str, in_any_case: bool, texts: list[str]
) -> None:
    pattern = f"(?i){pattern}" if in_any_case else pattern
    try:
        automaton = Automaton(read_pattern(pattern))
    except BadPattern:
        return
    arguments = field("t1"), Constant(pattern, Shape(Kind.TEXT))
    expression = Apply(Regex().choose(arguments), arguments, Shape(Kind.BOOLEAN))

    found = [automaton.matches(text) for text in texts]

    assert found == table.outcomes(expression, [{"t1": text} for text in texts])


def in_python(pattern: str, text: str) -> bool:
    """Tell what Python's engine says of a pattern, written in its way."""
    pattern = re.sub(r"\(\?<n>", "(", pattern)
    pattern = pattern.replace(r"\Qa.\E", r"a\.").replace(r"\p{Upper}", PYTHON["upper"])
    pattern = pattern.replace(r"\P{Alpha}", "[^A-Za-z]").replace("$", r"\Z")
    pattern = re.sub(r"(?<!\\)\.(?![-\]])", PYTHON["dot"], pattern)
    pattern = pattern.replace(r"\B", r"(?!\b)")  # Python finds no \B in a text without characters.
    return re.fullmatch(pattern, text, re.ASCII) is not None


PYTHON = {
    "dot": r"[^\\n\\r\\x85\\u2028\\u2029]",
    "upper": "[A-Z]",
}
