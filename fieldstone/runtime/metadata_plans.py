"""Metadata changes in two steps: a plan tells what would happen, then just that is applied."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fieldstone.errors import Conflict
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import MetadataPlan, Proposal
from fieldstone.metadata.digests import digest_of_changes
from fieldstone.metadata.proposal_json import read_proposal
from fieldstone.runtime.change_impact import Impact, impact_of, losses, losses_of
from fieldstone.runtime.change_touches import Touched, load_touched
from fieldstone.runtime.conversion.at_once import MOST_AT_ONCE
from fieldstone.runtime.conversion.errors import LossUnconfirmed
from fieldstone.runtime.conversion.outcomes import Outcome, load_outcomes
from fieldstone.runtime.conversion.starting import CONVERT, start_conversion
from fieldstone.runtime.jobs import Job, JobEnded, JobState
from fieldstone.runtime.metadata_changes import (
    Applied,
    change_metadata,
    load_components,
    try_change,
)
from fieldstone.runtime.own_labels import under_own_labels
from fieldstone.runtime.packages.afterwards import Afterwards, read_afterwards
from fieldstone.runtime.transactions import Transaction

Then = Callable[[MetadataPlan], Awaitable[Afterwards]]


class PlanMoved(Conflict):
    """What would be changed is not what was planned: somebody changed it meanwhile."""

    code = "metadata.plan_moved"


class _LeftToJob(Exception):
    """There is too much to convert at once: nothing has been written yet."""

    def __init__(self, tried: Applied) -> None:
        super().__init__()
        self.tried = tried


class ReadBackDiffers(AssertionError):
    """What the database holds after a change is not what was written; all of it is taken back."""


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """What a proposal would do.

    version: of the catalog that it was planned against. digest: of all that it changes, before
    and after. impact: what it means for records. outcomes: what becomes of the values that become
    others. catalog: as it would be.
    """

    plan: MetadataPlan
    version: int
    catalog: Catalog
    digest: str
    impact: tuple[Impact, ...]
    outcomes: tuple[Outcome, ...] = ()
    touched: tuple[Touched, ...] = ()


async def plan_change(tx: Transaction, proposal: Proposal) -> PlannedChange:
    """Plan a proposal without changing anything. Raises all that change_metadata raises."""
    tx = await under_own_labels(tx)
    tried = await try_change(tx, proposal)
    outcomes = await load_outcomes(tx, tried.moves)
    impact = await impact_of(tx, tried, outcomes)
    digest = digest_of_changes(tried.plan.changes, tried.plan.conversions)
    touched = await load_touched(tx, tried.plan.changes)
    return PlannedChange(
        tried.plan, tx.catalog.version, tried.catalog, digest, impact, outcomes, touched
    )


async def apply_planned(
    tx: Transaction,
    proposal: Proposal,
    digest: str | None,
    confirmed: Mapping[str, int],
    *,
    may_take_long: bool = False,
    then: Then | None = None,
) -> Applied:
    """Apply a proposal if it does what was planned, all or nothing.

    digest: of the plan; None for whatever it does now. confirmed: how many records each loss may
    take, by its key. tx must have been opened by Database.change_metadata. Raises PlanMoved,
    LossUnconfirmed and all that change_metadata raises. may_take_long: whether a job does it all
    where more values have to become others than can while everybody waits; then nothing has changed
    yet. then: gives what follows on a plan in the transaction that applies it.
    """

    async def agree(plan: MetadataPlan) -> None:
        check_moved(plan, digest)
        tried = await try_change(tx, proposal) if plan.conversions else None
        # Everybody waits meanwhile: of many records, a job looks at the rest.
        outcomes = await load_outcomes(tx, tried.moves, MOST_AT_ONCE) if tried else ()
        await check_losses(tx, plan, outcomes, confirmed)
        if may_take_long and tried is not None and any(one.in_background for one in outcomes):
            raise _LeftToJob(tried)

    try:
        applied = await change_metadata(tx, proposal, agree, confirmed=confirmed)
    except _LeftToJob as left:
        tried = left.tried
        meant = digest_of_changes(tried.plan.changes, tried.plan.conversions)
        rest = (await then(tried.plan)).as_json() if then is not None else None
        job = await start_conversion(tx, proposal, tried.moves, meant, confirmed, then=rest)
        return Applied(MetadataPlan(()), tx.catalog, job=job)
    await read_back(tx, applied)
    if then is not None:
        await (await then(applied.plan)).do(tx, applied)
    return applied


async def apply_again(tx: Transaction, job: Job) -> Applied:
    """Apply what a job should have applied that came to nothing, if it still does the same.

    It has the cause that the job would have told, such as what it undoes.
    tx must have been opened by Database.change_metadata. Raises JobEnded for any other job, and
    what apply_planned raises.
    """
    if job.kind != CONVERT or job.state not in (JobState.CANCELLED, JobState.FAILED):
        raise JobEnded(f"The job {job.id} is {job.state.value}, and cannot begin again.")
    said: Any = job.arguments

    async def then(_: MetadataPlan) -> Afterwards:
        return read_afterwards(said.get("then"))

    tx.cause = {**tx.cause, **said.get("cause", {})}
    proposal, meant = read_proposal(said["proposal"]), (said["digest"], said["confirm"])
    return await apply_planned(tx, proposal, *meant, may_take_long=True, then=then)


def check_moved(plan: MetadataPlan, digest: str | None) -> None:
    """Refuse a plan that is not the one of a digest; None agrees to any. Raises PlanMoved."""
    if digest is not None and digest != digest_of_changes(plan.changes, plan.conversions):
        raise PlanMoved(
            "What would be changed is not what was planned: it was changed meanwhile.",
            hint="Plan it again and look at what is different.",
        )


async def check_losses(
    tx: Transaction,
    plan: MetadataPlan,
    outcomes: Iterable[Outcome],
    confirmed: Mapping[str, int],
) -> None:
    """Refuse to lose what was not confirmed, or more than that. Raises LossUnconfirmed."""
    wanted = losses_of(await losses(tx, plan, outcomes))
    open_ones = {key: count for key, count in wanted.items() if confirmed.get(key, -1) < count}
    if open_ones:
        told = ", ".join(f"{key} ({count:,})" for key, count in open_ones.items())
        raise LossUnconfirmed(
            f"Records or values would be lost: {told}.",
            at="/confirm",
            hint="Send confirm with each key and its count, if that is meant.",
            details={"losses": open_ones},
        )


async def read_back(tx: Transaction, applied: Applied) -> None:
    """See that the database holds what was planned. Raises ReadBackDiffers."""
    rows = {row.id: row for row in await load_components(tx)}
    for change in applied.plan.changes:
        row = rows.get(change.id)
        live = row.component if row is not None and row.deleted_at is None else None
        if live != (None if change.operation == "remove" else change.after):
            raise ReadBackDiffers(f"{change.operation} of component {change.id}")
