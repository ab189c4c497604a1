"""Many-to-many: references to several records of one object, kept as a JSON array of ids.

For a relation that says more (a role, a date) define an object between the two instead.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldstone.metadata.field_types.field_type import Widget
from fieldstone.metadata.field_types.lookup import ChildName, ObjectName
from fieldstone.metadata.field_types.reference import (
    OnDelete,
    ReferenceSet,
    describe_reference,
    picker,
)


@dataclass(frozen=True, slots=True)
class ManyToManyOptions:
    """references: the object it points to. child_name: what that object calls these records."""

    references: ObjectName
    child_name: ChildName | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """The one object it points to."""
        return (self.references,)

    @property
    def on_delete(self) -> OnDelete:
        """A deleted record leaves the list."""
        return OnDelete.CLEAR


class ManyToMany(ReferenceSet[ManyToManyOptions]):
    """References to several records, such as the products that a ticket is about."""

    name = "many_to_many"
    label = "Many-to-many"
    options_class = ManyToManyOptions

    def widget(self, options: ManyToManyOptions) -> Widget:
        return picker(options, many=True)

    def describe(self, options: ManyToManyOptions) -> str:
        return describe_reference(self.label, options)
