"""The kind validation_rule: a formula that must not be true of a record that is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.field import MAX_FORMULA, SYSTEM_NAMES
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import Name, object_key
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import fold


@dataclass(frozen=True, slots=True)
class ValidationRuleBody:
    """Refuse a record of object, in the words of message, where condition is true.

    condition: in the formula language. field: where forms show the message; None for above all
    fields. active: whether records are checked against it.
    """

    object: Name
    condition: Annotated[str, Meta(min_length=1, max_length=MAX_FORMULA)]
    message: Annotated[str, Meta(min_length=1, max_length=1000)]
    field: Name | None = None
    active: bool = True
    description: Annotated[str, Meta(max_length=4000)] = ""


class ValidationRuleKind(Kind[ValidationRuleBody]):
    """A rule such as: a deal that is won has an amount. It is named as Deal.won_has_amount."""

    name = "validation_rule"
    body_class = ValidationRuleBody

    def depends_on(self, component: Component) -> Iterator[tuple[str, str]]:
        """Yield the object and the field that shows the message."""
        body = self.read(component)
        yield object_key(body.object)
        if body.field is not None and fold(body.field) not in SYSTEM_NAMES:
            yield "field", f"{body.object}.{body.field}"

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a name that does not begin with the object's."""
        owner, point, own = component.name.partition(".")
        if (
            not point
            or not own
            or scope.object_name(owner) != scope.object_name(self.read(component).object)
        ):
            hint = f"Call it {self.read(component).object}.{own or owner}."
            message = "The name of a rule is that of its object, a point and its own."
            yield Problem("metadata.invalid", message, "/name", hint)
