"""Makes branches of tenants, and takes them away: a tenant of its own for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from fieldstone.metadata.branch_merge import paired
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.package_changes import Shipped
from fieldstone.metadata.values import read_json
from fieldstone.platform.administrators import NAME as ADMINISTRATOR
from fieldstone.platform.identity.people import invite_first
from fieldstone.platform.identity.statements import MEMBER_BY_USER
from fieldstone.platform.tenant_purge import is_purge_under_way, request_tenant_purge
from fieldstone.platform.tenants import DELETE, RESTORED, SETUP, Tenants, WrongState
from fieldstone.runtime.branch_samples import Rows, put_samples, take_samples
from fieldstone.runtime.branches import (
    SEPARATOR,
    Branch,
    add_branch,
    check_new,
    fill_branch,
    forget_branch,
    get_branch,
)
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.packages.shipped import load_all_shipped, note_copied
from fieldstone.runtime.records.reading import read_values
from fieldstone.runtime.records.write import incoming_of, write
from fieldstone.runtime.tenants import PLATFORM, RESTORING, Tenant, UnknownTenant
from fieldstone.runtime.terms import read_features, read_limits
from fieldstone.runtime.transactions import Database, Transaction, Viewer

_CUT_OFF: Final = timedelta(hours=2)
"""After so long nobody makes a branch, or restores an archive, any more."""

_DELETE: Final = replace(DELETE, was=(*DELETE.was, RESTORING))
SYSTEM: Final = Viewer(None, ADMINISTRATOR)
"""In whose name a branch is filled and read; whoever asked may do so in its parent."""


@dataclass(frozen=True, slots=True)
class MadeBranch:
    """A branch that was made. invitation: with which whoever made it gets in; None if all may.

    records: how many samples it has.
    """

    name: str
    tenant: Tenant
    invitation: str | None
    records: int


@dataclass(frozen=True, slots=True)
class _Filled:
    """What came of filling a branch. copies: its components, at this version of its catalog."""

    invitation: str | None
    records: int
    version: int
    copies: list[StoredComponent]


@dataclass(frozen=True, slots=True)
class Branching:
    """Makes, finds and removes branches."""

    database: Database
    tenants: Tenants

    async def make(self, parent: Tenant, viewer: Viewer, name: str, samples: int) -> MadeBranch:
        """Make a branch with the parent's metadata and masked records of it.

        Raises what check_new raises. If anything fails, there is no such branch.
        """
        async with self.database.read(parent, viewer) as tx:
            await check_new(tx, name)
            rows = await load_components(tx)
            shipped = await load_all_shipped(tx)
            taken = await take_samples(tx, samples)
            email = await _address(tx)
            now = tx.now
        await self._clear(f"{parent.name}{SEPARATOR}{name}", now)
        tenant = await self._begin(parent, viewer, name)
        done = False
        try:
            filled = await self._fill(tenant, (viewer.name, email), rows, shipped, taken)
            async with self.database.write_apart(parent, viewer) as tx:
                await check_new(tx, name)
                await add_branch(tx, name, (tenant.id, filled.version), rows, filled.copies)
            await self.tenants.move(tenant.name, RESTORED, viewer.name)
            done = True
        finally:
            if not done:
                await self.tenants.abandon(tenant, "the branch could not be made")
        found = await self.tenants.find(tenant.name)
        return MadeBranch(name, found, filled.invitation, filled.records)

    async def tenant_of(self, parent: Tenant, branch: Branch) -> Tenant:
        """Give the tenant that a branch is. Raises UnknownTenant."""
        found = await self.tenants.find(branch.tenant_name(parent.name))
        if found.id != branch.tenant_id:
            raise UnknownTenant(f"The tenant of the branch {branch.name} is there no more.")
        return found

    async def remove(self, parent: Tenant, viewer: Viewer, name: str) -> int | None:
        """Delete a branch with all that is in it; the number of the job that does.

        None where a job does already, or nothing is left: an earlier call may have come that far.
        """
        async with self.database.read(parent, viewer) as tx:
            branch = await get_branch(tx, name)
        job = None
        with suppress(UnknownTenant):
            tenant = await self.tenant_of(parent, branch)
            with suppress(WrongState):
                await self.tenants.move(tenant.name, _DELETE, viewer.name)
            async with self.database.write(PLATFORM, Viewer(None, viewer.name)) as tx:
                if not await is_purge_under_way(tx, tenant.id):
                    job = await request_tenant_purge(tx, tenant.id, tenant.name)
        async with self.database.write_apart(parent, viewer) as tx:
            await forget_branch(tx, name)
        return job

    async def _begin(self, parent: Tenant, viewer: Viewer, name: str) -> Tenant:
        """Make the tenant of a branch, which may use as much as its parent."""
        known = await self.tenants.load(parent.name)
        full, label = f"{parent.name}{SEPARATOR}{name}", f"{parent.label}, {name}"
        tenant = await self.tenants.begin(full, label, known["plan"], viewer.name, status=RESTORING)
        limits, features = read_json(known["limits"]), read_json(known["features"])
        if limits or features:
            await self.tenants.change(
                full, viewer.name, limits=read_limits(limits), features=read_features(features)
            )
        return tenant

    async def _clear(self, full: str, now: datetime) -> None:
        """Remove what is left of a branch of this name whose making was cut off."""
        try:
            known = await self.tenants.load(full)
        except UnknownTenant:
            return
        if known["status"] == RESTORING and known["created_at"] < now - _CUT_OFF:
            await self.tenants.abandon(await self.tenants.find(full), "its making was cut off")

    async def _fill(
        self,
        tenant: Tenant,
        person: tuple[str, str | None],
        rows: list[StoredComponent],
        shipped: Mapping[str, Sequence[Shipped]],
        samples: Rows,
    ) -> _Filled:
        """Make components, records and the first person of a branch: their name and address."""
        name, email = person
        async with self.database.change_metadata(tenant, SYSTEM, SETUP) as tx:
            catalog = (await fill_branch(tx, rows)).catalog
            inside = tx.under(catalog)
            user = inside.catalog.get_object("User")
            address = email or f"admin@{tenant.name}.example"
            values = {"name": name, "email": address}
            incoming = incoming_of(read_values(user, values, inside.rights))
            [made] = await write(inside, user, [incoming])
            assert made.id is not None
            invitation = await invite_first(inside, made.id, email) if email else None
            copies = await load_components(tx)
            ids = {one.parent_id: one.branch_id for one in paired(rows, copies)}
            await note_copied(inside, shipped, ids)
            records = await put_samples(inside, samples)
            return _Filled(invitation, records, catalog.version, copies)


async def _address(tx: Transaction) -> str | None:
    """Give the address with which the viewer signs in; None where nobody has to."""
    if tx.viewer.user_id is None:
        return None
    member = await tx.row(MEMBER_BY_USER, tenant=tx.tenant.id, user_id=tx.viewer.user_id)
    return None if member is None else str(member["email"])
