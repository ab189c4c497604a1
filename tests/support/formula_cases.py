"""Formulas with the values that they read and the value that they give, kept as lines of JSON.

A case without an expected value only has to be read and checked; what its names mean is guessed
from how they begin, such as Date01__c.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path as File
from typing import Any, Final

from fieldstone.errors import Span
from fieldstone.metadata import calculation
from fieldstone.metadata.calculation import Calculation, Kind, Value
from fieldstone.metadata.values import Json, read_json
from fieldstone.query_language.formula.check import check
from fieldstone.query_language.formula.evaluate import evaluate
from fieldstone.query_language.formula.parse import parse_formula
from fieldstone.query_language.formula.typed import (
    Constant,
    Failed,
    FormulaFunction,
    Read,
    Shape,
    Typed,
)
from fieldstone.query_language.functions.look_up import LookUp
from fieldstone.query_language.functions.registry import FUNCTIONS
from fieldstone.query_language.syntax import Path
from tests.support.formulas import FAILED, MOMENT, ROWS, FormulaTable

KNOWN_OF_MOMENT: Final[dict[str, Json]] = {
    "now": "2026-01-15T12:00:00.000Z",
    "today": "2026-01-15",
    "time": "12:00:00.000",
    "zone": "UTC",
    "fiscal_month": Decimal(1),
}
_CALCULATIONS: Final[dict[str, Calculation]] = {
    "text": calculation.AS_TEXT,
    "number": calculation.AS_NUMBER,
    "currency": calculation.AS_CURRENCY,
    "percent": calculation.AS_PERCENT,
    "boolean": calculation.AS_BOOLEAN,
    "date": calculation.AS_DATE,
    "datetime": calculation.AS_DATETIME,
    "time": calculation.AS_TIME,
    "picklist": calculation.AS_CHOICE,
    "multi-select picklist": calculation.AS_CHOICES,
    "id": calculation.AS_ID,
    "geolocation": calculation.AS_PLACE,
}
_BEGINNINGS: Final = {
    "checkbox": "boolean",
    "multipicklist": "multi-select picklist",
    "id": "id",
    **{name: name for name in _CALCULATIONS},
}
_EXACTLY: Final = Decimal("1e-9")
"""Expected numbers are float8, written with the digits that those have."""


@dataclass(frozen=True, slots=True)
class Case:
    """A formula, what it reads, and what it gives; names: the kinds of what it reads."""

    formula: str
    names: dict[str, str]
    row: dict[str, Json]
    expected: dict[str, Any] | None

    @property
    def reads(self) -> CaseScope:
        """What its names mean."""
        return CaseScope(self.names, guesses=self.expected is None)


@dataclass(frozen=True, slots=True)
class CaseScope:
    """The names of one case; guesses: whether others mean what their beginning says."""

    names: dict[str, str]
    guesses: bool

    @property
    def functions(self) -> Mapping[str, FormulaFunction]:
        """All functions."""
        return FUNCTIONS

    def read(self, path: Path) -> Typed:
        """Give the field of a name."""
        name = path.text.lower()
        kind = self.names.get(name) or (self._guessed(path) if self.guesses else "null")
        if kind == "null":
            return Constant(None, Shape(Kind.NOTHING))
        shape = Shape(_CALCULATIONS[kind].kind)
        sized = Shape(shape.kind, 18, 8) if shape.kind.is_number else shape
        return Read((kind, name), sized)

    def look_up(self, result: Path, key: Path, at: Span) -> LookUp:
        """Give VLOOKUP of a text by a text."""
        return LookUp(result.text, Kind.TEXT, Shape(Kind.TEXT))

    def special(self, name: str, arguments: Sequence[Typed], at: Span) -> Typed | None:
        """There are no functions of rules."""
        return None

    def _guessed(self, path: Path) -> str:
        last = path.names[-1].lower()
        fitting = (one for one in _BEGINNINGS if last.startswith(one))
        return _BEGINNINGS[max(fitting, key=len, default="text")]


def load_cases(file: File) -> list[Case]:
    """Read the cases of a file."""
    return [_case(read_json(line)) for line in file.read_text("utf-8").splitlines() if line]


def _case(stored: Any) -> Case:
    inputs: dict[str, Any] = stored.get("inputs", {})
    names = {name.lower(): one["type"] for name, one in inputs.items()}
    names |= {name.lower(): kind for name, kind in stored.get("names", {}).items()}
    row = {
        name.lower(): one["value"] for name, one in inputs.items() if one["value"] not in (None, "")
    }
    return Case(stored["formula"], names, KNOWN_OF_MOMENT | row, stored.get("expected"))


def typed_of(case: Case) -> Typed:
    """Give the typed expression of a case. Raises the errors of parse_formula and check."""
    return check(parse_formula(case.formula), case.reads)


def value_in_memory(case: Case, expression: Typed) -> Value:
    """Give what a case gives in memory, FAILED where it fails."""

    def read(source: object) -> Value:
        found, name = reading_of(source)
        return found.read(case.row.get(name))

    try:
        return evaluate(expression, read)
    except Failed:
        return FAILED


def value_in_sql(case: Case, expression: Typed, table: FormulaTable) -> Value:
    """Give what a case gives in PostgreSQL, FAILED where it fails."""

    def column(read: Read) -> Any:
        found, name = reading_of(read.source)
        return found.sql(ROWS.c.data[name])

    (value,) = table.outcomes(expression, [case.row], column)
    return value


def reading_of(source: object) -> tuple[Calculation, str]:
    """Give how a Read of a case is read, and under which name."""
    if isinstance(source, tuple):
        kind, name = source
        return _CALCULATIONS[kind], name
    return MOMENT[str(source)], str(source)


def is_expected(case: Case, value: Value) -> bool:
    """Tell whether a value is the one that a case expects."""
    assert case.expected is not None
    wanted = case.expected["value"]
    if case.expected["type"] == "error":
        return value == FAILED
    if isinstance(value, Decimal):
        nearly = _EXACTLY * max(abs(value), Decimal(1))
        return wanted is not None and abs(value - Decimal(wanted)) <= nearly
    if value is None or value == "":
        return wanted in (None, "")
    if isinstance(value, datetime):
        return value == datetime.fromisoformat(wanted).replace(tzinfo=None)
    return bool(wanted == (value.isoformat() if isinstance(value, date | time) else value))


def files_of_cases(folder: File) -> Iterator[File]:
    """Give the files of cases in a folder."""
    return iter(sorted(folder.glob("*.jsonl")))
