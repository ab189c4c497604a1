"""The kind territory: a part of the market, such as the north, whose records its people see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import Label, Name, check_name
from fieldstone.metadata.named_places import Form, Place
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import fold

MOST_TERRITORIES: Final = 2_000
Capacity = Annotated[int, Meta(ge=1, le=10_000_000)]


@dataclass(frozen=True, slots=True)
class TerritoryBody:
    """A territory. parent: the one that it is part of, whose people see its records too.

    capacity: for objects by name, how many of their records it takes; without, as many as come.
    """

    label: Label
    parent: Name | None = None
    capacity: Mapping[Name, Capacity] = field(default_factory=dict)
    active: bool = True
    description: Annotated[str, Meta(max_length=4000)] = ""


class TerritoryKind(Kind[TerritoryBody]):
    """A part of the market, such as Germany_North within Germany."""

    name = "territory"
    body_class = TerritoryBody
    area = SetupArea.PERMISSIONS
    for_administrators = True
    places = (Place("parent", Form.NAME, ("territory",)), Place("capacity/~", Form.OBJECT))

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a bad name, a territory within itself, and one too many."""
        yield from check_name(component.name)
        parents = scope.worked_out(_parents)
        if len(parents) > MOST_TERRITORIES:
            message = f"There are at most {MOST_TERRITORIES} territories."
            yield Problem("metadata.too_many", message, "")
        seen, at = {fold(component.name)}, parents.get(fold(component.name))
        while at is not None:
            if at in seen:
                message = f"{component.name} would lie within itself."
                yield Problem("metadata.circle", message, "/parent", "Choose another territory.")
                return
            seen.add(at)
            at = parents.get(at)


def _parents(scope: Scope) -> dict[str, str | None]:
    """Give for every territory the one around it, both by their folded names."""
    found: dict[str, str | None] = {}
    for component in scope.of_kind(TerritoryKind.name):
        parent = component.body.get("parent")
        found[fold(component.name)] = fold(parent) if isinstance(parent, str) else None
    return found
