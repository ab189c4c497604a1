"""Permission sets: what somebody may see and do, under a name by which it is given to people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fieldstone.ids import FieldId, ObjectId
from fieldstone.metadata.rights import Action, SetupArea


class ObjectRight(StrEnum):
    """What may be done with the records of an object; the value is its name in definitions."""

    CREATE = "create"
    READ = "read"
    EDIT = "edit"
    DELETE = "delete"
    VIEW_ALL = "view_all"
    MODIFY_ALL = "modify_all"
    LOCK = "lock"


class FieldLevel(StrEnum):
    """How far a set opens a field; the value is its name in definitions."""

    NONE = "none"
    READ = "read"
    EDIT = "edit"


class TypeGrant(StrEnum):
    """How a set opens a record type; the value is its name in definitions.

    ALLOWED: records may be made of it. DEFAULT: they are where nothing else is said.
    """

    ALLOWED = "allowed"
    DEFAULT = "default"


_READ: Final = frozenset({ObjectRight.READ})
_IMPLIED: Final[Mapping[ObjectRight, frozenset[ObjectRight]]] = {
    ObjectRight.CREATE: _READ,
    ObjectRight.READ: frozenset(),
    ObjectRight.EDIT: _READ,
    ObjectRight.DELETE: _READ,
    ObjectRight.VIEW_ALL: _READ,
    ObjectRight.MODIFY_ALL: frozenset(
        {
            ObjectRight.READ,
            ObjectRight.EDIT,
            ObjectRight.DELETE,
            ObjectRight.VIEW_ALL,
            ObjectRight.LOCK,
        }
    ),
    ObjectRight.LOCK: frozenset({ObjectRight.READ, ObjectRight.EDIT}),
}


def with_implied(rights: Iterable[ObjectRight]) -> frozenset[ObjectRight]:
    """Give object rights with what they imply: whoever may change a record may read it."""
    given = frozenset(rights)
    return given.union(*(_IMPLIED[right] for right in given))


@dataclass(frozen=True, slots=True, eq=False)
class PermissionSet:
    """A permission set of the catalog. id: of its component, by which it is given to people.

    all_objects, all_fields: what holds where objects and fields say nothing of their own; what
    they say holds instead. includes: ids of the sets that are given along with it. objects have
    the rights that others imply. record_types: of the objects of which it names any, those that
    new records may have. usual_types: which of them is the one that they get.
    """

    id: int
    name: str
    label: str
    description: str = ""
    is_profile: bool = False
    package: str | None = None
    includes: tuple[int, ...] = ()
    all_objects: frozenset[ObjectRight] = frozenset()
    objects: Mapping[ObjectId, frozenset[ObjectRight]] | None = None
    all_fields: FieldLevel = FieldLevel.NONE
    fields: Mapping[FieldId, FieldLevel] | None = None
    unmask: frozenset[FieldId] = frozenset()
    all_unmask: bool = False
    actions: frozenset[Action] = frozenset()
    setup: frozenset[SetupArea] = frozenset()
    record_types: Mapping[ObjectId, frozenset[int]] | None = None
    usual_types: frozenset[int] = frozenset()

    def allows_type(self, object_id: ObjectId, type_id: int) -> bool:
        """Tell whether the set itself lets new records of an object be of a record type."""
        named = (self.record_types or {}).get(object_id)
        if named is None:
            return ObjectRight.CREATE in self.of_object(object_id)
        return type_id in named

    def of_object(self, object_id: ObjectId) -> frozenset[ObjectRight]:
        """Give what the set itself allows with the records of an object."""
        return (self.objects or {}).get(object_id, self.all_objects)

    def of_field(self, field_id: FieldId) -> FieldLevel:
        """Give how far the set itself opens a field."""
        return (self.fields or {}).get(field_id, self.all_fields)

    def unmasks(self, field_id: FieldId) -> bool:
        """Tell whether the set itself shows the values of a masked field as they are."""
        return self.all_unmask or field_id in self.unmask
