"""The table of routes says of every module which paths it serves."""

from __future__ import annotations

import pytest

from fieldstone.platform.route_table import ROUTES
from fieldstone.platform.routing import RoutesOf, beginnings_of


@pytest.mark.parametrize(
    "entry", [one for one in ROUTES if isinstance(one, RoutesOf)], ids=lambda one: one.module
)
def test_every_module_is_found_by_the_paths_it_serves(entry: RoutesOf) -> None:
    served = {pair for route in entry.read() for pair in beginnings_of(route)}

    assert served == entry.beginnings
