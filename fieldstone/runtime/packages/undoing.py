"""A change of the set-up is undone, with the records that came or went with packages by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fieldstone.metadata.carried_out import removed_by
from fieldstone.metadata.changes import MetadataPlan
from fieldstone.runtime.metadata_changes import Applied
from fieldstone.runtime.metadata_history import undoing
from fieldstone.runtime.metadata_plans import PlannedChange, apply_planned, plan_change
from fieldstone.runtime.packages.afterwards import Afterwards
from fieldstone.runtime.packages.brought import Leave, load_going, told_of_return
from fieldstone.runtime.transactions import Transaction


async def plan_undo(tx: Transaction, version: int) -> PlannedChange:
    """Tell what undoing a change would do. Raises what undoing and plan_change raise."""
    planned = await plan_change(tx, await undoing(tx, version))
    going = await load_going(tx, Leave(change=version, gone=removed_by(planned.plan)))
    notes = (*going.told(), *await told_of_return(tx, version))
    return replace(planned, impact=(*planned.impact, *notes))


async def apply_undo(
    tx: Transaction, version: int, digest: str | None, confirmed: Mapping[str, int]
) -> Applied:
    """Undo a change if that does what was planned, all or nothing, or leave it to a job.

    tx must have been opened by Database.change_metadata. Raises what undoing and apply_planned
    raise.
    """
    proposal = await undoing(tx, version)

    async def then(plan: MetadataPlan) -> Afterwards:
        if not plan.changes:
            return Afterwards()
        return Afterwards(leave=Leave(change=version, gone=removed_by(plan)), back=version)

    return await apply_planned(tx, proposal, digest, confirmed, may_take_long=True, then=then)
