"""Permission sets become rights: what several of them allow adds up, and nothing else is allowed.

The fields that every record has are read with their object: without them no record can be shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace

from fieldstone.ids import FieldId, ObjectId
from fieldstone.metadata.catalog import Catalog, Field
from fieldstone.metadata.permission_set import FieldLevel, ObjectRight, PermissionSet
from fieldstone.metadata.rights import EVERY_ACTION, Rights


def compile_rights(catalog: Catalog, set_ids: Iterable[int]) -> Rights:
    """Give what the permission sets of these ids, and those they include, allow together.

    What is no set of the catalog, or not any more, allows nothing.
    """
    sets = tuple(with_included(catalog, set_ids))
    allowed = {
        obj.id: frozenset[ObjectRight]().union(*(one.of_object(obj.id) for one in sets))
        for obj in catalog.objects
    }

    def without(right: ObjectRight) -> frozenset[ObjectId]:
        return frozenset(number for number, given in allowed.items() if right not in given)

    unreadable, uneditable, masked = set[FieldId](), set[FieldId](), set[FieldId]()
    for obj in catalog.objects:
        is_readable = ObjectRight.READ in allowed[obj.id]
        for field in obj.fields:
            level = level_of(sets, field)
            if level is FieldLevel.NONE or not is_readable:
                unreadable.add(field.id)
            if level is not FieldLevel.EDIT:
                uneditable.add(field.id)
            if field.mask is not None and not any(one.unmasks(field.id) for one in sets):
                # What is masked is shown, and is otherwise as what may not be read: nothing asks
                # for it. Nobody writes it either, who could only guess what they change.
                if field.id not in unreadable:
                    masked.add(field.id)
                unreadable.add(field.id)
                uneditable.add(field.id)
    return _named(
        Rights(
            digest="",
            unreadable_objects=without(ObjectRight.READ),
            unreadable_fields=frozenset(unreadable),
            uncreatable_objects=without(ObjectRight.CREATE),
            uneditable_objects=without(ObjectRight.EDIT),
            undeletable_objects=without(ObjectRight.DELETE),
            uneditable_fields=frozenset(uneditable),
            masked_fields=frozenset(masked),
            partly_seen=without(ObjectRight.VIEW_ALL),
            partly_edited=without(ObjectRight.MODIFY_ALL),
            unlockable=without(ObjectRight.LOCK),
            closed_types=frozenset(
                one.id
                for obj in catalog.objects
                for one in obj.record_types
                if not any(given.allows_type(obj.id, one.id) for given in sets)
            ),
            usual_types=frozenset().union(*(one.usual_types for one in sets)),
            denied_actions=EVERY_ACTION.difference(*(one.actions for one in sets)),
            setup=frozenset().union(*(one.setup for one in sets)),
        )
    )


def with_included(catalog: Catalog, set_ids: Iterable[int]) -> Iterator[PermissionSet]:
    """Yield the permission sets of these ids and all that they include, each once."""
    seen = set[int]()
    ahead = sorted(set_ids, reverse=True)
    while ahead:
        number = ahead.pop()
        found = catalog.permission_sets.get(number)
        if found is not None and number not in seen:
            seen.add(number)
            yield found
            ahead.extend(found.includes)


def level_of(sets: Iterable[PermissionSet], field: Field) -> FieldLevel:
    """Give how far sets open a field, which are those given and all that they include."""
    levels = {set_level(one, field) for one in sets}
    for level in (FieldLevel.EDIT, FieldLevel.READ):
        if level in levels:
            return level
    return FieldLevel.NONE


def set_level(one: PermissionSet, field: Field) -> FieldLevel:
    """Give how far one set by itself opens a field."""
    level = one.of_field(field.id)
    if field.is_declared:
        return level
    changing = {ObjectRight.EDIT} if field.is_system else {ObjectRight.EDIT, ObjectRight.CREATE}
    may_change = not changing.isdisjoint(one.of_object(field.object_id))
    is_named = field.id in (one.fields or {})
    if may_change and (level is FieldLevel.EDIT or not is_named):
        return FieldLevel.EDIT
    return FieldLevel.READ


def _named(rights: Rights) -> Rights:
    """Give rights with the digest that names them."""
    said = hashlib.blake2b(digest_size=12)
    for one in fields(rights):
        if one.name not in ("digest", "record_access"):
            said.update(f"{one.name} {sorted(getattr(rights, one.name))};".encode())
    return replace(rights, digest=said.hexdigest())
