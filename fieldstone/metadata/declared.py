"""What a catalog holds as it was declared: layouts, views and the like, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from fieldstone.ids import ObjectId
from fieldstone.metadata.catalog import Declared
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.kinds.registry import KINDS, OWNED
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import fold

_KINDS: Final = frozenset(kind.name for kind in KINDS.values() if kind.declared)


def declared_of(
    rows: Sequence[StoredComponent], scope: Scope, ids: Mapping[str, ObjectId]
) -> dict[str, dict[str, Declared]]:
    """Give what is declared, by kind and folded full name. ids: of objects, by folded names."""
    found: dict[str, dict[str, Declared]] = {}
    for row in rows:
        component = row.component
        if component.kind not in _KINDS:
            continue
        said = component.body.get("object")
        owner = scope.object_name(said) or said if isinstance(said, str) else None
        own = component.name.partition(".")[2] if component.kind in OWNED else component.name
        found.setdefault(component.kind, {})[fold(component.name)] = Declared(
            id=row.id,
            kind=component.kind,
            name=own or component.name,
            body=KINDS[component.kind].read(component),
            object_id=None if owner is None else ids.get(fold(owner)),
            package=component.package,
        )
    return found
