"""Makes tenants, lists them and leads them through their lives.

Each begins with the CRM package and an administrator. What was done to whom, when and by whom is
kept apart from them, also when nothing else is left of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from sqlalchemy import (
    ARRAY,
    Integer,
    Text,
    cast,
    column,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.builtin_objects.packages import CRM, shipped_package, shipped_plan
from fieldstone.errors import Conflict, InvalidInput
from fieldstone.ids import TenantId
from fieldstone.metadata.branch_tables import BRANCH
from fieldstone.metadata.tables import PLAN, TENANT
from fieldstone.metadata.values import Json, read_json, write_json
from fieldstone.platform.administrators import NAME as ADMINISTRATOR
from fieldstone.platform.middleware.tenant import DEFAULT_TENANT
from fieldstone.platform.operators_log import note_operation
from fieldstone.runtime.branches import SEPARATOR
from fieldstone.runtime.metadata_changes import apply_first, load_components
from fieldstone.runtime.packages.applying import install_first
from fieldstone.runtime.packages.shipped import note_shipped
from fieldstone.runtime.records.reading import read_values
from fieldstone.runtime.records.write import incoming_of, write
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.tenants import (
    ACTIVE,
    DELETED,
    NAME,
    PURGING,
    RESTORING,
    SUSPENDED,
    Tenant,
    TenantDirectory,
    UnknownTenant,
)
from fieldstone.runtime.terms import UNLIMITED
from fieldstone.runtime.transactions import Database, Viewer

SETUP: Final = {"setup": "tenant"}
"""The cause of what every tenant begins with."""

SYSTEM: Final = "Fieldstone"
_UNSAID: Final = {"label": None, "limits": None, "features": None}

_NUMBER: Final = parameter("number", Integer())
_CREATE: Final = prepare(
    select(column("new_id"), column("new_leaf")).select_from(
        func.create_tenant(
            parameter("name", Text()), parameter("label", Text()), parameter("settings", JSONB())
        ).table_valued("new_id", "new_leaf")
    )
)
_SET_TERMS: Final = prepare(
    select(
        func.set_tenant_terms(
            _NUMBER,
            parameter("label", Text()),
            parameter("plan", Text()),
            parameter("limits", JSONB()),
            parameter("features", JSONB()),
        )
    )
)
_CHANGE: Final = prepare(
    select(
        func.change_tenant(
            _NUMBER,
            parameter("was", ARRAY(Text())),
            parameter("becomes", Text()),
            parameter("why", Text()),
        )
    )
)
_COLUMNS: Final = (
    TENANT.c.id,
    TENANT.c.name,
    TENANT.c.label,
    TENANT.c.status,
    TENANT.c.reason,
    TENANT.c.plan,
    TENANT.c.limits,
    TENANT.c.features,
    TENANT.c.created_at,
    TENANT.c.deleted_at,
)
_PAGE: Final = prepare(
    select(*_COLUMNS)
    .where(TENANT.c.id > parameter("after", Integer()))
    .order_by(TENANT.c.id)
    .limit(parameter("most", Integer()))
)
_ONE: Final = prepare(
    select(*_COLUMNS).where(TENANT.c.name == parameter("name", Text()), TENANT.c.id > 0)
)
_AS_TENANT: Final = prepare(select(func.set_config("app.tenant", cast(_NUMBER, Text), true())))
_BRANCHES: Final = prepare(
    select(TENANT.c.id, TENANT.c.name)
    .join(BRANCH, BRANCH.c.branch_tenant_id == TENANT.c.id)
    .where(
        BRANCH.c.tenant_id == _NUMBER,
        TENANT.c.name == func.concat(parameter("name", Text()), SEPARATOR, BRANCH.c.name),
    )
    .order_by(TENANT.c.id)
)
"""The tenants that are branches of another: both their number and their name say so."""

_PURGE_ROWS: Final = prepare(select(func.purge_tenant_rows(_NUMBER, parameter("most", Integer()))))
_DROP: Final = prepare(select(func.drop_tenant(_NUMBER)))
_FEW: Final = 10_000
_HAS_PLAN: Final = prepare(select(PLAN.c.name).where(PLAN.c.name == parameter("plan", Text())))


class BadTenantName(InvalidInput):
    """A name that cannot stand in an address."""

    code = "tenant.bad_name"


class TenantExists(Conflict):
    """A tenant of this name is there already."""

    code = "tenant.exists"


class WrongState(Conflict):
    """The tenant is in a state in which this cannot be done."""

    code = "tenant.wrong_state"


class UnknownPlan(InvalidInput):
    """No plan has this name."""

    code = "tenant.unknown_plan"


@dataclass(frozen=True, slots=True)
class Step:
    """A step in a tenant's life. was: the states in which it may be done; becomes: that after it.

    spares_default: whether it is not for the tenant that is always there. leads: whether the
    branches of the tenant take the step with it.
    """

    what: str
    was: tuple[str, ...]
    becomes: str
    spares_default: bool = False
    leads: bool = False


SUSPEND: Final = Step("suspend", (ACTIVE,), SUSPENDED, leads=True)
RESUME: Final = Step("resume", (SUSPENDED,), ACTIVE, leads=True)
DELETE: Final = Step("delete", (ACTIVE, SUSPENDED), DELETED, spares_default=True, leads=True)
UNDELETE: Final = Step("undelete", (DELETED,), "previous", leads=True)
RESTORED: Final = Step("restore", (RESTORING,), ACTIVE)
PURGE: Final = Step("purge", (DELETED, PURGING), PURGING, spares_default=True)


class Tenants:
    """Makes, lists and changes tenants. pool: connections as the application's role.

    plan: what new tenants get where nothing else is said.
    """

    def __init__(
        self,
        pool: Any,
        database: Database,
        directory: TenantDirectory,
        plan: str = UNLIMITED,
    ) -> None:
        self._pool = pool
        self._database = database
        self._directory = directory
        self._plan = plan

    async def create(
        self, name: str, label: str, plan: str | None = None, by_whom: str = SYSTEM
    ) -> Tenant:
        """Make a tenant with the CRM in it. Raises BadTenantName, TenantExists, UnknownPlan."""
        try:
            tenant = await self.begin(name, label, plan or self._plan, by_whom)
        except TenantExists:
            # A crash may have left it without the CRM; who asks again mends that.
            there = await self._directory.find(name)
            if there is not None and there.status == ACTIVE:
                await self._furnish(there)
            raise
        await self._furnish(tenant)
        return tenant

    async def begin(
        self, name: str, label: str, plan: str, by_whom: str, *, status: str = ACTIVE
    ) -> Tenant:
        """Make a tenant with nothing in it. Raises BadTenantName, TenantExists, UnknownPlan."""
        if not NAME.fullmatch(name):
            raise BadTenantName(
                f"{name[:80]!r} cannot be the name of a tenant.",
                hint="Use 2 to 63 lower-case letters, digits and hyphens, a letter first.",
            )
        values = {"name": name, "label": label, "settings": write_json({})}
        async with self._pool.acquire() as connection, connection.transaction():
            if plan != UNLIMITED:
                await self._check_plan(connection, plan)
            try:
                [row] = await _run(connection, _CREATE, **values)
            except asyncpg.UniqueViolationError as error:
                raise TenantExists(f"There is a tenant {name} already.") from error
            number = row["new_id"]
            if plan != UNLIMITED:
                await _run(connection, _SET_TERMS, number=number, plan=plan, **_UNSAID)
            if status != ACTIVE:
                was = {"was": [ACTIVE], "becomes": status, "why": ""}
                await _run(connection, _CHANGE, number=number, **was)
            await note_operation(connection, "create", by_whom, {"plan": plan}, (number, name))
        self._directory.forget(name)
        return Tenant(TenantId(number), name, label, row["new_leaf"], status)

    async def ensure_default(self) -> Tenant:
        """Give the tenant that is there without being asked for, made if it is missing."""
        tenant = await self._directory.find(DEFAULT_TENANT)
        if tenant is None:
            try:
                return await self.create(DEFAULT_TENANT, "Fieldstone", UNLIMITED)
            except TenantExists:
                tenant = await self._directory.get(DEFAULT_TENANT)
        if tenant.is_open:
            await self._furnish(tenant)
        return tenant

    async def list(self, after: int = 0, most: int = 1000) -> list[dict[str, Any]]:
        """Give tenants in order of their making, those after a number."""
        values = {"after": after, "most": most}
        return [dict(row) for row in await self._pool.fetch(_PAGE.sql, *_PAGE.arguments(values))]

    async def load(self, name: str) -> dict[str, Any]:
        """Give one tenant, whatever its state. Raises UnknownTenant."""
        row = await self._pool.fetchrow(_ONE.sql, *_ONE.arguments({"name": name}))
        if row is None:
            raise UnknownTenant(f"There is no tenant {name[:80]!r}.")
        return dict(row)

    async def find(self, name: str) -> Tenant:
        """Give a tenant, whatever its state. Raises UnknownTenant."""
        tenant = await self._directory.find(name)
        if tenant is None:
            raise UnknownTenant(f"There is no tenant {name[:80]!r}.")
        return tenant

    async def move(
        self,
        name: str,
        step: Step,
        by_whom: str,
        why: str = "",
        *,
        told: Mapping[str, Json] | None = None,
    ) -> dict[str, Any]:
        """Lead a tenant to its next state. told: what the log is to say beside the reason.

        Raises UnknownTenant, WrongState.
        """
        found = await self.load(name)
        if name == DEFAULT_TENANT and step.spares_default:
            raise WrongState(
                "The default tenant is there without being asked for, and stays.",
                hint="Delete what is in it instead.",
            )
        async with self._pool.acquire() as connection, connection.transaction():
            values = {"was": list(step.was), "becomes": step.becomes, "why": why}
            [row] = await _run(connection, _CHANGE, number=found["id"], **values)
            if not row[0]:
                raise WrongState(
                    f"The tenant {name} is {found['status']}, so this cannot be done.",
                    hint=f"It can be done with one that is {' or '.join(step.was)}.",
                )
            details: dict[str, Json] = {**({"reason": why} if why else {}), **(told or {})}
            await note_operation(connection, step.what, by_whom, details, (found["id"], name))
            for one in await _branches(connection, found) if step.leads else ():
                # One that is in another state is left in it.
                [row] = await _run(connection, _CHANGE, number=one["id"], **values)
                if row[0]:
                    said = {**details, "with": name}
                    branch = (one["id"], one["name"])
                    await note_operation(connection, step.what, by_whom, said, branch)
                self._directory.forget(one["name"])
        self._directory.forget(name)
        return await self.load(name)

    async def branches_of(self, name: str) -> Sequence[tuple[int, str]]:
        """Give the numbers and names of the tenants that are branches of one.

        Raises UnknownTenant.
        """
        found = await self.load(name)
        async with self._pool.acquire() as connection, connection.transaction():
            return [(one["id"], one["name"]) for one in await _branches(connection, found)]

    async def change(
        self,
        name: str,
        by_whom: str,
        *,
        label: str | None = None,
        plan: str | None = None,
        limits: Mapping[str, int | None] | None = None,
        features: Mapping[str, bool | None] | None = None,
    ) -> dict[str, Any]:
        """Change what a tenant is called and may use; null takes one of its own terms away.

        Its branches may use what it may.
        Raises UnknownTenant, UnknownPlan.
        """
        found = await self.load(name)
        said: dict[str, Json] = {"label": label, "plan": plan}
        if limits is not None:
            said["limits"] = dict(limits)
        if features is not None:
            said["features"] = dict(features)
        async with self._pool.acquire() as connection, connection.transaction():
            if plan is not None:
                await self._check_plan(connection, plan)
            terms = {
                "plan": plan,
                "limits": _merged(found["limits"], limits),
                "features": _merged(found["features"], features),
            }
            await _run(connection, _SET_TERMS, number=found["id"], label=label, **terms)
            for one in await _branches(connection, found):
                await _run(connection, _SET_TERMS, number=one["id"], label=None, **terms)
                self._directory.forget(one["name"])
            details = {key: value for key, value in said.items() if value is not None}
            await note_operation(connection, "change", by_whom, details, (found["id"], name))
        self._directory.forget(name)
        return await self.load(name)

    async def abandon(self, tenant: Tenant, why: str) -> None:
        """Remove a tenant that was to be restored and could not be."""
        async with self._pool.acquire() as connection, connection.transaction():
            values = {"was": [RESTORING], "becomes": PURGING, "why": why}
            await _run(connection, _CHANGE, number=tenant.id, **values)
            while (await _run(connection, _PURGE_ROWS, number=tenant.id, most=_FEW))[0][0]:
                pass
            await _run(connection, _DROP, number=tenant.id)
            gone = (tenant.id, tenant.name)
            await note_operation(connection, "abandon", SYSTEM, {"reason": why}, gone)
        self._directory.forget(tenant.name)

    async def note_gone(self, number: int, name: str, proof: Mapping[str, Json]) -> None:
        """Keep that nothing is left of a tenant, and what of it was removed."""
        async with self._pool.acquire() as connection:
            await note_operation(connection, "purged", SYSTEM, proof, (number, name))
        self._directory.forget(name)

    async def _check_plan(self, connection: Any, plan: str) -> None:
        if not await _run(connection, _HAS_PLAN, plan=plan):
            raise UnknownPlan(
                f"There is no plan {plan[:80]!r}.",
                at="/plan",
                hint="GET /api/platform/plans lists them.",
            )

    async def _furnish(self, tenant: Tenant) -> None:
        """Install what every tenant has, unless an earlier start got that far."""
        nobody = Viewer(None, ADMINISTRATOR)
        async with self._database.change_metadata(tenant, nobody, SETUP) as tx:
            if tx.catalog.find_object("User") is not None:
                return
            applied = await apply_first(tx, shipped_plan(CRM))
            if applied is None:
                applied = await install_first(tx, shipped_package(CRM))
            else:
                await note_shipped(tx, shipped_package(CRM), await load_components(tx))
            inside = tx.under(applied.catalog)
            user = applied.catalog.get_object("User")
            values = {"name": ADMINISTRATOR, "email": f"admin@{tenant.name}.example"}
            incoming = incoming_of(read_values(user, values, inside.rights))
            await write(inside, user, [incoming])


async def _run(connection: Any, statement: Prepared, **values: Any) -> list[Any]:
    rows: list[Any] = await connection.fetch(statement.sql, *statement.arguments(values))
    return rows


async def _branches(connection: Any, found: Mapping[str, Any]) -> list[Any]:
    """Give the tenants that are branches of one. connection: in a transaction."""
    await _run(connection, _AS_TENANT, number=found["id"])
    return await _run(connection, _BRANCHES, number=found["id"], name=found["name"])


def _merged(kept: str, changes: Mapping[str, Json] | None) -> str | None:
    """Give a tenant's own terms with some changed; None where none are."""
    if changes is None:
        return None
    before = read_json(kept)
    assert isinstance(before, dict)
    after = {**before, **changes}
    return write_json({name: value for name, value in after.items() if value is not None})
