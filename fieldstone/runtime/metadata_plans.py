"""Metadata changes in two steps: a plan tells what would happen, then just that is applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fieldstone.errors import Conflict, InvalidInput
from fieldstone.metadata.changes import MetadataPlan, Proposal
from fieldstone.metadata.digests import digest_of_changes
from fieldstone.runtime.change_impact import Impact, impact_of, losses, losses_of
from fieldstone.runtime.metadata_changes import (
    Applied,
    change_metadata,
    load_components,
    try_change,
)
from fieldstone.runtime.transactions import Transaction


class PlanMoved(Conflict):
    """What would be changed is not what was planned: somebody changed it meanwhile."""

    code = "metadata.plan_moved"


class LossUnconfirmed(InvalidInput):
    """A change by which records or values are lost, and which was not confirmed with its count."""

    code = "metadata.loss_unconfirmed"


class ReadBackDiffers(AssertionError):
    """What the database holds after a change is not what was written; all of it is taken back."""


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """What a proposal would do.

    version: of the catalog that it was planned against. digest: of all that it changes, before
    and after. impact: what it means for records.
    """

    plan: MetadataPlan
    version: int
    digest: str
    impact: tuple[Impact, ...]


async def plan_change(tx: Transaction, proposal: Proposal) -> PlannedChange:
    """Plan a proposal without changing anything. Raises all that change_metadata raises."""
    tried = await try_change(tx, proposal)
    impact = await impact_of(tx, tried)
    digest = digest_of_changes(tried.plan.changes)
    return PlannedChange(tried.plan, tx.catalog.version, digest, impact)


async def apply_planned(
    tx: Transaction, proposal: Proposal, digest: str | None, confirmed: Mapping[str, int]
) -> Applied:
    """Apply a proposal if it does what was planned, all or nothing.

    digest: of the plan; None for whatever it does now. confirmed: how many records each loss may
    take, by its key. tx must have been opened by Database.change_metadata. Raises PlanMoved,
    LossUnconfirmed and all that change_metadata raises.
    """

    async def agree(plan: MetadataPlan) -> None:
        if digest is not None and digest != digest_of_changes(plan.changes):
            raise PlanMoved(
                "What would be changed is not what was planned: it was changed meanwhile.",
                hint="Plan it again and look at what is different.",
            )
        await _check_losses(tx, plan, confirmed)

    applied = await change_metadata(tx, proposal, agree)
    await _read_back(tx, applied)
    return applied


async def _check_losses(tx: Transaction, plan: MetadataPlan, confirmed: Mapping[str, int]) -> None:
    """Refuse to lose what was not confirmed, or more than that."""
    wanted = losses_of(await losses(tx, plan))
    open_ones = {key: count for key, count in wanted.items() if confirmed.get(key, -1) < count}
    if open_ones:
        told = ", ".join(f"{key} ({count:,})" for key, count in open_ones.items())
        raise LossUnconfirmed(
            f"Records or values would be lost: {told}.",
            at="/confirm",
            hint="Send confirm with each key and its count, if that is meant.",
            details={"losses": open_ones},
        )


async def _read_back(tx: Transaction, applied: Applied) -> None:
    """See that the database holds what was planned. Raises ReadBackDiffers."""
    rows = {row.id: row for row in await load_components(tx)}
    for change in applied.plan.changes:
        row = rows.get(change.id)
        live = row.component if row is not None and row.deleted_at is None else None
        if live != (None if change.operation == "remove" else change.after):
            raise ReadBackDiffers(f"{change.operation} of component {change.id}")
