"""Every address of the application by its route, with something in every gap, to be tried."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from starlette.routing import Route

from fieldstone.platform.route_table import all_routes

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_GAP: Final = re.compile(r"\{(\w+)(?::\w+)?\}")
_SAMPLES: Final[Mapping[str, str]] = {
    "object": "Deal",
    "plural": "deals",
    "field": "name",
    "kind": "validation_rule",
    "what": "formula",
    "value": "x",
    "version": "0",
    "path": "css/fieldstone.css",
    "token": "nothing",
    "file": "report",
    "name": "nothing",
    "provider": "nothing",
    "with": "nothing",
    "language": "de",
}


@dataclass(frozen=True, slots=True)
class Address:
    """A method and an address that a route serves. route: its pattern."""

    method: str
    path: str
    route: str

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


def every_address(given: Mapping[str, str] | None = None) -> list[Address]:
    """Give one address for each method of each route. given: what stands in a gap instead."""
    samples = {**_SAMPLES, **(given or {})}
    return list(_addresses(samples))


def readings(given: Mapping[str, str] | None = None) -> list[Address]:
    """Give the addresses that are asked."""
    return [one for one in every_address(given) if one.method == "GET"]


def changes(given: Mapping[str, str] | None = None) -> list[Address]:
    """Give the addresses that change something."""
    return [one for one in every_address(given) if one.method not in SAFE]


def gaps_of(address: Address) -> list[str]:
    """Give the names of the gaps of an address."""
    return _GAP.findall(address.route)


def is_page(path: str) -> bool:
    """Tell whether a person looks at an address in a browser."""
    starts = ("/admin", "/sign-in", "/sign-out", "/welcome", "/oauth/authorize")
    return path == "/" or path.startswith(starts)


def filled(address: Address, given: Mapping[str, str]) -> Address:
    """Give an address with other things in its gaps; "*" stands for those that are not named."""
    samples = {**_SAMPLES, **given}
    path = _GAP.sub(lambda gap: samples.get(gap[1], samples.get("*", "1")), address.route)
    return replace(address, path=path)


def _addresses(samples: Mapping[str, str]) -> Iterator[Address]:
    for route in all_routes():
        assert isinstance(route, Route), route
        for method in sorted(route.methods or ()):
            yield filled(Address(method, "", route.path), samples)
