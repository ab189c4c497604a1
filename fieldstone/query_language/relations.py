"""References by the names that stand in front of a point: `company` in `company.name`."""

from __future__ import annotations

from typing import Final

from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import fold

RELATION_SUFFIX: Final = "__r"


def points(field: Field) -> bool:
    """Tell whether a field points to one record at most, so that it can be joined along."""
    return bool(field.references) and field.type.slot is SlotKind.REFERENCE


def relation_of(obj: ObjectDef, name: str, rights: Rights) -> Field | None:
    """Give the visible reference that a name in front of a point means."""
    bare = fold(name).removesuffix(RELATION_SUFFIX)
    for spelling in (name, bare, f"{bare}__c", f"{bare}id", f"{bare}_id"):
        field = obj.find_field(spelling)
        if field is not None and points(field) and rights.may_read_field(field.id):
            return field
    return None


def targets_of(field: Field, catalog: Catalog, rights: Rights) -> list[ObjectDef]:
    """Give the objects that a reference may point to and that the viewer may see."""
    return [
        catalog.by_id[target]
        for target in field.references
        if points(field) and rights.may_read_object(target)
    ]
