"""Fields of a record and of its parents, by the names that components say: `company.phone`.

What a viewer may not read is passed over as if it did not exist, so that one component, such as a
layout, serves everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.rights import Rights
from fieldstone.query_language.relations import (
    TARGET_SIGN,
    pointing_to,
    relation_of,
    target_named,
    targets_of,
)
from fieldstone.query_language.syntax import Path

MAX_STEPS: Final = 10
_BETWEEN: Final = " \N{MIDDLE DOT} "


@dataclass(frozen=True, slots=True)
class ShownPath:
    """A field to show. steps: the references that lead to it, from the record on.

    names: as queries know them, those of the steps first.
    """

    field: Field
    steps: tuple[Field, ...]
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name as queries know it, such as company.phone."""
        return ".".join(self.names)

    @property
    def path(self) -> Path:
        """It as a path for the planner."""
        return Path(self.names)

    @property
    def label(self) -> str:
        """What it is called for people."""
        return _BETWEEN.join((*(step.label for step in self.steps), self.field.label))


def find_path(obj: ObjectDef, name: str, catalog: Catalog, rights: Rights) -> ShownPath | None:
    """Give the field that a dotted name leads to; None where there is none, or none to show."""
    *before, last = name.split(".")
    if len(before) > MAX_STEPS:
        return None
    steps: list[Field] = []
    names: list[str] = []
    for one in before:
        step = relation_of(obj, one, rights)
        target = None if step is None else _target(step, one, catalog, rights)
        if step is None or target is None:
            return None
        several = len(step.references) > 1
        steps.append(pointing_to(step, target.id) if several else step)
        names.append(f"{step.name}{TARGET_SIGN}{target.name}" if several else step.name)
        obj = target
    field = obj.find_field(last)
    if field is None or not rights.may_show_field(field.id):
        return None
    return ShownPath(field, tuple(steps), (*names, field.name))


def find_paths(
    obj: ObjectDef, names: Iterable[str], catalog: Catalog, rights: Rights
) -> Iterator[ShownPath]:
    """Yield the fields that dotted names lead to, each once."""
    found = (find_path(obj, name, catalog, rights) for name in names)
    yield from dict.fromkeys(one for one in found if one is not None)


def _target(step: Field, name: str, catalog: Catalog, rights: Rights) -> ObjectDef | None:
    targets = targets_of(step, catalog, rights)
    if len(targets) == 1 and TARGET_SIGN not in name:
        return targets[0]
    return target_named(name, targets, catalog)
