"""Changes of where a component's values lie: a metadata change that no administrator writes.

All of it happens with the tenant's catalog held alone, so nothing else writes the row meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.tables import CATALOG_VERSION, COMPONENT, COMPONENT_CHANGE
from fieldstone.metadata.values import Json, write_json
from fieldstone.runtime.catalogs import stored_component
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

_TENANT: Final = parameter("tenant", Integer())
_ID: Final = parameter("id", Integer())
_ONE: Final = prepare(
    select(
        COMPONENT.c.id,
        COMPONENT.c.kind,
        COMPONENT.c.name,
        COMPONENT.c.package,
        COMPONENT.c.body,
        COMPONENT.c.storage,
        COMPONENT.c.created_at,
        COMPONENT.c.deleted_at,
    ).where(COMPONENT.c.tenant_id == _TENANT, COMPONENT.c.id == _ID)
)
_PUT: Final = prepare(
    update(COMPONENT)
    .where(COMPONENT.c.tenant_id == _TENANT, COMPONENT.c.id == _ID)
    .values(storage=parameter("storage", JSONB()))
)
_REMOVE: Final = prepare(
    delete(COMPONENT).where(COMPONENT.c.tenant_id == _TENANT, COMPONENT.c.id == _ID)
)
_VERSION: Final = prepare(
    update(CATALOG_VERSION)
    .where(CATALOG_VERSION.c.tenant_id == _TENANT)
    .values(version=CATALOG_VERSION.c.version + parameter("step", Integer()))
    .returning(CATALOG_VERSION.c.version)
)
_ENTRY: Final[Mapping[str, ColumnElement[Any]]] = {
    "tenant_id": _TENANT,
    "at": parameter("now", DateTime(timezone=True)),
    "version": parameter("version", BigInteger()),
    "actor_id": parameter("actor", BigInteger()),
    "cause": parameter("cause", JSONB()),
    "component_id": _ID,
    "kind": parameter("kind", Text()),
    "name": parameter("name", Text()),
    "operation": parameter("operation", Text()),
    "before": parameter("before", JSONB()),
    "after": parameter("after", JSONB()),
}
_LOG: Final = prepare(insert(COMPONENT_CHANGE).from_select(list(_ENTRY), select(*_ENTRY.values())))


async def find_component(tx: Transaction, component_id: int) -> StoredComponent | None:
    """Load one component, whether or not it lies in the bin; None if it was purged."""
    row: Any = await tx.row(_ONE, tenant=tx.tenant.id, id=component_id)
    return None if row is None else stored_component(row)


async def put_marker(tx: Transaction, component_id: int, storage: Mapping[str, Json]) -> None:
    """Write the storage of a component where the catalog does not change by it."""
    await tx.run(_PUT, tenant=tx.tenant.id, id=component_id, storage=write_json(storage))


async def put_storage(
    tx: Transaction, stored: StoredComponent, storage: Mapping[str, Json], operation: str
) -> None:
    """Write the storage of a component that the catalog shows, from the next version on."""
    await put_marker(tx, stored.id, storage)
    await _log(tx, stored, operation, step=1, after=storage)


async def remove_component(tx: Transaction, stored: StoredComponent) -> None:
    """Remove a component for good; it lay in the bin, where the catalog did not show it."""
    await tx.run(_REMOVE, tenant=tx.tenant.id, id=stored.id)
    await _log(tx, stored, "purge", step=0, after=None)


async def _log(
    tx: Transaction,
    stored: StoredComponent,
    operation: str,
    *,
    step: int,
    after: Mapping[str, Json] | None,
) -> None:
    version = await tx.value(_VERSION, tenant=tx.tenant.id, step=step)
    await tx.run(
        _LOG,
        tenant=tx.tenant.id,
        now=tx.now,
        version=version,
        actor=tx.viewer.user_id,
        cause=write_json(tx.cause),
        id=stored.id,
        kind=stored.component.kind,
        name=stored.component.name,
        operation=operation,
        before=write_json({"storage": stored.storage}),
        after=None if after is None else write_json({"storage": after}),
    )
