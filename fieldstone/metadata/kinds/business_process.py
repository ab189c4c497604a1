"""The kind business_process: the stages that some records of an object go through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.object import Label, Name
from fieldstone.metadata.kinds.part import PartKind, Text
from fieldstone.metadata.kinds.record_type import unoffered
from fieldstone.metadata.named_places import Form, Place
from fieldstone.metadata.scope import Scope


@dataclass(frozen=True, slots=True)
class BusinessProcessBody:
    """Stages in their order. field: the picklist whose values they are. default: the first one."""

    object: Name
    label: Label
    field: Name
    values: Annotated[tuple[str, ...], Meta(min_length=1, max_length=1000)]
    default: str | None = None
    active: bool = True
    description: Text = ""


class BusinessProcessKind(PartKind[BusinessProcessBody]):
    """A way through the stages of an object, such as Deal.Renewal_Process."""

    name = "business_process"
    body_class = BusinessProcessBody
    places = (Place("object", Form.OBJECT), Place("field", Form.FIELD))

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield what any part may have wrong, and a first stage that is not among the stages."""
        yield from super().check(component, scope)
        body = self.read(component)
        yield from unoffered(body.default, body.values, "/default")
