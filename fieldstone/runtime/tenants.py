"""Tenants: who they are, and how one is found by name."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, Protocol

from sqlalchemy import Text, select

from fieldstone.errors import NotFound
from fieldstone.ids import TenantId
from fieldstone.metadata.tables import TENANT
from fieldstone.runtime.statements import parameter, prepare

_BY_NAME: Final = prepare(
    select(TENANT.c.id, TENANT.c.name, TENANT.c.label, TENANT.c.leaf).where(
        TENANT.c.name == parameter("name", Text()), TENANT.c.status == "active"
    )
)
_KEPT: Final = 10_000
_FRESH_S: Final = 5.0


class UnknownTenant(NotFound):
    """No tenant of this name is open."""

    code = "tenant.unknown"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One customer's world. leaf: the partition that holds its records."""

    id: TenantId
    name: str
    label: str
    leaf: str


class Pool(Protocol):
    """What is needed of asyncpg's pool to look a tenant up."""

    async def fetchrow(self, query: str, *args: Any) -> Any:
        """Give one row."""
        ...


class TenantDirectory:
    """Finds tenants by name; what it found is trusted for five seconds."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._found: OrderedDict[str, tuple[float, Tenant]] = OrderedDict()

    async def get(self, name: str) -> Tenant:
        """Give the open tenant of this name. Raises UnknownTenant."""
        kept = self._found.get(name)
        if kept is not None and monotonic() - kept[0] < _FRESH_S:
            return kept[1]
        tenant = await self._load(name)
        self._found[name] = (monotonic(), tenant)
        self._found.move_to_end(name)
        if len(self._found) > _KEPT:
            self._found.popitem(last=False)
        return tenant

    async def _load(self, name: str) -> Tenant:
        row = None
        if name.isprintable():
            row = await self._pool.fetchrow(_BY_NAME.sql, *_BY_NAME.arguments({"name": name}))
        if row is None:
            self._found.pop(name, None)
            raise UnknownTenant(f"There is no tenant {name[:80]!r}.")
        return tenant_from(row)


def tenant_from(row: Any) -> Tenant:
    """Read a tenant out of its row."""
    return Tenant(
        id=TenantId(row["id"]),
        name=row["name"],
        label=row["label"],
        leaf=row["leaf"],
    )
