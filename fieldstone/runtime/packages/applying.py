"""Packages come, are upgraded and go: planned first, then applied as it was planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fieldstone.errors import Conflict as ConflictError
from fieldstone.errors import Problem
from fieldstone.metadata.carried_out import removed_by, rows_after
from fieldstone.metadata.changes import MetadataPlan
from fieldstone.metadata.component_merge import Conflict
from fieldstone.metadata.package_changes import first_proposal
from fieldstone.metadata.packages import Package
from fieldstone.runtime.change_impact import Impact, Severity
from fieldstone.runtime.metadata_changes import Applied, change_metadata, load_components
from fieldstone.runtime.metadata_plans import PlannedChange, apply_planned, plan_change
from fieldstone.runtime.package_trust import Vouching, check_accepted, vouching_for
from fieldstone.runtime.packages.afterwards import Afterwards, Brought, Gift
from fieldstone.runtime.packages.brought import Leave, load_going
from fieldstone.runtime.packages.local_records import load_local
from fieldstone.runtime.packages.record_loading import check_records
from fieldstone.runtime.packages.shipped import note_shipped, shipment_of
from fieldstone.runtime.packages.steps import PlannedStep, check_confirmed, load_steps
from fieldstone.runtime.packages.wishes import Wish, Wished, propose
from fieldstone.runtime.transactions import Transaction


class Unsettled(ConflictError):
    """Conflicts between a package and what was made of it here, for which no side is chosen."""

    code = "package.conflicts"

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        super().__init__(" ".join(one.message for one in conflicts))
        hint = "Choose theirs or ours for each of them."
        self.problems = tuple(
            Problem(self.code, one.message, f"/choices/{one.key}", hint, one.as_json())
            for one in conflicts
        )


@dataclass(frozen=True, slots=True)
class PlannedPackages:
    """What a wish means, what it would do, and what is done besides once it is."""

    wished: Wished
    change: PlannedChange
    steps: tuple[PlannedStep, ...] = ()
    vouchings: tuple[Vouching, ...] = ()


async def plan_packages(tx: Transaction, wish: Wish) -> PlannedPackages:
    """Tell what a wish would do; as long as a conflict is open, what is here stays as it is.

    Raises what propose, plan_change and check_records raise.
    """
    wished = await propose(tx, wish)
    change = await plan_change(tx, wished.proposal)
    notes = (*(await load_going(tx, _leave(wish, change.plan))).told(), *wished.kept)
    if wish.records and any(package.records for package, _ in wished.changes):
        rows = rows_after(await load_components(tx), change.plan, tx.now)
        inside = tx.under(change.catalog)
        for one in await load_local(tx, wished.changes, rows):
            check_records(inside, one.sets)
            notes += tuple(Impact(Severity.NOTE, "records", 0, text) for text in one.left_out)
    change = replace(change, impact=(*change.impact, *notes))
    steps = await load_steps(tx, wished, change.plan)
    return PlannedPackages(wished, change, steps, _vouchings(tx, wish))


async def apply_packages(
    tx: Transaction, wish: Wish, digest: str | None, confirmed: Mapping[str, int]
) -> tuple[Wished, Applied]:
    """Do what a wish means if that is what was planned, all or nothing: a job, where it is long.

    tx must have been opened by Database.change_metadata. Raises Unsettled, Untrusted,
    StepsUnconfirmed, and what propose and apply_planned raise.
    """
    check_accepted(_vouchings(tx, wish), accepted=wish.accepts_untrusted)
    wished = await propose(tx, wish)
    unsettled = [one for one in wished.conflicts if one.choice is None]
    if unsettled:
        raise Unsettled(unsettled)

    async def then(plan: MetadataPlan) -> Afterwards:
        steps = await load_steps(tx, wished, plan)
        check_confirmed(steps, confirmed)
        return Afterwards(
            tuple(shipment_of(package, change) for package, change in wished.changes),
            await _brought(tx, wish, wished, plan),
            tuple(Gift(one.set_name, one.user_ids) for one in steps),
            _leave(wish, plan) if wish.uninstalls else None,
        )

    proposal = wished.proposal
    applied = await apply_planned(tx, proposal, digest, confirmed, may_take_long=True, then=then)
    return wished, applied


def _vouchings(tx: Transaction, wish: Wish) -> tuple[Vouching, ...]:
    return tuple(
        vouching_for(tx, said, wish.own_key, is_shipped=said.name in wish.vouched)
        for said in (one.manifest for one in wish.installs)
    )


async def _brought(
    tx: Transaction, wish: Wish, wished: Wished, plan: MetadataPlan
) -> tuple[Brought, ...]:
    """Give the records that come, under the names that things have once a plan is carried out."""
    if not wish.records or not any(package.records for package, _ in wished.changes):
        return ()
    rows = rows_after(await load_components(tx), plan, tx.now)
    local = await load_local(tx, wished.changes, rows)
    return tuple(Brought(one.package, tuple(one.sets)) for one in local)


def _leave(wish: Wish, plan: MetadataPlan) -> Leave:
    return Leave(wish.uninstalls, gone=removed_by(plan))


async def install_first(tx: Transaction, package: Package) -> Applied:
    """Install a package where nothing of it is there; a name that is taken refuses the whole.

    tx must have been opened by Database.change_metadata.
    """
    applied = await change_metadata(tx, first_proposal(package))
    await note_shipped(tx, package, await load_components(tx))
    return applied
