"""Lookup: a reference to one record that may be empty and outlive its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from fieldstone.metadata.field_types.field_type import Widget
from fieldstone.metadata.field_types.reference import (
    OnDelete,
    Reference,
    describe_reference,
    picker,
)

ObjectName = Annotated[str, Meta(min_length=1, max_length=80)]
ChildName = Annotated[str, Meta(pattern="^[A-Za-z][A-Za-z0-9_]{0,79}$")]


@dataclass(frozen=True, slots=True)
class LookupOptions:
    """references: the object it points to. child_name: what that object calls these records.

    on_delete: whether deleting the target empties the field, is refused, or deletes the record.
    inline: whether the first of these records are part of what is shown of the target.
    """

    references: ObjectName
    child_name: ChildName | None = None
    on_delete: OnDelete = OnDelete.CLEAR
    inline: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        """The one object it points to."""
        return (self.references,)


class Lookup(Reference[LookupOptions]):
    """A reference to a record of another object, such as the company of a contact."""

    name = "lookup"
    label = "Lookup"
    options_class = LookupOptions

    def widget(self, options: LookupOptions) -> Widget:
        return picker(options)

    def describe(self, options: LookupOptions) -> str:
        return describe_reference(self.label, options)
