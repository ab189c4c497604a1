"""Branches of the tenant of a request, compared and merged: for the API and the pages alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from fieldstone.metadata.branch_merge import BranchMerge
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.merging import Choice
from fieldstone.platform.branching import SYSTEM, Branching
from fieldstone.platform.tenant_endpoints import tenants_of
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.branches import (
    Branch,
    Side,
    changed_in_branch,
    changed_in_parent,
    check_settled,
    get_branch,
    load_side,
    merged_into_branch,
    merged_into_parent,
    note_merged,
)
from fieldstone.runtime.metadata_changes import Applied
from fieldstone.runtime.metadata_history import undone_among
from fieldstone.runtime.metadata_plans import PlannedChange, apply_planned, plan_change
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Transaction


@dataclass(frozen=True, slots=True)
class Wish:
    """What a merge is asked for with. into_parent: which way; digest: of the plan, where known."""

    into_parent: bool = True
    choices: Mapping[str, Choice] = field(default_factory=dict)
    digest: str | None = None
    confirmed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tried:
    """What a merge would do, and where both sides disagree."""

    merge: BranchMerge
    plan: PlannedChange


@dataclass(frozen=True, slots=True)
class Compared:
    """What a branch made different, and what its parent did since."""

    branch: Branch
    changes: tuple[ComponentChange, ...]
    since: tuple[ComponentChange, ...]


def branching_of(request: Request) -> Branching:
    """Give what makes branches."""
    return Branching(database_of(request), tenants_of(request))


async def compare(request: Request, name: str) -> Compared:
    """Compare a branch with its parent. Raises UnknownBranch, Forbidden."""
    branch, _, there = await _opened(request, name)
    here = await _side(request, tenant_of(request))
    return Compared(branch, changed_in_branch(branch, there), changed_in_parent(branch, here))


async def try_merge(request: Request, name: str, wish: Wish) -> Tried:
    """Tell what merging would do. Raises UnknownBranch, Forbidden, and what planning raises."""
    branch, inside, there = await _opened(request, name)
    if wish.into_parent:
        async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
            merge = await merged_into_parent(branch, there, await load_side(tx), wish.choices)
            return Tried(merge, await plan_change(tx, merge.proposal))
    here = await _side(request, tenant_of(request))
    async with database_of(request).read(inside, SYSTEM) as tx:
        merge = await merged_into_branch(branch, here, await load_side(tx), wish.choices)
        return Tried(merge, await plan_change(tx, merge.proposal))


async def do_merge(
    request: Request, name: str, wish: Wish, cause: Mapping[str, str] | None = None
) -> Applied:
    """Merge a branch, either way, all or nothing.

    Raises Several for conflicts that are not settled, PackageMissing, and what applying raises.
    """
    tenant, viewer = tenant_of(request), viewer_of(request)
    told = {**cause_of(request), **(cause or {}), "branch": name}
    branch, inside, there = await _opened(request, name)
    if wish.into_parent:
        async with database_of(request).change_metadata(tenant, viewer, told) as tx:
            merge = await merged_into_parent(branch, there, await load_side(tx), wish.choices)
            applied = await _applied(tx, merge, wish)
            ours = await load_side(tx.under(applied.catalog))
            await note_merged(tx, branch, (ours, there), applied, into_parent=True)
            return applied
    here = await _side(request, tenant)
    async with database_of(request).change_metadata(inside, SYSTEM, told) as tx:
        merge = await merged_into_branch(branch, here, await load_side(tx), wish.choices)
        applied = await _applied(tx, merge, wish)
        there = await load_side(tx.under(applied.catalog))
    async with database_of(request).write_apart(tenant, viewer) as tx:
        await note_merged(tx, branch, (here, there), applied, into_parent=False)
    return applied


async def _applied(tx: Transaction, merge: BranchMerge, wish: Wish) -> Applied:
    check_settled(merge)
    return await apply_planned(tx, merge.proposal, wish.digest, wish.confirmed)


async def _opened(request: Request, name: str) -> tuple[Branch, Tenant, Side]:
    """Give a branch of the request's tenant, the tenant that it is, and its side as it is now."""
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).read(tenant, viewer) as tx:
        branch = await get_branch(tx, name)
        in_parent = await undone_among(tx, branch.merges(into_parent=True))
    inside = await branching_of(request).tenant_of(tenant, branch)
    async with database_of(request).read(inside, SYSTEM) as tx:
        in_branch = await undone_among(tx, branch.merges(into_parent=False))
        return branch.after_undoing(in_parent, in_branch), inside, await load_side(tx)


async def _side(request: Request, tenant: Tenant) -> Side:
    async with database_of(request).read(tenant, viewer_of(request)) as tx:
        return await load_side(tx)
