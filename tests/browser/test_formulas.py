"""Formulas have the same outcome in a browser as on the server, failures included."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from fieldstone.errors import FieldstoneError
from fieldstone.metadata.calculation import Calculation, Kind, Value
from fieldstone.metadata.values import Json
from fieldstone.query_language.formula.browser_form import json_of
from fieldstone.query_language.formula.check import check
from fieldstone.query_language.formula.parse import parse_formula
from fieldstone.query_language.formula.typed import Apply, Constant, Read, Shape, Typed
from fieldstone.query_language.functions.function import Function
from fieldstone.query_language.functions.registry import FUNCTIONS
from fieldstone.query_language.syntax import Boolean, Call, Expression, Number, Operation, Text
from fieldstone.query_language.syntax import Path as Name
from tests.support.browser_formulas import NOT_HERE, as_told, in_browser, row_for_browser
from tests.support.formula_cases import (
    files_of_cases,
    load_cases,
    reading_of,
    typed_of,
    value_in_memory,
)
from tests.support.formulas import (
    FIELDS,
    MOMENT,
    SampleScope,
    draw_application,
    expressions,
    forms,
    in_memory,
    sample_rows,
)

CASES: Final = Path(__file__).parents[1] / "fixtures" / "formulas" / "cases.jsonl"
FURTHER: Final = os.environ.get("FIELDSTONE_FORMULA_CASES")
KINDS: Final = (Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, Kind.DATE, Kind.DATETIME, Kind.TIME)
READABLE: Final = FIELDS | MOMENT
ONLY_ON_THE_SERVER: Final = frozenset(
    {
        *("EXP", "LN", "LOG", "RAND", "REGEX", "DISTANCE", "HYPERLINK", "IMAGE"),
        *("LINKTO", "URLFOR", "CURRENCYRATE"),
        *("ACOS", "ASIN", "ATAN", "ATAN2", "COS", "SIN", "TAN", "PI"),
    }
)
"""What is not exact in browsers, HTML and addresses, rates, and patterns, read otherwise there."""
PARTLY_ON_THE_SERVER: Final = ONLY_ON_THE_SERVER | {"^"}
"""With what browsers know of whole numbers alone."""
EXAMPLES: Final = int(os.environ.get("FIELDSTONE_FORMULA_EXAMPLES") or "16")
thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="FIELDSTONE_FORMULA_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
Outcomes = Callable[[Typed, Sequence[dict[str, Json]]], list[Json]]


@pytest.fixture(scope="module")
def outcomes(chromium: Browser, site: str) -> Iterator[Outcomes]:
    """What gives the outcomes of expressions in Chromium."""
    page: Page = chromium.new_page(base_url=site)
    page.goto("/admin")
    script = page.locator("script[type=module]").get_attribute("src")
    assert script is not None
    address = script.replace("main.js", "formula")
    yield lambda expression, rows: in_browser(page, address, expression, rows)
    page.close()


@pytest.mark.parametrize("kind", KINDS)
@thorough
@given(data=st.data())
def test_browser_and_server_agree(outcomes: Outcomes, kind: Kind, data: st.DataObject) -> None:
    expression = data.draw(expressions(kind))
    rows = data.draw(sample_rows())

    found = outcomes(expression, [row_for_browser(row, READABLE) for row in rows])

    assert differences(found, [in_memory(expression, row) for row in rows]) == []


@pytest.mark.parametrize(
    "function",
    [one for one in forms() if one.name not in ONLY_ON_THE_SERVER],
    ids=lambda one: f"{one.name} {type(one).__name__}",
)
@settings(thorough, max_examples=max(EXAMPLES // 4, 4))
@given(data=st.data())
def test_each_function_agrees(outcomes: Outcomes, function: Function, data: st.DataObject) -> None:
    made = data.draw(applications(function))
    rows = data.draw(sample_rows())
    if made is None:
        return

    found = outcomes(made, [row_for_browser(row, READABLE) for row in rows])

    assert differences(found, [in_memory(made, row) for row in rows]) == []


@st.composite
def applications(draw: st.DrawFn, function: Function) -> Typed | None:
    """Draw a use of a function over fields and constants."""
    return draw_application(draw, function, draw(st.sampled_from(KINDS)), 1)


@pytest.mark.parametrize(
    ("name", "formula", "value"),
    [(one.name, *example) for one in FUNCTIONS.values() for example in one.examples],
)
def test_examples_of_functions_are_true(
    outcomes: Outcomes, name: str, formula: str, value: str
) -> None:
    for expression, row in unfolded(formula):
        (found,) = outcomes(expression, [row])

        allowed = {value, NOT_HERE} if name in PARTLY_ON_THE_SERVER else {value}
        assert as_written(found) in allowed


def test_all_that_is_exact_is_known_in_browsers(outcomes: Outcomes) -> None:
    unknown = set()
    for function in FUNCTIONS.values():
        for formula, _ in function.examples:
            for expression, row in unfolded(formula):
                if outcomes(expression, [row]) == [NOT_HERE]:
                    unknown.add(function.name)

    assert unknown <= PARTLY_ON_THE_SERVER


def test_cases_are_right(outcomes: Outcomes) -> None:
    folders = [CASES.parent, *([Path(FURTHER)] if FURTHER else [])]
    cases = [
        case for folder in folders for file in files_of_cases(folder) for case in load_cases(file)
    ]
    wrong = []
    for case in cases:
        expression = typed_of(case)
        readable = dict(names_read(expression))
        found = outcomes(expression, [row_for_browser(case.row, readable)])
        wanted = [value_in_memory(case, expression)]
        wrong += [(case.formula, *one) for one in differences(found, wanted)]

    assert wrong == []


def names_read(expression: Typed) -> Iterator[tuple[str, Calculation]]:
    """Yield the names that an expression reads, each with how it is read."""
    match expression:
        case Read(source):
            reader, name = reading_of(source)
            yield name, reader
        case Apply(_, arguments):
            for part in arguments:
                yield from names_read(part)


def differences(found: Sequence[Json], wanted: Sequence[Value]) -> list[tuple[Json, Json]]:
    """Give pairs of what a browser and the server say, where both know and do not agree."""
    pairs = zip(found, map(as_told, wanted), strict=True)
    return [(one, other) for one, other in pairs if one not in (other, NOT_HERE)]


@dataclass(frozen=True, slots=True)
class LiteralScope(SampleScope):
    """Names that stand for the values of an example, so that nothing is worked out beforehand."""

    values: dict[str, tuple[Value, Shape]]

    def read(self, path: Name) -> Read:
        """Give the value that stood there."""
        return Read(path.text, self.values[path.text][1])


def unfolded(formula: str) -> Iterator[tuple[Typed, dict[str, Json]]]:
    """Yield a formula whose values are read from a row; without those that must be constants."""
    tree = parse_formula(formula)
    yield check(tree, SampleScope()), row_for_browser({"today": "2026-01-15"}, READABLE)
    values: dict[str, tuple[Value, Shape]] = {}
    try:
        found = check(_lifted(tree, values), LiteralScope(values))
    except FieldstoneError:
        return
    yield found, {name: json_of(value) for name, (value, _) in values.items()}


def _lifted(node: Expression, values: dict[str, tuple[Value, Shape]]) -> Expression:
    match node:
        case Call(name, arguments, span):
            return Call(name, tuple(_lifted(part, values) for part in arguments), span)
        case Operation(sign, operands, span):
            return Operation(sign, tuple(_lifted(part, values) for part in operands), span)
        case Text() | Number() | Boolean():
            constant = check(node, SampleScope())
            assert isinstance(constant, Constant)
            name = f"v{len(values)}"
            values[name] = constant.value, constant.shape
            return Name((name,), node.span)
        case _:
            return node


def as_written(found: Json) -> str:
    """Give an outcome as examples write it."""
    if isinstance(found, bool):
        return str(found).lower()
    instant = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.000Z", str(found))
    if instant:
        return f"{instant[1]} {instant[2]}"
    return re.sub(r"^(\d\d:\d\d:\d\d)\.000$", r"\1", str(found))
