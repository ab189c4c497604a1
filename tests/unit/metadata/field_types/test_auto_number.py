"""Auto-number: running numbers."""

from __future__ import annotations

from datetime import date

import pytest

from fieldstone.metadata.field_types.auto_number import AutoNumber, AutoNumberOptions
from fieldstone.metadata.field_types.field_type import BadOption

AUTO_NUMBER = AutoNumber()
DAY = date(2026, 1, 2)


@pytest.mark.parametrize(
    ("form", "number", "text"),
    [
        ("INV-{0000}", 42, "INV-0042"),
        ("INV-{0000}", 123456, "INV-123456"),
        ("{YYYY}/{MM}-{0}", 7, "2026/01-7"),
        ("{YY}{DD}.{000}", 1, "2602.001"),
    ],
)
def test_a_number_is_rendered_in_the_format_of_the_field(form, number, text):
    assert AUTO_NUMBER.render(number, AutoNumberOptions(format=form), DAY) == text


@pytest.mark.parametrize("form", ["INV", "{0}{00}", "{0000", "{0}}", "{NN}{0}", " {0}", "{YYYY}"])
def test_a_format_holds_the_number_once_and_nothing_unknown(form):
    with pytest.raises(BadOption):
        AutoNumberOptions(format=form)


def test_only_the_engine_writes_it():
    assert AUTO_NUMBER.read_only
