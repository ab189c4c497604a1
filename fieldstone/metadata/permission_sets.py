"""Components of the kind permission_set become those of the catalog, names bound to ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from fieldstone.ids import FieldId, ObjectId
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.kinds.permission_set import PermissionSetBody
from fieldstone.metadata.kinds.registry import PERMISSION_SET
from fieldstone.metadata.permission_set import (
    FieldLevel,
    ObjectRight,
    PermissionSet,
    TypeGrant,
    with_implied,
)
from fieldstone.metadata.values import fold

FindObject: TypeAlias = Callable[[str], ObjectDef | None]


def permission_sets_of(
    rows: Iterable[StoredComponent], find_object: FindObject
) -> dict[int, PermissionSet]:
    """Give the permission sets among components by their ids.

    What a set says of objects and fields that are in the bin is passed over.
    """
    mine = [row for row in rows if row.component.kind == PERMISSION_SET.name]
    ids = {fold(row.component.name): row.id for row in mine}
    return {row.id: permission_set_of(row, ids, find_object) for row in mine}


def permission_set_of(
    row: StoredComponent, ids: Mapping[str, int], find_object: FindObject
) -> PermissionSet:
    """Give a permission set, its names bound. ids: of all sets, by their folded names."""
    body = PERMISSION_SET.read(row.component)
    included = (ids.get(fold(name)) for name in body.includes)
    return PermissionSet(
        id=row.id,
        name=row.component.name,
        label=body.label,
        description=body.description,
        is_profile=body.is_profile,
        package=row.component.package,
        includes=tuple(number for number in included if number is not None),
        all_objects=with_implied(body.all_objects),
        objects=dict(_objects(body, find_object)),
        all_fields=body.all_fields,
        fields=dict(_fields(body, find_object)),
        unmask=frozenset(_unmask(body, find_object)),
        all_unmask=body.all_unmask,
        actions=frozenset(body.actions),
        setup=body.areas,
        record_types=_record_types(body, find_object),
        usual_types=frozenset(
            number
            for _, number, grant in _types_named(body, find_object)
            if grant is TypeGrant.DEFAULT
        ),
    )


def _objects(
    body: PermissionSetBody, find_object: FindObject
) -> Iterator[tuple[ObjectId, frozenset[ObjectRight]]]:
    for name, rights in body.objects.items():
        obj = find_object(name)
        if obj is not None:
            yield obj.id, with_implied(rights)


def _fields(
    body: PermissionSetBody, find_object: FindObject
) -> Iterator[tuple[FieldId, FieldLevel]]:
    for name, level in body.fields.items():
        field = _field(name, find_object)
        if field is not None:
            yield field.id, level


def _unmask(body: PermissionSetBody, find_object: FindObject) -> Iterator[FieldId]:
    for name in body.unmask:
        field = _field(name, find_object)
        if field is not None:
            yield field.id


def _record_types(
    body: PermissionSetBody, find_object: FindObject
) -> dict[ObjectId, frozenset[int]]:
    found: dict[ObjectId, frozenset[int]] = {}
    for owner, number, _ in _types_named(body, find_object):
        found[owner] = found.get(owner, frozenset()) | {number}
    return found


def _types_named(
    body: PermissionSetBody, find_object: FindObject
) -> Iterator[tuple[ObjectId, int, TypeGrant]]:
    """Yield the object and the id of each record type that is named and not in the bin."""
    for name, grant in body.record_types.items():
        owner, _, own = name.partition(".")
        obj = find_object(owner)
        for one in () if obj is None else obj.record_types:
            if obj is not None and fold(one.name) == fold(own):
                yield obj.id, one.id, TypeGrant(grant)


def _field(name: str, find_object: FindObject) -> Field | None:
    """Give the field of a full name; None where it lies in the bin."""
    owner, _, own = name.partition(".")
    obj = find_object(owner)
    return None if obj is None else obj.find_field(own)
