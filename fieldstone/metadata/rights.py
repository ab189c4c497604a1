"""What a viewer may see and do, as plain data that the planner reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fieldstone.ids import FieldId, ObjectId
from fieldstone.metadata.record_access import OPEN, RecordAccess
from fieldstone.metadata.sharing import Level


class SetupArea(StrEnum):
    """A part of what is set up, given one by one; the value is its name in permission sets."""

    OBJECTS = "objects"
    PEOPLE = "people"
    PERMISSIONS = "permissions"
    STORAGE = "storage"
    ORGANIZATION = "organization"
    PRIVACY = "privacy"
    AUDIT = "audit"


class Action(StrEnum):
    """Something to do with many records, or from outside, that is allowed by itself."""

    EXPORT = "export"
    IMPORT = "import"
    API = "api"


EVERY_AREA: Final = frozenset(SetupArea)
EVERY_ACTION: Final = frozenset(Action)


@dataclass(frozen=True, slots=True)
class Rights:
    """The rights of one viewer under one catalog version.

    digest: names this set of rights in cache keys; equal digests mean equal rights. The sets name
    what is denied, so that a new object or field is visible to those who may see everything else.
    masked_fields: of the unreadable ones those that are shown behind a mask, and serve for nothing
    else. partly_seen, partly_edited: objects of whose records the viewer sees or changes only those
    that they own or were given; of the others all. unlockable: objects whose records they neither
    lock nor change while these are locked. closed_types: record types that they give no record.
    usual_types: those that their new records get where nothing else is said. setup: what the viewer
    may set up.
    """

    digest: str
    unreadable_objects: frozenset[ObjectId] = frozenset()
    unreadable_fields: frozenset[FieldId] = frozenset()
    uncreatable_objects: frozenset[ObjectId] = frozenset()
    uneditable_objects: frozenset[ObjectId] = frozenset()
    undeletable_objects: frozenset[ObjectId] = frozenset()
    uneditable_fields: frozenset[FieldId] = frozenset()
    masked_fields: frozenset[FieldId] = frozenset()
    partly_seen: frozenset[ObjectId] = frozenset()
    partly_edited: frozenset[ObjectId] = frozenset()
    unlockable: frozenset[ObjectId] = frozenset()
    closed_types: frozenset[int] = frozenset()
    usual_types: frozenset[int] = frozenset()
    denied_actions: frozenset[Action] = frozenset()
    setup: frozenset[SetupArea] = frozenset()
    record_access: RecordAccess = OPEN

    def may_read_object(self, object_id: ObjectId) -> bool:
        """Tell whether records of an object may be seen at all."""
        return object_id not in self.unreadable_objects

    def may_read_field(self, field_id: FieldId) -> bool:
        """Tell whether a field's values may be seen."""
        return field_id not in self.unreadable_fields

    def may_show_field(self, field_id: FieldId) -> bool:
        """Tell whether a field is shown at all: as it is, or masked."""
        return self.may_read_field(field_id) or field_id in self.masked_fields

    def is_masked(self, field_id: FieldId) -> bool:
        """Tell whether a field is shown behind its mask."""
        return field_id in self.masked_fields

    def may_create(self, object_id: ObjectId) -> bool:
        """Tell whether records of an object may be made."""
        return self.may_read_object(object_id) and object_id not in self.uncreatable_objects

    def may_edit_object(self, object_id: ObjectId) -> bool:
        """Tell whether records of an object may be changed."""
        return self.may_read_object(object_id) and object_id not in self.uneditable_objects

    def may_delete(self, object_id: ObjectId) -> bool:
        """Tell whether records of an object may be deleted, and brought back."""
        return self.may_read_object(object_id) and object_id not in self.undeletable_objects

    def may_edit_field(self, field_id: FieldId) -> bool:
        """Tell whether a field's values may be changed."""
        return self.may_read_field(field_id) and field_id not in self.uneditable_fields

    def may_view_all(self, object_id: ObjectId) -> bool:
        """Tell whether all records of an object may be seen, whoever owns them."""
        return self.may_read_object(object_id) and object_id not in self.partly_seen

    def may_modify_all(self, object_id: ObjectId) -> bool:
        """Tell whether all records of an object may be changed, whoever owns them."""
        return self.may_edit_object(object_id) and object_id not in self.partly_edited

    def may_lock(self, object_id: ObjectId) -> bool:
        """Tell whether records of an object may be locked, and changed while they are."""
        return self.may_edit_object(object_id) and object_id not in self.unlockable

    def may_give_type(self, type_id: int) -> bool:
        """Tell whether records may be made of a record type, or become of it."""
        return type_id not in self.closed_types

    def may_do(self, action: Action) -> bool:
        """Tell whether something that is allowed by itself may be done."""
        return action not in self.denied_actions

    def may_set_up(self, area: SetupArea) -> bool:
        """Tell whether a part of what administrators see to may be changed."""
        return area in self.setup

    @property
    def reads_everything(self) -> bool:
        """Whether there is no object, field or record at all that may not be seen."""
        some = any(level is Level.READ for _, level in self.record_access.grants)
        return not (some or self.unreadable_objects or self.unreadable_fields)

    @property
    def sets_up_something(self) -> bool:
        """Whether there is anything at all that may be set up."""
        return bool(self.setup)

    def covers(self, other: Rights) -> bool:
        """Tell whether everything that other rights allow is allowed here too."""
        mine, theirs = self._denied(), other._denied()
        return other.setup <= self.setup and all(a <= b for a, b in zip(mine, theirs, strict=True))

    def _denied(self) -> tuple[frozenset[int] | frozenset[Action], ...]:
        return (
            self.unreadable_objects,
            self.unreadable_fields,
            self.unreadable_fields - self.masked_fields,
            self.uncreatable_objects,
            self.uneditable_objects,
            self.undeletable_objects,
            self.uneditable_fields,
            self.partly_seen,
            self.partly_edited,
            self.unlockable,
            self.closed_types,
            self.denied_actions,
        )


ADMINISTRATOR: Final = Rights(digest="administrator", setup=EVERY_AREA)
