"""Files of rows are safe to open in a spreadsheet."""

from __future__ import annotations

import pytest

from fieldstone.runtime.imports.report import safe_cell


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "-", "+"]
)
def test_what_could_be_a_formula_gets_an_apostrophe(text: str):
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Acme", "-12.50", "+1 312 555 0100", "1-2", "a=b"])
def test_numbers_and_plain_texts_stay_as_they_are(text: str):
    assert safe_cell(text) == text
