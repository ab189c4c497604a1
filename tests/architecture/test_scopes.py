"""Every route says which scope a token needs for it."""

from __future__ import annotations

from starlette.routing import Route

from fieldstone.metadata.api_scopes import API_SCOPES
from fieldstone.platform.identity.route_scopes import DECLARED, find_needs
from fieldstone.platform.route_table import all_routes


def test_every_route_declares_its_scope() -> None:
    paths = {route.path for route in all_routes() if isinstance(route, Route)}

    undeclared = sorted(path for path in paths if find_needs(path) is None)

    assert undeclared == [], "say in fieldstone/platform/identity/route_scopes.py what they need"


def test_declarations_name_scopes_that_exist() -> None:
    named = {scope for needs in DECLARED.values() for scope in (needs.look, needs.change)}

    assert named - {None} <= API_SCOPES.keys()
