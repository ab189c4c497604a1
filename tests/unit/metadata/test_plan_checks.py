"""What stands in for a misshapen component, so that others can be checked beside it."""

from __future__ import annotations

import pytest

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.registry import KINDS, get_kind
from fieldstone.metadata.plan_checks import stood_in


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_something_that_stands_in(kind: str) -> None:
    odd = Component(kind, "User.odd", {"nonsense": 7})

    right = stood_in(odd, [Problem("metadata.invalid", "Odd.", "/nonsense", None)])

    assert list(get_kind(kind).problems(right)) == []
