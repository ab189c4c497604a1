"""In which order records of several objects can be made, those first that others need."""

from __future__ import annotations

from collections.abc import Sequence

from fieldstone.metadata.catalog import ObjectDef


def in_order_of_making(objects: Sequence[ObjectDef]) -> list[ObjectDef]:
    """Give objects so that each stands after those without which its records cannot be."""
    ordered: list[ObjectDef] = []
    waiting = list(objects)
    while waiting:
        names = {obj.id for obj in waiting}
        ready = [obj for obj in waiting if not (_masters(obj) & names) - {obj.id}]
        ordered += ready or waiting
        waiting = [obj for obj in waiting if obj not in (ready or waiting)]
    return ordered


def _masters(obj: ObjectDef) -> set[int]:
    return {target for one in obj.own_fields if one.required for target in one.references}
