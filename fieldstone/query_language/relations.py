"""References by the names that stand in front of a point: `company` in `company.name`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from fieldstone.ids import ObjectId
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import fold

RELATION_SUFFIX: Final = "__r"
TARGET_SIGN: Final = ":"
"""Stands between a reference and the object that is meant, where it may point to several."""

_KEPT: Final = 1_000


def points(field: Field) -> bool:
    """Tell whether a field points to one record at most, so that it can be joined along."""
    return bool(field.references) and field.type.slot is SlotKind.REFERENCE


def relation_of(obj: ObjectDef, name: str, rights: Rights) -> Field | None:
    """Give the visible reference that a name in front of a point means.

    The name may say to which object the reference points, as `what:Company`.
    """
    name = name.partition(TARGET_SIGN)[0]
    bare = fold(name).removesuffix(RELATION_SUFFIX)
    # Account__r is the relation of Account__c, even where there is an account as well.
    spellings = (name, f"{bare}__c", bare) if bare != fold(name) else (name, f"{bare}__c")
    for spelling in (*spellings, f"{bare}id", f"{bare}_id"):
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


def target_named(name: str, targets: Sequence[ObjectDef], catalog: Catalog) -> ObjectDef | None:
    """Give the target that `what:Company` names; None where none is named, or no target."""
    wanted = name.partition(TARGET_SIGN)[2]
    found = catalog.find_object(wanted) if wanted else None
    return next((target for target in targets if target is found), None)


@lru_cache(maxsize=_KEPT)
def pointing_to(field: Field, target: ObjectId) -> Field:
    """Give a reference as one that points to records of one object alone.

    The same one each time, so that what is read through it is read once.
    """
    return replace(field, references=(target,), narrows=field)
