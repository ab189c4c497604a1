"""Own heaps: made, indexed and dropped by the owner's functions, for the application may not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Integer, Text, func, select

from fieldstone.metadata.slots import ALL_SLOTS
from fieldstone.metadata.tables import OWN_HEAP_PREFIX
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.storage.job_steps import work_in_background
from fieldstone.runtime.transactions import Transaction

_OBJECT: Final = parameter("object", Integer())
_CREATE: Final = prepare(select(func.create_own_heap(_OBJECT)))
_INDEX: Final = prepare(select(func.index_own_heap(_OBJECT, parameter("slot", Text()))))
_ANALYZE: Final = prepare(select(func.analyze_own_heap(_OBJECT)))
_DROP: Final = prepare(select(func.drop_own_heap(_OBJECT)))


def own_heap_name(object_id: int) -> str:
    """Give the name of the heap that an object has if it has one of its own."""
    return f"{OWN_HEAP_PREFIX}{object_id}"


def is_own_heap(name: str) -> bool:
    """Tell whether a heap belongs to one object alone."""
    return name.startswith(OWN_HEAP_PREFIX)


async def create_own_heap(tx: Transaction, object_id: int, filled: Iterable[str]) -> None:
    """Make an empty heap anew, with the indexes of all slots but those that are about to be filled.

    An index is made faster on rows that are there; of an empty slot it is made at once.
    """
    await work_in_background(tx)
    await drop_own_heap(tx, object_id)
    await tx.value(_CREATE, object=object_id)
    later = set(filled)
    for slot in ALL_SLOTS:
        if slot not in later:
            await tx.value(_INDEX, object=object_id, slot=slot)


async def index_own_heap(tx: Transaction, object_id: int, slot: str) -> None:
    """Make the index of one slot, unless it is there. Writers of the heap wait meanwhile."""
    await work_in_background(tx)
    await tx.value(_INDEX, object=object_id, slot=slot)


async def analyze_own_heap(tx: Transaction, object_id: int) -> None:
    """Bring the planner's statistics of the heap up to date."""
    await work_in_background(tx)
    await tx.value(_ANALYZE, object=object_id)


async def drop_own_heap(tx: Transaction, object_id: int) -> None:
    """Drop the heap, if there is one. The database refuses while the object's records lie there."""
    dropped: Any = await tx.value(_DROP, object=object_id)
    assert not dropped
