"""A formula reads as what it means however it is written, by every production of the grammar."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.query_language.formula.parse import parse_formula
from fieldstone.query_language.syntax import Expression
from tests.support.formula_texts import formulas, written
from tests.support.grammar_use import GrammarUse

thorough = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
chances = st.integers(0, 2**32).map(Random)


@thorough
@given(formula=formulas, chance=chances)
def test_a_formula_may_be_written_in_many_ways(formula: Expression, chance: Random) -> None:
    assert parse_formula(written(formula, chance)) == formula


def test_the_strategy_reaches_every_production_of_formulas() -> None:
    use = GrammarUse("formula", "start")

    @thorough
    @given(formula=formulas, chance=chances)
    def read(formula: Expression, chance: Random) -> None:
        use.read(written(formula, chance), "start")

    read()
    assert use.missing() == []
