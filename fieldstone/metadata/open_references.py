"""References to records of several objects: they go on without an object that is removed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from fieldstone.metadata.component import Component
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import fold

_OBJECT: Final = "object"
_SEVERAL: Final = "polymorphic"


def without_targets(component: Component, gone: Collection[Component], scope: Scope) -> Component:
    """Give a field that may point to records of several objects without those that are gone.

    Any other component is given as it is. A field that has no other target keeps the first of
    them, so that it is seen to need what is gone. scope: what there was before.
    """
    targets = component.body.get("references")
    if component.body.get("type") != _SEVERAL or not isinstance(targets, list | tuple):
        return component
    names = {fold(one.name) for one in gone if one.kind == _OBJECT}
    kept = [one for one in targets if fold(scope.object_name(str(one)) or str(one)) not in names]
    if len(kept) == len(targets):
        return component
    return replace(component, body={**component.body, "references": kept or list(targets[:1])})
