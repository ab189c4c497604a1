"""Files of rows are safe to open in a spreadsheet, and come back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.runtime.imports.cells import safe_cell, text_of_cell


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "-", "+", "+A1", "'=1", "''-"],
)
def test_what_could_be_a_formula_gets_an_apostrophe(text: str):
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize(
    "text", ["", "Acme", "-12.50", "+1 312 555 0100", "+1 (555) 01-02.3", "1-2", "a=b", "'t Hooft"]
)
def test_numbers_and_plain_texts_stay_as_they_are(text: str):
    assert safe_cell(text) == text


@given(st.text() | st.text(alphabet="'=+-@\t1 (a"))
def test_a_cell_stands_for_the_text_that_it_was_made_of(text: str):
    assert text_of_cell(safe_cell(text)) == text
