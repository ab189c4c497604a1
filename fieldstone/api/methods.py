"""Which methods an address takes, for the answer to one that it does not take (RFC 9110)."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope


def wrong_method(routes: Iterable[BaseRoute], scope: Scope) -> HTTPException | None:
    """Give the refusal of a request whose address takes other methods; None if it takes none.

    Of the routes that have the address, those count that say most of it: /api/objects is the
    address of objects, although it has the form of /{plural}/{id}.
    """
    found: dict[str, set[str]] = {}
    for route in routes:
        if isinstance(route, Route) and route.matches(scope)[0] is Match.PARTIAL:
            found.setdefault(route.path, set()).update(route.methods or ())
    if not found:
        return None
    path = min(found, key=lambda known: known.count("{"))
    return HTTPException(405, headers={"Allow": ", ".join(sorted(found[path]))})
