"""How many records a viewer is taken to see, out of what was counted."""

from __future__ import annotations

import pytest

from fieldstone.metadata.record_access import Breadth
from fieldstone.query_language.breadth_statement import FEW, breadth_told


@pytest.mark.parametrize("seen", [0, 50, 1_000])
def test_a_hundred_records_are_few_whatever_others_there_are(seen: int) -> None:
    assert breadth_told(some=1_000, seen=seen, few=100) is Breadth.FEW


def test_thousands_are_few_where_most_others_would_be_passed_over() -> None:
    assert breadth_told(some=1_000, seen=2, few=3_000) is Breadth.FEW
    assert breadth_told(some=1_000, seen=20, few=3_000) is Breadth.SOME


def test_more_than_were_counted_are_never_few() -> None:
    assert breadth_told(some=1_000, seen=0, few=FEW + 1) is Breadth.SOME


def test_what_no_index_finds_is_never_few() -> None:
    assert breadth_told(some=1_000, seen=0, few=None) is Breadth.SOME


def test_a_third_of_those_looked_at_are_many() -> None:
    assert breadth_told(some=900, seen=300, few=FEW + 1) is Breadth.MANY
