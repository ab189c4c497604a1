"""Branches of a tenant: what is known of each, how it is compared, and merged either way.

A branch is a tenant of its own, so that whatever is tried there touches nothing here. Which ones a
tenant has is written down in the tenant itself, with what both had in common when they were alike.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Integer, Text, delete, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from fieldstone.errors import Conflict as ConflictError
from fieldstone.errors import Forbidden, InvalidInput, NotFound, Problem, Several
from fieldstone.ids import TenantId
from fieldstone.metadata.branch_history import Common
from fieldstone.metadata.branch_merge import (
    BranchMerge,
    Edge,
    changes_since,
    copied,
    merge_branch,
    paired,
    rebased,
)
from fieldstone.metadata.branch_tables import BRANCH
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.component_merge import Choices
from fieldstone.metadata.values import read_json, write_json
from fieldstone.query_language.formula.renaming import FormulaRenames
from fieldstone.runtime.branch_json import common_as_json, read_common
from fieldstone.runtime.long_texts import worked_out
from fieldstone.runtime.metadata_changes import Applied, change_metadata, load_components
from fieldstone.runtime.permissions import check_whole
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

MOST_BRANCHES: Final = 10
SEPARATOR: Final = "--"
"""What stands between the names of a tenant and of its branch in the name of the branch's."""

NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_NAME: Final = 20
_WORK_OF_ONE: Final = 200
_TENANT: Final = parameter("tenant", Integer())
_NAME: Final = parameter("name", Text())
_OF: Final = (BRANCH.c.tenant_id == _TENANT, BRANCH.c.name == _NAME)
_KNOWN: Final = (
    BRANCH.c.name,
    BRANCH.c.branch_tenant_id,
    BRANCH.c.version,
    BRANCH.c.branch_version,
    BRANCH.c.created_at,
    BRANCH.c.created_by,
    BRANCH.c.merged_at,
)
_ALL: Final = prepare(
    select(*_KNOWN)
    .where(BRANCH.c.tenant_id == _TENANT)
    .order_by(BRANCH.c.name)
    .limit(MOST_BRANCHES)
)
_ONE: Final = prepare(select(*_KNOWN, BRANCH.c.base).where(*_OF))
_FORGET: Final = prepare(delete(BRANCH).where(*_OF))
_ADD: Final = prepare(
    insert(BRANCH).values(
        tenant_id=_TENANT,
        name=_NAME,
        branch_tenant_id=parameter("branch", Integer()),
        version=parameter("version", BigInteger()),
        branch_version=parameter("branch_version", BigInteger()),
        base=parameter("base", JSONB()),
        created_at=parameter("now", DateTime(timezone=True)),
        created_by=parameter("by", BigInteger()),
    )
)
_NOTHING: Final = Common()
_MERGED: Final = prepare(
    update(BRANCH)
    .where(*_OF)
    .values(
        version=parameter("version", BigInteger()),
        branch_version=parameter("branch_version", BigInteger()),
        base=parameter("base", JSONB()),
        merged_at=parameter("now", DateTime(timezone=True)),
    )
)


class UnknownBranch(NotFound):
    """The tenant has no branch of this name."""

    code = "branch.unknown"


class BadBranchName(InvalidInput):
    """A name that no branch can have."""

    code = "branch.bad_name"


class BranchExists(ConflictError):
    """The tenant has a branch of this name already."""

    code = "branch.exists"


class TooManyBranches(ConflictError):
    """The tenant has as many branches as it may."""

    code = "branch.too_many"


class BranchOfBranch(Forbidden):
    """A branch has no branches of its own."""

    code = "branch.nested"


class PackageMissing(ConflictError):
    """A merge would bring parts of a package that is not installed here."""

    code = "branch.package_missing"


class MergeConflicts(ConflictError):
    """Both sides changed the same, and not alike, and no side is chosen."""

    code = "branch.conflicts"


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch as its parent knows it. common: what both have so; empty where it was not read."""

    name: str
    tenant_id: TenantId
    version: int
    branch_version: int
    created_at: datetime
    created_by: int | None
    merged_at: datetime | None
    common: Common = _NOTHING

    def tenant_name(self, parent: str) -> str:
        """Give the name of the tenant that it is. parent: the name of the tenant it is of."""
        return f"{parent}{SEPARATOR}{self.name}"

    def merges(self, *, into_parent: bool) -> list[int]:
        """Give the numbers of the merges that were done one way."""
        return [one.version for one in self.common.merges if one.into_parent is into_parent]

    def after_undoing(self, in_parent: Collection[int], in_branch: Collection[int]) -> Branch:
        """Give it as it is now that some merges are undone, by their numbers on each side."""
        return replace(self, common=self.common.without(in_parent, in_branch))


@dataclass(frozen=True, slots=True)
class Side:
    """One side as it is now: its components, and the version of its catalog."""

    edge: Edge
    version: int


def check_branching(tx: Transaction) -> None:
    """Refuse all but administrators of a tenant that is no branch. Raises Forbidden."""
    check_whole(tx)
    if not tx.viewer.standing.is_administrator:
        raise Forbidden("Only an administrator may see to branches.")
    if SEPARATOR in tx.tenant.name:
        raise BranchOfBranch(
            "A branch has no branches of its own.", hint="Make another one of its parent."
        )


async def load_branches(tx: Transaction) -> list[Branch]:
    """Give the branches of the tenant, in order of name."""
    check_branching(tx)
    return [_branch(row) for row in await tx.rows(_ALL, tenant=tx.tenant.id)]


async def get_branch(tx: Transaction, name: str) -> Branch:
    """Give one branch with what it had in common with its parent. Raises UnknownBranch."""
    check_branching(tx)
    row = await tx.row(_ONE, tenant=tx.tenant.id, name=name)
    if row is None:
        raise UnknownBranch(f"There is no branch {name[:40]!r}.")
    return _branch(row, read_common(read_json(row["base"])))


async def check_new(tx: Transaction, name: str) -> None:
    """Refuse a name. Raises BadBranchName, BranchExists, TooManyBranches, Forbidden."""
    there = await load_branches(tx)
    if not NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise BadBranchName(
            f"{name[:40]!r} cannot be the name of a branch.",
            at="/name",
            hint=f"Use at most {_LONGEST_NAME} lower-case letters, digits and single hyphens.",
        )
    if any(one.name == name for one in there):
        raise BranchExists(f"There is a branch {name} already.", at="/name")
    if len(there) >= MOST_BRANCHES:
        raise TooManyBranches(
            f"There are {MOST_BRANCHES} branches already.", hint="Delete one that is merged."
        )


async def fill_branch(tx: Transaction, rows: Sequence[StoredComponent]) -> Applied:
    """Make the components of a parent in its branch, which has none.

    tx must have been opened by Database.change_metadata on the branch.
    """
    return await change_metadata(tx, copied(rows))


async def add_branch(
    tx: Transaction,
    name: str,
    branch: tuple[TenantId, int],
    base: Sequence[StoredComponent],
    copies: Sequence[StoredComponent],
) -> None:
    """Write a branch down in its parent. branch: its number and the version of its catalog."""
    await tx.run(
        _ADD,
        tenant=tx.tenant.id,
        name=name,
        branch=branch[0],
        version=tx.catalog.version,
        branch_version=branch[1],
        base=write_json(common_as_json(Common(paired(base, copies)))),
        now=tx.now,
        by=tx.viewer.user_id,
    )


async def forget_branch(tx: Transaction, name: str) -> None:
    """Take a branch off the list of its parent."""
    await tx.run(_FORGET, tenant=tx.tenant.id, name=name)


async def load_side(tx: Transaction) -> Side:
    """Give the components of a tenant as one side of a merge."""
    rows = await load_components(tx)
    return Side(Edge(rows, FormulaRenames(tx.catalog)), tx.catalog.version)


def changed_in_branch(branch: Branch, side: Side) -> tuple[ComponentChange, ...]:
    """Give what the branch made different."""
    return changes_since({one.branch_id: one.base for one in branch.common.pairs}, side.edge)


def changed_in_parent(branch: Branch, side: Side) -> tuple[ComponentChange, ...]:
    """Give what the parent made different since."""
    return changes_since({one.parent_id: one.base for one in branch.common.pairs}, side.edge)


async def merged_into_parent(
    branch: Branch, theirs: Side, ours: Side, choices: Choices
) -> BranchMerge:
    """Work out what brings the changes of a branch to its parent."""
    pairs = [(one.branch_id, one.parent_id, one.base) for one in branch.common.pairs]
    return await _merge(pairs, theirs, ours, choices)


async def merged_into_branch(
    branch: Branch, theirs: Side, ours: Side, choices: Choices
) -> BranchMerge:
    """Work out what brings the changes of the parent to a branch: theirs are the parent's."""
    pairs = [(one.parent_id, one.branch_id, one.base) for one in branch.common.pairs]
    return await _merge(pairs, theirs, ours, choices)


async def _merge(
    pairs: list[tuple[int, int, Component]], theirs: Side, ours: Side, choices: Choices
) -> BranchMerge:
    work = len(pairs) * _WORK_OF_ONE
    return await worked_out(lambda: merge_branch(pairs, theirs.edge, ours.edge, choices), work)


def check_settled(merge: BranchMerge) -> None:
    """Refuse to merge what no side is chosen for. Raises Several, PackageMissing."""
    if merge.missing_packages:
        names = ", ".join(merge.missing_packages)
        raise PackageMissing(f"What comes is part of {names}.", hint="Install that here first.")
    if merge.open_conflicts:
        raise Several(
            Problem(
                MergeConflicts.code,
                one.message,
                f"/choices/{one.key}",
                'Choose "theirs" for what comes, or "ours" for what is here.',
            )
            for one in merge.open_conflicts
        )


async def note_merged(
    tx: Transaction, branch: Branch, sides: tuple[Side, Side], merged: Applied, *, into_parent: bool
) -> None:
    """Write down, in the parent, what both sides have in common from now on.

    sides: the parent and the branch; the one that came as it was merged, the other as it became.
    merged: what was done to that.
    """
    parent, there = sides
    pairs = rebased(branch.common.pairs, parent.edge, there.edge, into_parent=into_parent)
    common = replace(branch.common, pairs=pairs)
    if merged.plan.changes:
        version = merged.catalog.version
        common = branch.common.after_merge(pairs, into_parent=into_parent, version=version)
    await tx.run(
        _MERGED,
        tenant=tx.tenant.id,
        name=branch.name,
        version=parent.version,
        branch_version=there.version,
        base=write_json(common_as_json(common)),
        now=tx.now,
    )


def _branch(row: Mapping[str, Any], common: Common = _NOTHING) -> Branch:
    return Branch(
        row["name"],
        TenantId(row["branch_tenant_id"]),
        row["version"],
        row["branch_version"],
        row["created_at"],
        row["created_by"],
        row["merged_at"],
        common,
    )
