"""The kind relation: many records of one object with many of another, with attributes.

A relation becomes an object between the two, with a master-detail field to each and the
attributes as further fields: a contact has a role at each of its companies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import Label, Name, object_key
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import Json, JsonObject


@dataclass(frozen=True, slots=True)
class RelationEnd:
    """One side. field: what it is called on the object between; child_name: the list's name."""

    object: Name
    field: Name
    child_name: Annotated[str, Meta(max_length=80)] = ""


@dataclass(frozen=True, slots=True)
class RelationBody:
    """A many-to-many relation. The object between is called as the relation is.

    attributes are fields as in an object's definition, each with its name.
    """

    label: Label
    left: RelationEnd
    right: RelationEnd
    plural_label: Annotated[str, Meta(max_length=120)] = ""
    prefix: str = ""
    attributes: tuple[Mapping[str, Any], ...] = ()
    description: Annotated[str, Meta(max_length=4000)] = ""


class RelationKind(Kind[RelationBody]):
    """A many-to-many relation, such as ContactCompany."""

    name = "relation"
    body_class = RelationBody

    def depends_on(self, component: Component) -> Iterator[tuple[str, str]]:
        """Yield the two objects that it joins."""
        body = self.read(component)
        yield object_key(body.left.object)
        yield object_key(body.right.object)

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield sides of one name."""
        body = self.read(component)
        if body.left.field.lower() == body.right.field.lower():
            message = f"Both sides call their field {body.left.field}."
            yield Problem("metadata.name_taken", message, "/right/field")

    def expand(self, component: Component) -> tuple[Component, ...]:
        """Give the object between and its fields as components of their own."""
        body, name = self.read(component), component.name
        between: JsonObject = {
            "label": body.label,
            "plural_label": body.plural_label,
            "prefix": body.prefix,
            "description": body.description,
            "in_navigation": False,
            "junction": True,
        }
        parts = [Component("object", name, between, component.package)]
        for end in (body.left, body.right):
            side: dict[str, Json] = {
                "object": name,
                "type": "master_detail",
                "references": end.object,
            }
            if end.child_name:
                side["child_name"] = end.child_name
            parts.append(Component("field", f"{name}.{end.field}", side, component.package))
        for attribute in body.attributes:
            rest = {key: value for key, value in attribute.items() if key != "name"}
            full = f"{name}.{attribute.get('name', '')}"
            parts.append(Component("field", full, {"object": name, **rest}, component.package))
        return tuple(parts)
