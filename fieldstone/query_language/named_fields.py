"""Which fields of which objects a plan names at all: shown, compared, sorted by or gone through."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Final

from fieldstone.ids import FieldId, ObjectId
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.query_language.plan import Plan

Named = frozenset[tuple[ObjectId, FieldId]]
WHOLE: Final = FieldId(0)
"""Stands for the object itself."""


def named_fields(plan: Plan) -> Named:
    """Give the fields of a plan, and every object that it reads, each with WHOLE as well."""
    found: set[tuple[ObjectId, FieldId]] = set()
    todo: list[object] = [plan]
    while todo:
        one = todo.pop()
        if isinstance(one, Field):
            if not one.is_system:
                found.add((one.object_id, one.whole.id))
        elif isinstance(one, ObjectDef):
            found.add((one.id, WHOLE))
        elif isinstance(one, tuple | list | frozenset):
            todo.extend(one)
        elif is_dataclass(one):
            todo.extend(getattr(one, each.name) for each in fields(one))
    return frozenset(found)
