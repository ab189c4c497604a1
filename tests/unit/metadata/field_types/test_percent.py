"""Percent: a share of a whole."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.percent import Percent, PercentOptions

PERCENT = Percent()


@pytest.mark.parametrize("written", ["12.5", "12.5 %", "12,5%"])
def test_a_share_is_read_with_or_without_its_sign(written):
    assert PERCENT.parse(written, PercentOptions()) == Decimal("12.5")


@pytest.mark.parametrize("said", [Decimal("100.001"), -1])
def test_a_share_lies_between_its_bounds(said):
    with pytest.raises(BadValue):
        PERCENT.accept(said, PercentOptions())


def test_null_takes_a_bound_away():
    assert PERCENT.accept(250, PercentOptions(highest=None)) == 250


def test_a_share_is_shown_with_its_places_and_sign():
    assert PERCENT.show(Decimal("12.5"), PercentOptions()) == "12.50 %"
