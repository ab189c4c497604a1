"""Proof that the ledger of usage, the change log and the tables say the same."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Integer, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from fieldstone.metadata.tables import CHANGE, FILE, heap
from fieldstone.metadata.values import JsonObject
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.metering import load_usage
from fieldstone.runtime.records.heap_statements import of_object
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.storage.job_steps import work_in_background
from fieldstone.runtime.terms import Limit
from fieldstone.runtime.transactions import Transaction

_TENANT: Final = parameter("tenant", Integer())
_LAST: Final = (
    select(CHANGE.c.record_id, CHANGE.c.operation)
    .where(CHANGE.c.tenant_id == _TENANT)
    .ext(distinct_on(CHANGE.c.record_id))
    .order_by(CHANGE.c.record_id, CHANGE.c.seq.desc())
    .subquery()
)
_LOGGED: Final = prepare(
    select(func.count()).select_from(_LAST).where(_LAST.c.operation.not_in(["delete", "purge"]))
)
_STORED: Final = prepare(
    select(func.coalesce(func.sum(FILE.c.size_bytes), 0)).where(FILE.c.tenant_id == _TENANT)
)


async def prove_usage(tx: Transaction) -> JsonObject:
    """Count records and bytes by the ledger, by the change log and by the tables themselves.

    tx sees one instant, or nobody writes meanwhile; it may take long.
    """
    await work_in_background(tx)
    used = await load_usage(tx)
    logged = await tx.value(_LOGGED, tenant=tx.tenant.id)
    in_tables = await _live_records(tx)
    stored = int(await tx.value(_STORED, tenant=tx.tenant.id))
    records = {"ledger": used[Limit.RECORDS], "change_log": logged, "tables": in_tables}
    storage = {"ledger": used[Limit.STORAGE], "tables": stored}
    agree = len(set(records.values())) == 1 and len(set(storage.values())) == 1
    return {"agree": agree, "records": records, "storage_bytes": storage}


async def _live_records(tx: Transaction) -> int:
    """Count the records that are not in the bin, those of deleted objects included."""
    count = 0
    for stored in await load_components(tx):
        if stored.component.kind == "object":
            table = heap(str(stored.storage.get("heap") or tx.tenant.leaf))
            mine = of_object(table, tx.tenant.id, stored.id)
            counted = select(func.count()).where(mine, table.c.deleted_at.is_(None))
            count += await tx.value(prepare(counted))
    return count
