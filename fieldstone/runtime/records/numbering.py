"""Auto-numbers: taken from a counter in the same transaction, so that none is left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol, runtime_checkable

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.runtime.records.draft import Draft
from fieldstone.runtime.records.side_statements import TAKE_NUMBERS
from fieldstone.runtime.transactions import Transaction


@runtime_checkable
class Numbered(Protocol):
    """A field type whose values the engine counts up; its options say where it starts."""

    def render(self, number: int, options: Any, on: date) -> str:
        """Give the value that carries a number, for a record made on a day."""
        ...


async def number_new(tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    """Give new records the next numbers of every auto-number field."""
    for field in obj.own_fields:
        if isinstance(field.type, Numbered):
            last = await tx.value(
                TAKE_NUMBERS,
                tenant=tx.tenant.id,
                field=field.id,
                first=field.options.start + len(drafts) - 1,
                count=len(drafts),
            )
            for draft, number in zip(drafts, range(last - len(drafts) + 1, last + 1), strict=True):
                draft.put(field, field.type.render(number, field.options, tx.now.date()))
