"""What leans on what: the order in which components can be made, and circles that cannot stand."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import networkx as nx

from fieldstone.errors import InvalidInput, Problem, Several
from fieldstone.metadata.component import Component
from fieldstone.metadata.field_types.options import options_as_said
from fieldstone.metadata.field_types.registry import get_field_type
from fieldstone.metadata.kinds.field import options_of, refers, split_name
from fieldstone.metadata.kinds.registry import FIELD, KINDS, OBJECT, RELATION, get_kind
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import fold

Key = tuple[str, str]
Edge = tuple[str, str]
N = TypeVar("N", bound=Hashable)


class Cycle(InvalidInput):
    """Components that lean on each other in a circle."""

    code = "metadata.cycle"


@dataclass(frozen=True, slots=True)
class _Ring:
    """One way of leaning that must not go in a circle. edges: what a field adds to it."""

    edges: Callable[[Component, Scope], Iterator[Edge]]
    message: str
    hint: str


def in_order(components: Iterable[Component]) -> tuple[Component, ...]:
    """Give components so that each stands after those it leans on, else in the order given.

    All objects come before all fields, so that objects may refer to each other. What a component
    leans on and is not among them is taken to be there. Raises Several.
    """
    given = tuple(components)
    made = _made_by(given)
    graph: nx.DiGraph[Key] = nx.DiGraph()
    graph.add_nodes_from(component.key for component in given)
    for component in given:
        for needed in _needs(component, made):
            graph.add_edge(needed, component.key)
    by_key = {component.key: component for component in given}
    circles = [[by_key[key].name for key in circle] for circle in _circles(graph)]
    if circles:
        raise Several(_shown(circle, "Components lean on each other") for circle in circles)
    places = {component.key: place for place, component in enumerate(given)}
    ranks = _kind_ranks(graph)
    ordered = nx.lexicographical_topological_sort(
        graph, key=lambda key: (ranks[key[0]], places[key])
    )
    return tuple(by_key[key] for key in ordered)


def find_cycles(components: Iterable[Component]) -> Iterator[Problem]:
    """Yield the circles in which fields lean on each other and which could never be filled.

    These are masters of master-detail fields, picklists that control each other, and values that
    follow from each other. Lookups may go in circles. Only asked of well-shaped components.
    """
    return circles_in(Scope(part for component in components for part in _parts(component)))


def circles_in(scope: Scope) -> Iterator[Problem]:
    """Yield such circles among all components of a scope, which holds what relations stand for."""
    fields = list(scope.of_kind(FIELD.name))
    for ring in _RINGS:
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_edges_from(edge for field in fields for edge in ring.edges(field, scope))
        for circle in _circles(graph):
            yield _shown(circle, ring.message, ring.hint)


def _made_by(given: Sequence[Component]) -> dict[Key, Key]:
    """Map everything that the components bring with them to the component that brings it."""
    scope = Scope(part for component in given for part in _parts(component))
    made = {part.key: component.key for component in given for part in _parts(component)}
    made.update({component.key: component.key for component in given})
    for component in scope.of_kind(OBJECT.name):
        for name in _names(component):
            made.setdefault((OBJECT.name, fold(name)), made[component.key])
    return made


def _names(component: Component) -> tuple[str, ...]:
    aliases = component.body.get("aliases") or ()
    return tuple(str(alias) for alias in aliases) if isinstance(aliases, list | tuple) else ()


def _needs(component: Component, made: dict[Key, Key]) -> Iterator[Key]:
    """Yield the keys of the given components that must stand before one."""
    for part in _parts(component):
        for kind, name in get_kind(part.kind).depends_on(part):
            needed = made.get((kind, fold(name)))
            if needed is not None and needed != component.key:
                yield needed


def _parts(component: Component) -> tuple[Component, ...]:
    """Give a component and what it stands for: the object between and its fields."""
    if component.kind == RELATION.name:
        return (component, *RELATION.expand(component))
    return (component,)


def _kind_ranks(graph: nx.DiGraph[Key]) -> dict[str, int]:
    """Rank the kinds, those first on which others lean; kinds that lean on each other alike."""
    kinds: nx.DiGraph[str] = nx.DiGraph()
    kinds.add_nodes_from(KINDS)
    kinds.add_edges_from((needed[0], key[0]) for needed, key in graph.edges if needed[0] != key[0])
    groups = nx.condensation(kinds)
    order = nx.lexicographical_topological_sort(
        groups, key=lambda group: min(list(KINDS).index(k) for k in groups.nodes[group]["members"])
    )
    return {
        kind: rank for rank, group in enumerate(order) for kind in groups.nodes[group]["members"]
    }


def _masters(field: Component, scope: Scope) -> Iterator[Edge]:
    """Yield the object of a field and each object without which its records cannot be."""
    field_type = get_field_type(str(field.body["type"]))
    if not refers(field_type):
        return
    options = options_as_said(field_type, options_of(field.body))
    if getattr(options, "required", False):
        owner = split_name(field.name)[0]
        for target in getattr(options, "targets", ()):
            yield scope.object_name(owner) or owner, scope.object_name(target) or target


def _controllers(field: Component, scope: Scope) -> Iterator[Edge]:
    """Yield a field and the field that controls its choices."""
    controlling = field.body.get("controlled_by")
    if isinstance(controlling, str):
        yield field.name, _sibling(field, controlling, scope)


def _sources(field: Component, scope: Scope) -> Iterator[Edge]:
    """Yield a field and each field from which its value follows."""
    derive = FIELD.read(field).derive if field.body.get("derive") is not None else None
    for source in derive.fields if derive else ():
        yield field.name, _sibling(field, source, scope)


def _sibling(field: Component, name: str, scope: Scope) -> str:
    full = f"{split_name(field.name)[0]}.{name}"
    found = scope.find(FIELD.name, full)
    return found.name if found else full


_RINGS: Final = (
    _Ring(_masters, "Masters go in a circle", "Make one of these fields a lookup."),
    _Ring(_controllers, "Picklists control each other", "Leave controlled_by out of one of them."),
    _Ring(_sources, "Values follow from each other", "Leave derive out of one of them."),
)


def _circles(graph: nx.DiGraph[N]) -> Iterator[list[N]]:
    """Yield one circle for every knot of the graph, each member once."""
    for knot in nx.strongly_connected_components(graph):
        first = next(iter(knot))
        if len(knot) > 1 or graph.has_edge(first, first):
            yield [edge[0] for edge in nx.find_cycle(graph.subgraph(knot))]


def _shown(circle: Sequence[str], message: str, hint: str | None = None) -> Problem:
    """Say a circle from its first name by the alphabet on, so that it is always said alike."""
    start = circle.index(min(circle))
    turned = [*circle[start:], *circle[:start]]
    shown = " → ".join([*turned, turned[0]])
    return Problem(Cycle.code, f"{message}: {shown}.", "", hint)
