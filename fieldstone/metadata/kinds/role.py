"""The kind role: a place in the hierarchy, from which people see what those below them own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import Label, Name, check_name
from fieldstone.metadata.named_places import Form, Place
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.sharing import MOST_ROLES
from fieldstone.metadata.values import fold


@dataclass(frozen=True, slots=True)
class RoleBody:
    """A role. parent: the name of the role above it; none at the top."""

    label: Label
    parent: Name | None = None
    description: Annotated[str, Meta(max_length=4000)] = ""


class RoleKind(Kind[RoleBody]):
    """A place in the hierarchy of a company, such as Sales_North below Sales."""

    name = "role"
    body_class = RoleBody
    area = SetupArea.PEOPLE
    for_administrators = True
    places = (Place("parent", Form.NAME, ("role",)),)

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a bad name, a role that stands above itself, and one too many."""
        yield from check_name(component.name)
        parents = scope.worked_out(_parents)
        if len(parents) > MOST_ROLES:
            yield Problem("metadata.too_many", f"There are at most {MOST_ROLES} roles.", "")
        seen, at = {fold(component.name)}, parents.get(fold(component.name))
        while at is not None:
            if at in seen:
                message = f"{component.name} would stand above itself."
                yield Problem("metadata.circle", message, "/parent", "Choose another role above.")
                return
            seen.add(at)
            at = parents.get(at)


def _parents(scope: Scope) -> dict[str, str | None]:
    """Give for every role the one above it, both by their folded names."""
    found: dict[str, str | None] = {}
    for component in scope.of_kind(RoleKind.name):
        parent = component.body.get("parent")
        found[fold(component.name)] = fold(parent) if isinstance(parent, str) else None
    return found
