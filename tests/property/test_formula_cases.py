"""Formulas as people write them give what they should, in memory and in PostgreSQL.

Further cases are read from a folder that FIELDSTONE_FORMULA_CASES names; with -s the test says how
many there are and which of them are not right.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldstone.errors import FieldstoneError
from tests.support.formula_cases import (
    Case,
    files_of_cases,
    is_expected,
    load_cases,
    typed_of,
    value_in_memory,
    value_in_sql,
)
from tests.support.formulas import FormulaTable, formula_table

OWN = Path(__file__).parents[1] / "fixtures" / "formulas"
FURTHER = os.environ.get("FIELDSTONE_FORMULA_CASES")
FOLDERS = [OWN, *([Path(FURTHER)] if FURTHER else [])]
BY_CHOICE = ("GETSESSIONID",)
"""What gives another value here than in Salesforce, and why, says the docstring of each."""


@pytest.fixture(scope="module")
def table(database_dsn: str) -> Iterator[FormulaTable]:
    """A table of sample rows in PostgreSQL."""
    with formula_table(database_dsn) as opened:
        yield opened


@pytest.mark.parametrize("case", load_cases(OWN / "cases.jsonl"), ids=lambda one: one.formula)
def test_our_cases_are_right(table: FormulaTable, case: Case) -> None:
    assert wrong_in(case, table) is None


def test_cases_of_every_folder_are_right(table: FormulaTable) -> None:
    wrong: list[str] = []
    for file in [file for folder in FOLDERS for file in files_of_cases(folder)]:
        cases = load_cases(file)
        told = [(case.formula, wrong_in(case, table)) for case in cases]
        counts = Counter("right" if said is None else "wrong" for _, said in told)
        sys.stdout.write(f"\n{file.name}: {counts['right']} right, {counts['wrong']} wrong\n")
        wrong += [f"{formula[:200]}: {said}" for formula, said in told if said is not None]
    sys.stdout.write("".join(f"{one}\n" for one in wrong))

    assert [one for one in wrong if not any(name in one for name in BY_CHOICE)] == []


def wrong_in(case: Case, table: FormulaTable) -> str | None:
    """Say what is not right in a case."""
    try:
        expression = typed_of(case)
    except FieldstoneError as error:
        return str(error)
    in_memory = value_in_memory(case, expression)
    if in_memory != (in_sql := value_in_sql(case, expression, table)):
        return f"{in_memory!r} in memory and {in_sql!r} in PostgreSQL"
    if case.expected is not None and not is_expected(case, in_memory):
        return f"{in_memory!r} and not {case.expected['value']!r}"
    return None
