"""Fields and rules in the bin: whose they are, and how they follow when that object is renamed.

They are called by their object's name, and several objects may have had a name one after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.registry import OBJECT, OWNED
from fieldstone.metadata.values import fold


def owner_of(objects: Iterable[StoredComponent], part: StoredComponent) -> StoredComponent | None:
    """Give the object that a field or rule belongs to, whether or not it lies in the bin itself.

    objects: the tenant's; other components among them are passed over. Of those that had the name
    it is the one that had it when the part was deleted. None where that is gone.
    """
    name = fold(split_name(part.component.name)[0])
    found = [
        row
        for row in objects
        if row.component.kind == OBJECT.name
        and row.id < part.id  # an object is made before what it is made of
        and fold(row.component.name) == name
        and (row.deleted_at is None or _was_there(row, part))
    ]
    live = [row for row in found if row.deleted_at is None]
    binned = sorted((row for row in found if row.deleted_at), key=lambda row: str(row.deleted_at))
    return next(iter(binned if part.deleted_at else live), next(iter(live), None))


def _was_there(owner: StoredComponent, part: StoredComponent) -> bool:
    """Tell whether an object in the bin went there together with a part or later."""
    if owner.deleted_at is None or part.deleted_at is None:
        return False
    return owner.deleted_at >= part.deleted_at


def following(
    rows: Sequence[StoredComponent], changes: Sequence[ComponentChange]
) -> Iterator[StoredComponent]:
    """Yield what lies in the bin, or goes there now, as it is called once its object is renamed.

    rows: all stored components of the tenant before the changes.
    """
    names = {
        change.id: change.after.name
        for change in changes
        if change.before is not None
        and change.after is not None
        and change.after.kind == OBJECT.name
        and change.after.name != change.before.name
    }
    if not names:
        return
    removed = {change.id for change in changes if change.operation == "remove"}
    back = {change.id for change in changes if change.operation == "restore"}
    objects = [row for row in rows if row.component.kind == OBJECT.name]
    for row in rows:
        is_gone = row.id in removed or (row.deleted_at is not None and row.id not in back)
        if row.component.kind in OWNED and is_gone:
            owner = owner_of(objects, row)
            if owner is not None and owner.id in names:
                yield replace(row, component=_of_object(row.component, names[owner.id]))


def _of_object(component: Component, owner: str) -> Component:
    own = split_name(component.name)[1]
    return replace(component, name=f"{owner}.{own}", body={**component.body, "object": owner})
