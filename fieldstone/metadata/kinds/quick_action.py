"""The kind quick_action: a small form behind a button, on a record or anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import Label, Name
from fieldstone.metadata.kinds.part import Text, part_name_problems
from fieldstone.metadata.named_places import Form, Place
from fieldstone.metadata.names import NAME
from fieldstone.metadata.scope import Scope


@dataclass(frozen=True, slots=True)
class QuickActionBody:
    """A form that makes a record, or changes the one that it was called from.

    object: on whose records it is offered; None for everywhere. target: what it makes records of;
    None for an update. reference: the field of the target that gets the record it was called from.
    fields: what it asks for. defaults: by fields of the target, formulas over the record that it
    was called from. message: what is said when it is done.
    """

    label: Label
    action: Literal["create", "update"] = "create"
    object: Name | None = None
    target: Name | None = None
    reference: Name | None = None
    fields: Annotated[tuple[Name, ...], Meta(max_length=50)] = ()
    defaults: Mapping[Name, Annotated[str, Meta(min_length=1, max_length=20_000)]] = field(
        default_factory=dict
    )
    message: Annotated[str, Meta(max_length=255)] = ""
    description: Text = ""


class QuickActionKind(Kind[QuickActionBody]):
    """Something done in a few words, such as Deal.Log_Call or, everywhere, New_Contact."""

    name = "quick_action"
    body_class = QuickActionBody
    declared = True
    places = (
        Place("object", Form.OBJECT),
        Place("target", Form.OBJECT),
        Place("reference", Form.FIELD, owner="target"),
        Place("fields/*", Form.FIELD, owner="target|object", drops=0),
        Place("defaults/~", Form.FIELD, owner="target|object", drops=0),
        Place("defaults/*", Form.FORMULA),
    )

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a wrong name, and an object that is missing for what it does."""
        body = self.read(component)
        if body.object is not None:
            yield from part_name_problems(component, scope)
        elif not NAME.fullmatch(component.name):
            message = "An action that is offered everywhere has a name without a point."
            yield Problem("metadata.invalid", message, "/name", "Names look like New_Contact.")
        if body.action == "create" and body.target is None:
            message = "It is not said what the action makes."
            yield Problem("metadata.invalid", message, "/target", "Name an object.")
        if body.object is None and scope.object_name(component.name) is not None:
            message = "An action cannot be called as an object is."
            yield Problem("metadata.name_taken", message, "/name", "Choose another name.")
        if body.action == "update" and body.object is None:
            message = "An action that changes a record belongs to an object."
            yield Problem("metadata.invalid", message, "/object", "Name its object.")
        yield from super().check(component, scope)
