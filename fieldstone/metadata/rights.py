"""What a viewer may see and do, as plain data that the planner reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fieldstone.ids import FieldId, ObjectId


class SetupArea(StrEnum):
    """A part of what is set up, given one by one; the value is its name in permission sets."""

    OBJECTS = "objects"
    PEOPLE = "people"
    PERMISSIONS = "permissions"
    STORAGE = "storage"
    ORGANIZATION = "organization"
    PACKAGES = "packages"


EVERY_AREA: Final = frozenset(SetupArea)


@dataclass(frozen=True, slots=True)
class Rights:
    """The rights of one viewer under one catalog version.

    digest: names this set of rights in cache keys; equal digests mean equal rights. The sets name
    what is denied, so that a new object or field is visible to those who may see everything else.
    setup: what the viewer may set up.
    """

    digest: str
    unreadable_objects: frozenset[ObjectId] = frozenset()
    unreadable_fields: frozenset[FieldId] = frozenset()
    uneditable_objects: frozenset[ObjectId] = frozenset()
    uneditable_fields: frozenset[FieldId] = frozenset()
    setup: frozenset[SetupArea] = frozenset()

    def may_read_object(self, object_id: ObjectId) -> bool:
        """Tell whether records of an object may be seen at all."""
        return object_id not in self.unreadable_objects

    def may_read_field(self, field_id: FieldId) -> bool:
        """Tell whether a field's values may be seen."""
        return field_id not in self.unreadable_fields

    def may_edit_object(self, object_id: ObjectId) -> bool:
        """Tell whether records of an object may be created, changed and deleted."""
        return self.may_read_object(object_id) and object_id not in self.uneditable_objects

    def may_edit_field(self, field_id: FieldId) -> bool:
        """Tell whether a field's values may be changed."""
        return self.may_read_field(field_id) and field_id not in self.uneditable_fields

    def may_set_up(self, area: SetupArea) -> bool:
        """Tell whether a part of what administrators see to may be changed."""
        return area in self.setup

    @property
    def sets_up_something(self) -> bool:
        """Whether there is anything at all that may be set up."""
        return bool(self.setup)


ADMINISTRATOR: Final = Rights(digest="administrator", setup=EVERY_AREA)
MEMBER: Final = Rights(digest="member")
