"""Which slot or index would serve a way to ask, and what that advice is called.

EXPLAIN and `crm advise` read it here, so that both name the same thing by the same id.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fieldstone.errors import NotFound
from fieldstone.ids import FieldId
from fieldstone.metadata.catalog import Field, ObjectDef, ObjectIndex
from fieldstone.metadata.tables import OWN_HEAP_PREFIX
from fieldstone.query_language.used_fields import ObjectUse

MOST_EQUAL: Final = 2
"""So many fields compared by equality stand in an index before the one it is ordered by."""

_INDEXED_COLUMNS: Final = ("id", "owner_id")
_INDEXABLE_COLUMNS: Final = ("owner_id", "created_at", "created_by", "updated_at", "updated_by")


class UnknownAdvice(NotFound):
    """No advice of this id, or about fields that the viewer may not see."""

    code = "storage.unknown_advice"


class AdviceKind(StrEnum):
    """What is advised: lend a field a slot, make an index of an own heap, or drop one."""

    SLOT = "slot"
    INDEX = "index"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class AdviceName:
    """An id of advice, read. names: of fields; of what is to be dropped, the index alone."""

    kind: AdviceKind
    object: str
    names: tuple[str, ...]


def advice_id(kind: AdviceKind, obj: ObjectDef, names: Iterable[str]) -> str:
    """Give the id of advice: slot-Deal.next_step, index-Deal.stage.close_date or drop-Deal.a17."""
    return f"{kind}-{'.'.join((obj.name, *names))}"


def read_advice_id(text: str) -> AdviceName:
    """Read an id back. Raises UnknownAdvice."""
    kind, _, names = text.partition("-")
    obj, *fields = names.split(".")
    if kind not in tuple(AdviceKind) or not obj or not fields or not all(fields):
        raise unknown_advice(text)
    return AdviceName(AdviceKind(kind), obj, tuple(fields))


def unknown_advice(text: str) -> UnknownAdvice:
    """Give the error for an id that means nothing."""
    return UnknownAdvice(
        f"There is no advice {text[:120]}.", hint="crm advise lists what there is."
    )


def how_to_apply(kind: AdviceKind, obj: ObjectDef, fields: Iterable[Field]) -> str:
    """Give the command that applies advice."""
    return f"crm advise apply {advice_id(kind, obj, (field.name for field in fields))}"


def has_own_heap(obj: ObjectDef) -> bool:
    """Tell whether an object's records lie in a heap of their own, which may have more indexes."""
    return obj.heap.startswith(OWN_HEAP_PREFIX)


def column_of(field: Field) -> str | None:
    """Give the column of a field that an index may hold; None if there is none."""
    if field.column is not None:
        return field.column if field.column in _INDEXABLE_COLUMNS else None
    return field.slot


def fields_of_index(obj: ObjectDef, use: ObjectUse) -> tuple[Field, ...]:
    """Give the fields of the index that would serve a way to ask; none where those there are do.

    First what is compared by equality, then what rows are sorted by, or a range. Every slot has an
    index of its own, so that one alone needs none; an index on two gives their order as well.
    """
    if not has_own_heap(obj):
        return ()
    equal = _usable(obj, use.equal)
    last = [one for one in _usable(obj, (*use.sorted, *use.ranged)) if one not in equal]
    fields = (*equal[:MOST_EQUAL], *last[:1]) if last else tuple(equal[: MOST_EQUAL + 1])
    if not fields or (len(fields) == 1 and is_indexed(fields[0])):
        return ()
    return () if any(_covers(index, fields) for index in obj.indexes) else fields


def is_indexed(field: Field) -> bool:
    """Tell whether a field has an index of its own in every heap."""
    return field.slot is not None or field.column in _INDEXED_COLUMNS


def serves(index: ObjectIndex, use: ObjectUse) -> bool:
    """Tell whether a way to ask may make use of an index."""
    return index.fields[0] in use.fields and index.fields[-1] in use.fields


def _usable(obj: ObjectDef, numbers: Iterable[FieldId]) -> list[Field]:
    by_id = {field.id: field for field in obj.fields}
    found = (by_id[one] for one in numbers if one in by_id)
    return [field for field in found if column_of(field) is not None]


def _covers(index: ObjectIndex, fields: tuple[Field, ...]) -> bool:
    wanted = [field.id for field in fields]
    beginning = index.fields[: len(wanted)]
    return set(beginning[:-1]) == set(wanted[:-1]) and beginning[-1:] == tuple(wanted[-1:])
