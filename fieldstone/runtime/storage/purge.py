"""Purge, as a job: what was deleted long enough ago goes for good."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Integer, Text, select

from fieldstone.metadata.tables import JOB
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.files import FileStore
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.jobs import enqueue
from fieldstone.runtime.privacy.bin_terms import BinTerms
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.storage.purge_components import purge_old_components
from fieldstone.runtime.storage.purge_records import purge_old_records
from fieldstone.runtime.storage.released_files import remove_released
from fieldstone.runtime.transactions import Transaction

PURGE: Final = "storage.purge"
_AT_WORK: Final = prepare(
    select(JOB.c.id)
    .where(
        JOB.c.tenant_id == parameter("tenant", Integer()),
        JOB.c.kind == parameter("kind", Text()),
        JOB.c.state.in_(["waiting", "running"]),
    )
    .limit(1)
)


async def request_purge(
    tx: Transaction, before: datetime, *, components: bool, terms: BinTerms | None = None
) -> int:
    """Have everything purged that was deleted up to an instant; the number of the job.

    components: whether deleted objects and fields go as well, and not records alone. terms: up to
    when the records of which objects, where policies say so.
    """
    told = (terms or BinTerms(before)).to_json()
    said: dict[str, Json] = {
        "before": before.isoformat(),
        "components": components,
        "terms": told,
    }
    return await enqueue(tx, PURGE, said)


async def is_purging(tx: Transaction) -> bool:
    """Tell whether a purge waits or runs in the tenant."""
    return await tx.value(_AT_WORK, tenant=tx.tenant.id, kind=PURGE) is not None


async def run_purge(context: JobContext, files: FileStore) -> JsonObject:
    """Do the job of kind storage.purge: arguments {"before": instant, "components", "terms"}."""
    before = datetime.fromisoformat(str(context.job.arguments["before"]))
    said = context.job.arguments.get("terms")
    terms = BinTerms(before) if said is None else BinTerms.from_json(said)
    records = await purge_old_records(context, terms)
    components = 0
    if context.job.arguments.get("components"):
        components = await purge_old_components(context, before)
    removed = await remove_released(context, files)
    return {"records": records, "components": components, "files": removed}
