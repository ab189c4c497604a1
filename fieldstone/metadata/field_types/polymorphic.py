"""Polymorphic: a reference to one record of any of several objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from fieldstone.metadata.field_types.field_type import Widget
from fieldstone.metadata.field_types.lookup import ChildName, ObjectName
from fieldstone.metadata.field_types.reference import (
    OnDelete,
    Reference,
    describe_reference,
    picker,
)


@dataclass(frozen=True, slots=True)
class PolymorphicOptions:
    """references: the objects it may point to; none means any.

    child_name, on_delete: as of a lookup.
    """

    references: Annotated[tuple[ObjectName, ...], Meta(max_length=100)] = ()
    child_name: ChildName | None = None
    on_delete: OnDelete = OnDelete.CLEAR

    @property
    def targets(self) -> tuple[str, ...]:
        """The objects it may point to; none means any."""
        return self.references


class Polymorphic(Reference[PolymorphicOptions]):
    """A reference to a record of one of several objects, such as what a task is about."""

    name = "polymorphic"
    label = "Polymorphic lookup"
    options_class = PolymorphicOptions

    def widget(self, options: PolymorphicOptions) -> Widget:
        return picker(options)

    def describe(self, options: PolymorphicOptions) -> str:
        return describe_reference(self.label, options)
