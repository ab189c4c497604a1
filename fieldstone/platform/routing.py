"""Finds the route of a request among the few that the beginning of its path leaves.

Starlette tries all routes one after the other; a hundred of them take as long as a statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route, Router
from starlette.types import Receive, Scope, Send

from fieldstone.api.methods import wrong_method

_OTHER: Final = "{"
_REFUSED: Final = 405
_Beginning = tuple[str, str]
_ANY: Final = (_OTHER, _OTHER)
Check = Callable[[Sequence[BaseRoute], Scope], None]
"""Is told which routes may match and what is asked, and raises what shall be answered instead."""


@dataclass(frozen=True, slots=True, init=False)
class RoutesOf:
    """The routes of a module, its ROUTES, which is read when it is needed.

    beginnings: the first two segments of each path, as in api/people; { where any will do.
    """

    module: str
    beginnings: frozenset[_Beginning]

    def __init__(self, module: str, *beginnings: str) -> None:
        object.__setattr__(self, "module", module)
        object.__setattr__(self, "beginnings", frozenset(map(_parted, beginnings)))

    def read(self) -> Sequence[BaseRoute]:
        """Give the routes."""
        routes: Sequence[BaseRoute] = import_module(self.module).ROUTES
        return routes


def whole(routes: Iterable[BaseRoute | RoutesOf]) -> list[BaseRoute]:
    """Give all routes, with every module read."""
    parts = (one.read() if isinstance(one, RoutesOf) else (one,) for one in routes)
    return [route for part in parts for route in part]


class IndexedRouter(Router):
    """A router that knows by the first two segments of a path which of its routes may match it.

    Of those that do, the first one serves, as ever. check: refuses what may not be asked of it.
    """

    def __init__(self, routes: Sequence[BaseRoute | RoutesOf], check: Check | None = None) -> None:
        super().__init__()
        self._check = check
        self._own = [(beginnings_of(one), one) for one in routes]
        told = {beginning for beginnings, _ in self._own for beginning in beginnings}
        told |= {(first, _OTHER) for first, _ in told} | {(_OTHER, _OTHER)}
        self._told = frozenset(told)
        self._few: dict[_Beginning, Router] = {}

    @property
    def routes(self) -> list[BaseRoute]:
        """All routes, with every module read."""
        return whole(one for _, one in self._own)

    @routes.setter
    def routes(self, value: list[BaseRoute]) -> None:
        """Take no routes but those it was made of."""
        assert not value

    def _router(self, first: str, second: str) -> Router:
        """Give the router of the routes that may match a path that begins so."""
        asked = next(one for one in ((first, second), (first, _OTHER), _ANY) if one in self._told)
        if asked not in self._few:
            self._few[asked] = Router(
                [
                    route
                    for beginnings, one in self._own
                    if any(_may(beginning, asked) for beginning in beginnings)
                    for route in whole([one])
                    if _may(_beginning_of(route), asked)
                ]
            )
        return self._few[asked]

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await super().app(scope, receive, send)
            return
        first, second = _split(scope["path"])
        router = self._router(first, second)
        if self._check is not None:
            self._check(router.routes, scope)
        try:
            await router.app(scope, receive, send)
        except HTTPException as error:
            # Starlette tells the methods of one route; an address may have several.
            refusal = wrong_method(router.routes, scope) if error.status_code == _REFUSED else None
            raise refusal or error from None


def beginnings_of(one: BaseRoute | RoutesOf) -> frozenset[_Beginning]:
    """Give the first two segments of a route, or of each of a module's as they are declared."""
    return one.beginnings if isinstance(one, RoutesOf) else frozenset({_beginning_of(one)})


def _parted(beginning: str) -> _Beginning:
    first, _, second = beginning.partition("/")
    return first, second


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
