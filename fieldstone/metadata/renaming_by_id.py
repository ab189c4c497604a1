"""Components of one side of a merge, told by their ids, as they read once some are renamed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fieldstone.metadata.changes import Key
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.registry import OBJECT, OWNED
from fieldstone.metadata.named_places import FormulaNames
from fieldstone.metadata.renames import renamed
from fieldstone.metadata.scope import Scope


@dataclass(frozen=True, slots=True)
class Renaming:
    """A component that is to be called otherwise. name: its own new name, without its object's."""

    id: int
    name: str


def after_renames(
    components: Mapping[int, Component], renames: Iterable[Renaming], formulas: FormulaNames
) -> tuple[dict[int, Component], list[tuple[Key, str]]]:
    """Give components by their ids as they read after some renames, and the renames as proposed."""
    found = dict(components)
    steps: list[tuple[Key, str]] = []
    # Objects first, since the names of what belongs to them begin with theirs.
    for one in sorted(renames, key=lambda one: _is_no_object(found.get(one.id))):
        target = found.get(one.id)
        if target is None or own_name(target) == one.name:
            continue
        name = one.name
        if target.kind in OWNED:
            name = f"{split_name(target.name)[0]}.{one.name}"
        steps.append((target.key, name))
        scope = Scope(found.values())
        found = {
            number: renamed(component, target, name, scope, formulas)
            for number, component in found.items()
        }
    return found, steps


def own_name(component: Component) -> str:
    """Give a component's own name, without that of its object."""
    return split_name(component.name)[1] if component.kind in OWNED else component.name


def _is_no_object(component: Component | None) -> bool:
    return component is None or component.kind != OBJECT.name
