"""The kind attach_rule: a reference that fills itself where two records agree on a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import Name, object_key
from fieldstone.metadata.scope import Scope


@dataclass(frozen=True, slots=True)
class AttachRuleBody:
    """Set field of object's records to the target record whose target_field equals source."""

    object: Name
    field: Name
    source: Name
    target: Name
    target_field: Name
    description: str = ""


class AttachRuleKind(Kind[AttachRuleBody]):
    """A rule such as: a contact belongs to the company of its e-mail's domain."""

    name = "attach_rule"
    body_class = AttachRuleBody

    def depends_on(self, component: Component) -> Iterator[tuple[str, str]]:
        """Yield both objects and the three fields."""
        body = self.read(component)
        yield object_key(body.object)
        yield object_key(body.target)
        for name in (
            f"{body.object}.{body.field}",
            f"{body.object}.{body.source}",
            f"{body.target}.{body.target_field}",
        ):
            yield "field", name

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a field that is no reference."""
        body = self.read(component)
        field = scope.find("field", f"{body.object}.{body.field}")
        if field is not None and "references" not in field.body:
            message = f"{body.field} does not refer to another object."
            yield Problem("metadata.unknown_reference", message, "/field")
