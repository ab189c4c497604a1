"""Parts of objects: components such as layouts and views, named Object.Own_Name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, TypeVar

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.names import NAME
from fieldstone.metadata.scope import Scope

B = TypeVar("B")
MOST_TEXT: Final = 4_000

OwnName = Annotated[str, Meta(pattern="^[A-Za-z][A-Za-z0-9_]*$", max_length=80)]
"""The name of a part without that of its object."""

FullName = Annotated[str, Meta(pattern=r"^[^.]{1,80}\.[^.]{1,80}$")]
"""The name of a field with that of its object, such as Deal.company."""

FieldPath = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*){0,5}$")]
"""A field, or one of a parent, such as company.name."""

Text = Annotated[str, Meta(max_length=MOST_TEXT)]


class PartKind(Kind[B]):
    """A kind whose components belong to an object, and go with it."""

    declared = True

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a name that is not the object's, a point and its own; and what it does not find."""
        yield from part_name_problems(component, scope)
        yield from super().check(component, scope)


def part_name_problems(component: Component, scope: Scope) -> Iterator[Problem]:
    """Yield that a part is not called by its object's name, a point and its own."""
    owner, point, own = component.name.partition(".")
    body: Any = component.body
    said = str(body.get("object", ""))
    same = (scope.object_name(owner) or owner) == (scope.object_name(said) or said)
    if not (point and NAME.fullmatch(own) and same):
        message = "The name is that of its object, a point and its own."
        right = own if NAME.fullmatch(own) else "Its_Name"
        yield Problem("metadata.invalid", message, "/name", f"Call it {said}.{right}.")
