"""Orders for indexes of own heaps: written by jobs, carried out by who logs in as the owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ARRAY, Integer, Text, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from fieldstone.metadata.tables import INDEX_ORDER, MAINTENANCE
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.storage.index_states import CHANNEL, INDEXER, Doing, OrderState
from fieldstone.runtime.transactions import Transaction

SEEN_WITHIN: Final = timedelta(minutes=2)
_TENANT: Final = parameter("tenant", Integer())
_OBJECT: Final = parameter("object", Integer())
_NAME: Final = parameter("name", Text())
_THIS: Final = (
    INDEX_ORDER.c.tenant_id == _TENANT,
    INDEX_ORDER.c.object_id == _OBJECT,
    INDEX_ORDER.c.name == _NAME,
)


@dataclass(frozen=True, slots=True)
class Order:
    """One order as it lies in its row. done, total: how far PostgreSQL got, in its own units."""

    state: OrderState
    done: int
    total: int
    problem: str | None


_PUT: Final = prepare(
    insert(INDEX_ORDER)
    .from_select(
        ["tenant_id", "object_id", "name", "columns", "doing"],
        select(
            _TENANT,
            _OBJECT,
            _NAME,
            parameter("columns", ARRAY(Text())),
            parameter("doing", Text()),
        ),
    )
    .on_conflict_do_nothing()
)
_POKE: Final = prepare(select(func.pg_notify(parameter("channel", Text()), "")))
_ONE: Final = prepare(
    select(
        INDEX_ORDER.c.state, INDEX_ORDER.c.done, INDEX_ORDER.c.total, INDEX_ORDER.c.problem
    ).where(*_THIS)
)
_CANCEL: Final = prepare(update(INDEX_ORDER).where(*_THIS).values(cancelled=True))
_REMOVE: Final = prepare(delete(INDEX_ORDER).where(*_THIS))
_SEEN: Final = prepare(select(MAINTENANCE.c.done_at).where(MAINTENANCE.c.task == INDEXER))


async def put_order(
    tx: Transaction, object_id: int, name: str, columns: list[str], doing: Doing
) -> None:
    """Write an order, unless it is there."""
    await tx.run(
        _PUT, tenant=tx.tenant.id, object=object_id, name=name, columns=columns, doing=doing.value
    )
    await tx.value(_POKE, channel=CHANNEL)


async def find_order(tx: Transaction, object_id: int, name: str) -> Order | None:
    """Load an order; None if there is none."""
    row: Any = await tx.row(_ONE, tenant=tx.tenant.id, object=object_id, name=name)
    if row is None:
        return None
    return Order(OrderState(row["state"]), row["done"], row["total"], row["problem"])


async def cancel_order(tx: Transaction, object_id: int, name: str) -> None:
    """Ask for the end of an order."""
    await tx.run(_CANCEL, tenant=tx.tenant.id, object=object_id, name=name)
    await tx.value(_POKE, channel=CHANNEL)


async def remove_order(tx: Transaction, object_id: int, name: str) -> None:
    """Remove an order that has ended."""
    await tx.run(_REMOVE, tenant=tx.tenant.id, object=object_id, name=name)


async def is_indexer_there(tx: Transaction) -> bool:
    """Tell whether somebody carries orders out."""
    seen = await tx.value(_SEEN)
    return seen is not None and bool(seen > tx.now - SEEN_WITHIN)
