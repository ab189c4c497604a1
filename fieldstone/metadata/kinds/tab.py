"""The kind tab: an entry of the navigation."""

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
class TabBody:
    """An entry that leads to the lists of an object, or to an address."""

    label: Label
    object: Name | None = None
    url: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None
    icon: Annotated[str, Meta(max_length=60)] = ""
    description: Text = ""


class TabKind(Kind[TabBody]):
    """An entry of the navigation, such as Projects."""

    name = "tab"
    body_class = TabBody
    declared = True
    places = (Place("object", Form.OBJECT),)

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a bad name, and a tab that leads nowhere or to two places."""
        yield from check_name(component.name)
        body = self.read(component)
        if (body.object is None) == (body.url is None):
            message = "A tab leads to an object or to an address."
            yield Problem("metadata.invalid", message, "/object", "Say one of object and url.")
        yield from super().check(component, scope)
