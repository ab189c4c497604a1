"""Makes tenants: each begins with the CRM package and an administrator."""

from __future__ import annotations

import re
from typing import Any, Final

import asyncpg
from sqlalchemy import Integer, Text, column, func, select
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.builtin_objects.packages import CRM, shipped_package, shipped_plan
from fieldstone.errors import Conflict, InvalidInput
from fieldstone.ids import TenantId
from fieldstone.metadata.tables import TENANT
from fieldstone.metadata.values import write_json
from fieldstone.platform.administrators import NAME
from fieldstone.platform.middleware.tenant import DEFAULT_TENANT
from fieldstone.runtime.metadata_changes import apply_first
from fieldstone.runtime.packages import install
from fieldstone.runtime.records.reading import read_values
from fieldstone.runtime.records.write import incoming_of, write
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.tenants import Tenant, TenantDirectory, UnknownTenant
from fieldstone.runtime.transactions import Database, Viewer

SETUP: Final = {"setup": "tenant"}
"""The cause of what every tenant begins with."""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,61}[a-z0-9]")
_CREATE: Final = prepare(
    select(column("new_id"), column("new_leaf")).select_from(
        func.create_tenant(
            parameter("name", Text()), parameter("label", Text()), parameter("settings", JSONB())
        ).table_valued("new_id", "new_leaf")
    )
)
_PAGE: Final = prepare(
    select(TENANT.c.id, TENANT.c.name, TENANT.c.label, TENANT.c.status, TENANT.c.created_at)
    .where(TENANT.c.id > parameter("after", Integer()))
    .order_by(TENANT.c.id)
    .limit(parameter("most", Integer()))
)


class BadTenantName(InvalidInput):
    """A name that cannot stand in an address."""

    code = "tenant.bad_name"


class TenantExists(Conflict):
    """A tenant of this name is there already."""

    code = "tenant.exists"


class Tenants:
    """Makes and lists tenants. pool: connections as the application's role."""

    def __init__(self, pool: Any, database: Database, directory: TenantDirectory) -> None:
        self._pool = pool
        self._database = database
        self._directory = directory

    async def create(self, name: str, label: str) -> Tenant:
        """Make a tenant with the CRM in it. Raises BadTenantName, TenantExists."""
        if not _NAME.fullmatch(name):
            raise BadTenantName(
                f"{name[:80]!r} cannot be the name of a tenant.",
                hint="Use 2 to 63 lower-case letters, digits and hyphens, a letter first.",
            )
        try:
            values = {"name": name, "label": label, "settings": write_json({})}
            row = await self._pool.fetchrow(_CREATE.sql, *_CREATE.arguments(values))
        except asyncpg.UniqueViolationError as error:
            # A crash may have left it without the CRM; who asks again mends that.
            await self._furnish(await self._directory.get(name))
            raise TenantExists(f"There is a tenant {name} already.") from error
        tenant = Tenant(TenantId(row["new_id"]), name, label, row["new_leaf"])
        await self._furnish(tenant)
        return tenant

    async def ensure_default(self) -> Tenant:
        """Give the tenant that is there without being asked for, made if it is missing."""
        try:
            tenant = await self._directory.get(DEFAULT_TENANT)
        except UnknownTenant:
            try:
                return await self.create(DEFAULT_TENANT, "Fieldstone")
            except TenantExists:
                tenant = await self._directory.get(DEFAULT_TENANT)
        await self._furnish(tenant)
        return tenant

    async def list(self, after: int = 0, most: int = 1000) -> list[dict[str, Any]]:
        """Give tenants in order of their making, those after a number."""
        values = {"after": after, "most": most}
        return [dict(row) for row in await self._pool.fetch(_PAGE.sql, *_PAGE.arguments(values))]

    async def _furnish(self, tenant: Tenant) -> None:
        """Install what every tenant has, unless an earlier start got that far."""
        nobody = Viewer(None, NAME)
        async with self._database.change_metadata(tenant, nobody, SETUP) as tx:
            if tx.catalog.find_object("User") is not None:
                return
            applied = await apply_first(tx, shipped_plan(CRM))
            if applied is None:
                applied = await install(tx, shipped_package(CRM))
            inside = tx.under(applied.catalog)
            user = applied.catalog.get_object("User")
            values = {"name": NAME, "email": f"admin@{tenant.name}.example"}
            incoming = incoming_of(read_values(user, values, inside.rights))
            await write(inside, user, [incoming])
