"""Auto-numbers: taken from a counter in the same transaction, so that none is left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.runtime.records.draft import Draft
from fieldstone.runtime.records.side_statements import TAKE_NUMBERS
from fieldstone.runtime.transactions import Transaction


@runtime_checkable
class Numbered(Protocol):
    """A field type whose values the engine counts up."""

    def number_text(self, number: int, options: object) -> str:
        """Give the value that carries a number."""
        ...

    def first_number(self, options: object) -> int:
        """Give the number of the first record."""
        ...


async def number_new(tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    """Give new records the next numbers of every auto-number field."""
    for field in obj.own_fields:
        if isinstance(field.type, Numbered):
            first = field.type.first_number(field.options)
            last = await tx.value(
                TAKE_NUMBERS,
                tenant=tx.tenant.id,
                field=field.id,
                first=first + len(drafts) - 1,
                count=len(drafts),
            )
            for draft, number in zip(drafts, range(last - len(drafts) + 1, last + 1), strict=True):
                draft.put(field, field.type.number_text(number, field.options))
