"""What packages need of each other, and the order in which they can be installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import networkx as nx

from fieldstone.errors import Problem, Several
from fieldstone.metadata.packages import MANIFEST, Manifest, Package
from fieldstone.metadata.versions import fits, read_version

PRODUCT: Final = "fieldstone"
"""The dependency of a package on the product itself."""

UNMET: Final = "package.dependency"
OLDER: Final = "package.older"


@dataclass(frozen=True, slots=True)
class Installed:
    """A package that is installed: its version and what it needs, names to ranges of versions."""

    name: str
    version: str
    dependencies: Mapping[str, str]


def in_install_order(
    packages: Sequence[Package], installed: Iterable[Installed], product: str
) -> tuple[Package, ...]:
    """Give packages so that each stands after those it needs.

    installed: what is there; product: the version of the product. Raises Several with everything
    that is missing, does not fit or goes in a circle.
    """
    given = {one.manifest.name: one for one in packages}
    there = {one.name: one for one in installed}
    versions = {
        PRODUCT: product,
        **{one.name: one.version for one in there.values()},
        **{name: one.manifest.version for name, one in given.items()},
    }
    problems = [*_doubles(packages), *_older(packages, there)]
    for package in packages:
        said = package.manifest
        problems += _unmet(said.name, said.dependencies, versions)
    for one in there.values():
        if one.name not in given:
            touched = {k: v for k, v in one.dependencies.items() if k in given}
            problems += _unmet(one.name, touched, versions)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(given)
    graph.add_edges_from(
        (needed, name)
        for name, package in given.items()
        for needed in package.manifest.dependencies
        if needed in given
    )
    problems += _circles(graph)
    if problems:
        raise Several(problems)
    return tuple(given[name] for name in nx.lexicographical_topological_sort(graph))


def needing(names: Iterable[str], installed: Iterable[Installed]) -> tuple[Installed, ...]:
    """Give the packages that need some that go, but for those that go with them."""
    going = set(names)
    return tuple(
        one for one in installed if one.name not in going and going & one.dependencies.keys()
    )


def _doubles(packages: Sequence[Package]) -> Iterator[Problem]:
    seen: set[str] = set()
    for package in packages:
        name = package.manifest.name
        if name in seen:
            yield Problem(UNMET, f"{name} is to be installed twice.", MANIFEST)
        seen.add(name)


def _older(packages: Sequence[Package], there: Mapping[str, Installed]) -> Iterator[Problem]:
    for package in packages:
        said: Manifest = package.manifest
        known = there.get(said.name)
        if known is not None and read_version(said.version) < read_version(known.version):
            message = f"{said.label} {known.version} is installed, which is newer."
            hint = "To go back, undo the change that upgraded it."
            yield Problem(OLDER, message, MANIFEST, hint)


def _unmet(
    name: str, dependencies: Mapping[str, str], versions: Mapping[str, str]
) -> Iterator[Problem]:
    for needed, wanted in dependencies.items():
        version = versions.get(needed)
        if version is not None and fits(version, wanted):
            continue
        at = f"{MANIFEST}#/dependencies/{needed}"
        found = "is not installed" if version is None else f"would be {version}"
        hint = f"Install {needed} {wanted} before it or together with it."
        yield Problem(UNMET, f"{name} needs {needed} {wanted}, which {found}.", at, hint)


def _circles(graph: nx.DiGraph[str]) -> Iterator[Problem]:
    for knot in nx.strongly_connected_components(graph):
        if len(knot) > 1 or any(graph.has_edge(one, one) for one in knot):
            names = ", ".join(sorted(knot))
            yield Problem(UNMET, f"Packages need each other in a circle: {names}.", MANIFEST)
