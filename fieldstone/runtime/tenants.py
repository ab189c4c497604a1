"""Tenants: who they are, what they may use, and how one is found by name."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, Select, Text, select

from fieldstone.errors import Forbidden, NotFound
from fieldstone.ids import TenantId
from fieldstone.metadata.tables import PLAN, TENANT
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.terms import NO_LIMITS, Terms, terms_from

ACTIVE: Final = "active"
SUSPENDED: Final = "suspended"
DELETED: Final = "deleted"
PURGING: Final = "purging"
RESTORING: Final = "restoring"
PLATFORM_STATUS: Final = "platform"
NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,61}[a-z0-9]")
"""What names of tenants are like; they stand in addresses."""

_KEPT: Final = 10_000
_FRESH_S: Final = 5.0


def tenant_rows(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Build the statement of tenants with what they may use, for tenant_from."""
    return (
        select(
            TENANT.c.id,
            TENANT.c.name,
            TENANT.c.label,
            TENANT.c.leaf,
            TENANT.c.status,
            TENANT.c.reason,
            TENANT.c.plan,
            PLAN.c.limits.concat(TENANT.c.limits).label("limits"),
            PLAN.c.features.concat(TENANT.c.features).label("features"),
        )
        .join_from(TENANT, PLAN, PLAN.c.name == TENANT.c.plan)
        .where(*conditions)
    )


_BY_NAME: Final = prepare(tenant_rows(TENANT.c.name == parameter("name", Text())))


class UnknownTenant(NotFound):
    """No tenant of this name is open."""

    code = "tenant.unknown"


class TenantSuspended(Forbidden):
    """The operator closed the tenant for a while; its data are kept."""

    code = "tenant.suspended"


class TenantNotReady(Forbidden):
    """The tenant is being restored from an archive."""

    code = "tenant.not_ready"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One customer's world. leaf: the partition that holds its records.

    Two are the same if they are the same customer's, whatever they may use at the moment.
    """

    id: TenantId
    name: str
    label: str
    leaf: str
    status: str = field(default=ACTIVE, compare=False)
    reason: str = field(default="", compare=False)
    terms: Terms = field(default=NO_LIMITS, compare=False)

    @property
    def is_open(self) -> bool:
        """Whether requests and jobs of it are served."""
        return self.status in (ACTIVE, PLATFORM_STATUS)


PLATFORM: Final = Tenant(TenantId(0), "", "Fieldstone", "", PLATFORM_STATUS)
"""The platform itself, in whose name its own jobs run. It has no catalog and no records."""


class Pool(Protocol):
    """What is needed of asyncpg's pool to look a tenant up."""

    async def fetchrow(self, query: str, *args: Any) -> Any:
        """Give one row."""
        ...


class TenantDirectory:
    """Finds tenants by name; what it found is trusted for five seconds.

    Of names that nobody has nothing is kept, however many are tried.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._found: OrderedDict[str, tuple[float, Tenant]] = OrderedDict()

    async def get(self, name: str) -> Tenant:
        """Give the open tenant of this name.

        Raises UnknownTenant, TenantSuspended, TenantNotReady.
        """
        tenant = await self.find(name)
        if tenant is None or tenant.status in (DELETED, PURGING):
            raise UnknownTenant(f"There is no tenant {name[:80]!r}.")
        if tenant.status == SUSPENDED:
            raise TenantSuspended(
                f"{tenant.label} is suspended.",
                hint=tenant.reason or "Its data are kept. Ask whoever runs this installation.",
            )
        if tenant.status == RESTORING:
            raise TenantNotReady(f"{tenant.label} is being restored.", hint="Come back later.")
        return tenant

    async def find(self, name: str) -> Tenant | None:
        """Give the tenant of this name, whatever its state; None if there is none."""
        kept = self._found.get(name)
        if kept is not None and monotonic() - kept[0] < _FRESH_S:
            return kept[1]
        row = None
        if NAME.fullmatch(name):
            row = await self._pool.fetchrow(_BY_NAME.sql, *_BY_NAME.arguments({"name": name}))
        if row is None:
            self._found.pop(name, None)
            return None
        tenant = tenant_from(row)
        self._found[name] = (monotonic(), tenant)
        self._found.move_to_end(name)
        if len(self._found) > _KEPT:
            self._found.popitem(last=False)
        return tenant

    def forget(self, name: str) -> None:
        """Look this tenant up anew the next time, since it was changed."""
        self._found.pop(name, None)


def tenant_from(row: Any) -> Tenant:
    """Read a tenant out of its row, as tenant_rows gives it."""
    return Tenant(
        id=TenantId(row["id"]),
        name=row["name"],
        label=row["label"],
        leaf=row["leaf"],
        status=row["status"],
        reason=row["reason"],
        terms=terms_from(row),
    )
