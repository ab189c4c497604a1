"""Which scope a token needs for which route, in one place.

A route that nothing is declared of needs the scope api, which lets a token do all that its owner
may: whatever is new stays closed to narrower tokens until somebody thinks of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from fieldstone.metadata.api_scopes import (
    API,
    EXPORT,
    PEOPLE,
    READ_METADATA,
    READ_RECORDS,
    WRITE_METADATA,
    WRITE_RECORDS,
    reaches,
)
from fieldstone.runtime.permissions import insufficient_scope

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Needs:
    """What a token needs to look, and to change something; None where every token may."""

    look: str | None
    change: str | None


_RECORDS: Final = Needs(READ_RECORDS, WRITE_RECORDS)
_ASKING: Final = Needs(READ_RECORDS, READ_RECORDS)
_METADATA: Final = Needs(READ_METADATA, WRITE_METADATA)
_EVERYTHING: Final = Needs(API, API)
_NOTHING: Final = Needs(None, None)

DECLARED: Final[Mapping[str, Needs]] = {
    "/healthz": _NOTHING,
    "/static": _NOTHING,
    "/": _EVERYTHING,
    "/admin": _EVERYTHING,
    "/sign-in": _NOTHING,
    "/sign-out": _EVERYTHING,
    "/welcome": _NOTHING,
    "/oauth": _NOTHING,
    "/oauth/authorize": _EVERYTHING,
    "/.well-known": _NOTHING,
    "/{plural}": _RECORDS,
    "/v1": _RECORDS,
    "/import": _RECORDS,
    "/search": _ASKING,
    "/api": _EVERYTHING,
    "/api/records": _RECORDS,
    "/api/query": _ASKING,
    "/api/search": _ASKING,
    "/api/import": _RECORDS,
    "/api/imports": _RECORDS,
    "/api/files": _RECORDS,
    "/api/jobs": _RECORDS,
    "/api/actions": _RECORDS,
    "/api/apps": _METADATA,
    "/api/bin": _RECORDS,
    "/api/bin/empty": _EVERYTHING,
    "/api/export": Needs(EXPORT, EXPORT),
    "/api/exports": Needs(EXPORT, EXPORT),
    "/api/objects": _METADATA,
    "/api/objects/{object}/views/{view}/records": _ASKING,
    "/api/metadata": _METADATA,
    "/api/package-builds": Needs(READ_METADATA, READ_METADATA),
    "/api/package-checks": Needs(READ_METADATA, READ_METADATA),
    "/api/package-key": _METADATA,
    "/api/packages": _METADATA,
    "/api/package-plans": Needs(READ_METADATA, READ_METADATA),
    "/api/package-uploads": _METADATA,
    "/api/salesforce-packages": _METADATA,
    "/api/organization": _METADATA,
    "/api/openapi.json": Needs(READ_METADATA, READ_METADATA),
    "/api/docs": Needs(READ_METADATA, READ_METADATA),
    "/api/people": Needs(PEOPLE, PEOPLE),
    "/api/people/{id}/tokens": _EVERYTHING,
    "/api/people/{id}/invitation": _EVERYTHING,
    "/api/people/{id}/permission-sets": Needs(PEOPLE, API),
    "/api/people/{id}/role": Needs(PEOPLE, API),
    "/api/service-users": _EVERYTHING,
    "/api/session": Needs(None, API),
    "/api/sessions": _EVERYTHING,
    "/api/tokens": _EVERYTHING,
    "/api/welcome": _NOTHING,
    "/api/claim": _EVERYTHING,
    "/api/storage": _EVERYTHING,
    "/api/platform": _EVERYTHING,
    "/api/identity-providers": _EVERYTHING,
    "/api/saml-metadata": _EVERYTHING,
    "/api/connected-apps": _EVERYTHING,
    "/api/my-apps": _EVERYTHING,
    "/api/account": _EVERYTHING,
    "/api/access": _EVERYTHING,
    "/api/permission-sets": _EVERYTHING,
    "/api/usage": _EVERYTHING,
    "/api/teams": _EVERYTHING,
    "/api/privacy": _EVERYTHING,
    "/api/roles": _EVERYTHING,
    "/api/territories": _EVERYTHING,
    "/api/locks": _RECORDS,
    "/api/encryption": _EVERYTHING,
}
"""By how the paths of routes begin, whole segments at a time; the longest beginning decides."""


def find_needs(path: str) -> Needs | None:
    """Give what is declared of a route by its path, such as /api/records/{object}."""
    while path:
        if path in DECLARED:
            return DECLARED[path]
        path = path.rpartition("/")[0]
    return None


def check_scope(routes: Sequence[BaseRoute], scope: Scope) -> None:
    """Refuse a token that is too narrow for the route that serves. Raises InsufficientScope."""
    viewer = getattr(Request(scope).state, "viewer", None)
    scopes = None if viewer is None else viewer.standing.scopes
    if scopes is None:
        return
    needs = _needs_of(routes, scope)
    needed = needs.look if scope["method"] in _SAFE else needs.change
    if not reaches(scopes, needed):
        raise insufficient_scope(needed)


def _needs_of(routes: Sequence[BaseRoute], scope: Scope) -> Needs:
    """Give what the first route needs that matches, as the router finds it."""
    for route in routes:
        if route.matches(scope)[0] is Match.FULL:
            return (find_needs(route.path) if isinstance(route, Route) else None) or _EVERYTHING
    return _NOTHING
