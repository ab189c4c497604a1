"""Who asks whom: what every request that reaches an endpoint or a page carries.

platform's middleware puts it there. This room knows no web, so a request is whatever has these
parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from fieldstone.metadata.values import JsonObject
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Database, Viewer

TIME_GRANT: Final = "fieldstone.time_grant"
"""Where the scope of a request holds what gives it more time."""


class Asked(Protocol):
    """A request of an application. Both of its states hold what somebody put there."""

    @property
    def app(self) -> Any:
        """The application, whose state lives as long as the process."""
        ...

    @property
    def state(self) -> Any:
        """What is known of this request."""
        ...


def database_of(request: Asked) -> Database:
    """Give the database of the application."""
    database: Database = request.app.state.database
    return database


def tenant_of(request: Asked) -> Tenant:
    """Give the tenant that the request is for."""
    tenant: Tenant = request.state.tenant
    return tenant


def viewer_of(request: Asked) -> Viewer:
    """Give who asks."""
    viewer: Viewer = request.state.viewer
    return viewer


def cause_of(request: Asked) -> JsonObject:
    """Give what is noted in the change log as the cause of what a request changes."""
    return {"request": request.state.request_id}


def give_time(scope: Mapping[str, Any], seconds: float) -> None:
    """Let a request go on for so long before the next part of its answer, the usual at least."""
    grant = scope.get(TIME_GRANT)
    if grant is not None:
        grant(seconds)
