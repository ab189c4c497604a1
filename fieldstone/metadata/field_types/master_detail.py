"""Master-detail: a reference to the record that this one is a part of and goes with."""

from __future__ import annotations

from dataclasses import dataclass

from fieldstone.metadata.field_types.field_type import Widget
from fieldstone.metadata.field_types.lookup import ChildName, ObjectName
from fieldstone.metadata.field_types.reference import (
    OnDelete,
    Reference,
    describe_reference,
    picker,
)


@dataclass(frozen=True, slots=True)
class MasterDetailOptions:
    """references: the object of the master. child_name: what it calls these records.

    reparentable: whether a record may move to another master once it is made.
    """

    references: ObjectName
    child_name: ChildName | None = None
    reparentable: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        """The one object it points to."""
        return (self.references,)

    @property
    def on_delete(self) -> OnDelete:
        """A part is deleted with its whole."""
        return OnDelete.CASCADE

    @property
    def required(self) -> bool:
        """A part cannot be without its whole."""
        return True


class MasterDetail(Reference[MasterDetailOptions]):
    """A reference to the record that owns this one, such as the invoice of an invoice line."""

    name = "master_detail"
    label = "Master-detail"
    options_class = MasterDetailOptions

    def widget(self, options: MasterDetailOptions) -> Widget:
        return picker(options)

    def describe(self, options: MasterDetailOptions) -> str:
        return describe_reference(self.label, options)
