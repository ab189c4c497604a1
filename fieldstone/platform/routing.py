"""Finds the route of a request among the few that the beginning of its path leaves.

Starlette tries all routes one after the other; a hundred of them take as long as a statement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route, Router
from starlette.types import Receive, Scope, Send

from fieldstone.api.methods import wrong_method

_OTHER: Final = "{"
_REFUSED: Final = 405
_Beginning = tuple[str, str]
Check = Callable[[Sequence[BaseRoute], Scope], None]
"""Is told which routes may match and what is asked, and raises what shall be answered instead."""


class IndexedRouter(Router):
    """A router that knows by the first two segments of a path which of its routes may match it.

    Of those that do, the first one serves, as ever. check: refuses what may not be asked of it.
    """

    def __init__(self, routes: Sequence[BaseRoute], check: Check | None = None) -> None:
        super().__init__(routes)
        self._check = check
        own = [(_beginning_of(route), route) for route in routes]
        told = {beginning for beginning, _ in own}
        told |= {(first, _OTHER) for first, _ in told} | {(_OTHER, _OTHER)}
        self._few = {
            asked: Router([route for beginning, route in own if _may(beginning, asked)])
            for asked in told
        }

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await super().app(scope, receive, send)
            return
        first, second = _split(scope["path"])
        few = self._few.get((first, second)) or self._few.get((first, _OTHER))
        router = few or self._few[_OTHER, _OTHER]
        if self._check is not None:
            self._check(router.routes, scope)
        try:
            await router.app(scope, receive, send)
        except HTTPException as error:
            # Starlette tells the methods of one route; an address may have several.
            refusal = wrong_method(router.routes, scope) if error.status_code == _REFUSED else None
            raise refusal or error from None


def _split(path: str) -> _Beginning:
    _, first, second, *_ = (*path.split("/", 3), "", "")
    return first, second


def _beginning_of(route: BaseRoute) -> _Beginning:
    """Give the first two segments of a route; a parameter may be anything, slashes included."""
    first, second = _split(route.path) if isinstance(route, Route) else (_OTHER, _OTHER)
    if _OTHER in first:
        return _OTHER, _OTHER
    return first, _OTHER if _OTHER in second else second


def _may(route: _Beginning, asked: _Beginning) -> bool:
    """Tell whether a route may match a path that begins so, or otherwise than any route says."""
    return all(own in (_OTHER, given) for own, given in zip(route, asked, strict=True))
