"""The kind app: a navigation of its own for those who do one kind of work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import Label, Name, check_name
from fieldstone.metadata.kinds.part import Text
from fieldstone.metadata.named_places import Form, Place
from fieldstone.metadata.scope import Scope


@dataclass(frozen=True, slots=True)
class AppBody:
    """A navigation. tabs: names of tabs or objects, in order.

    permission_sets: who is offered it; everybody where there are none. is_default: whether those
    who have chosen none start with it.
    """

    label: Label
    tabs: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    permission_sets: Annotated[tuple[Name, ...], Meta(max_length=500)] = ()
    is_default: bool = False
    description: Text = ""


class AppKind(Kind[AppBody]):
    """A navigation of its own, such as Sales."""

    name = "app"
    body_class = AppBody
    declared = True
    places = (
        Place("tabs/*", Form.NAME, ("tab", "object"), drops=0),
        Place("permission_sets/*", Form.NAME, ("permission_set",)),
    )

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a bad name and what it does not find."""
        yield from check_name(component.name)
        yield from super().check(component, scope)
