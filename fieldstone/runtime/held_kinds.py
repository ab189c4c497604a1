"""What an object holds stays what it is while there are rows of it."""

from __future__ import annotations

from typing import Final

from fieldstone.errors import Problem, Several
from fieldstone.ids import ObjectId
from fieldstone.metadata.changes import MetadataPlan
from fieldstone.metadata.kinds.registry import OBJECT
from fieldstone.runtime.storage import heap_moves
from fieldstone.runtime.transactions import Transaction

_DECLARED: Final = "metadata"


async def check_held(tx: Transaction, plan: MetadataPlan) -> None:
    """Refuse to have declared what was entered, or entered what was declared, as long as it is.

    Nobody could change the one, and the other would be declared by nobody. Raises Several.
    """
    for change in plan.changes:
        before, after = change.before, change.after
        if before is None or after is None or after.kind != OBJECT.name:
            continue
        held = (before.body.get("holds"), after.body.get("holds"))
        obj = tx.catalog.by_id.get(ObjectId(change.id))
        if obj is None or held[0] == held[1] or _DECLARED not in held:
            continue
        counted = heap_moves.count_rows(obj.heap, tx.tenant.id, obj.id)
        if await tx.value(counted, most=1):
            message = f"{obj.label} has records, and what it holds stays what it is."
            hint = "Make another object for what is held otherwise."
            raise Several([Problem("metadata.invalid", message, "/holds", hint)])
