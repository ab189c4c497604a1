"""Retention, as a job: what policies keep no longer goes, but for what is under legal hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Integer, Text, delete, func, null, select, update

from fieldstone.errors import FieldstoneError
from fieldstone.ids import RecordId
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.factor_tables import ACCESS_EVENT
from fieldstone.metadata.retention import Fate, Kept, RetentionPolicy
from fieldstone.metadata.standing import SYSTEM
from fieldstone.metadata.tables import CHANGE, JOB, SIGN_IN
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.files import FileStore
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.jobs import enqueue
from fieldstone.runtime.privacy.anonymising import anonymise
from fieldstone.runtime.privacy.due import (
    LISTED,
    heap_arguments,
    object_of,
    question_of,
    record_in,
)
from fieldstone.runtime.privacy.held import held_among
from fieldstone.runtime.queries import answer
from fieldstone.runtime.records.delete import delete as delete_record
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.storage.job_steps import end_with, result_of, work_in_background
from fieldstone.runtime.storage.purge_records import purge_deletions
from fieldstone.runtime.storage.released_files import release_files, remove_released
from fieldstone.runtime.transactions import Transaction

RETAIN: Final = "privacy.retain"
_AT_ONCE: Final = 200
_ROWS_AT_ONCE: Final = 2_000
_TENANT: Final = parameter("tenant", Integer())
_IDS: Final = parameter("ids", ARRAY(BigInteger))
_AT_WORK: Final = prepare(
    select(JOB.c.id)
    .where(
        JOB.c.tenant_id == _TENANT,
        JOB.c.kind == parameter("kind", Text()),
        JOB.c.state.in_(["waiting", "running"]),
    )
    .limit(1)
)
_FORGET: Final = {
    Kept.CHANGES: prepare(
        update(CHANGE)
        .where(CHANGE.c.tenant_id == _TENANT, CHANGE.c.seq == func.any(_IDS))
        .values(before=null(), after=null())
    ),
    Kept.ACCESS: prepare(
        delete(ACCESS_EVENT).where(
            ACCESS_EVENT.c.tenant_id == _TENANT, ACCESS_EVENT.c.id == func.any(_IDS)
        )
    ),
    Kept.SIGN_INS: prepare(
        delete(SIGN_IN).where(SIGN_IN.c.tenant_id == _TENANT, SIGN_IN.c.id == func.any(_IDS))
    ),
    Kept.JOBS: prepare(delete(JOB).where(JOB.c.tenant_id == _TENANT, JOB.c.id == func.any(_IDS))),
}


async def request_retention(tx: Transaction) -> int:
    """Have the policies carried out; the number of the job, which may be under way already."""
    there = await tx.value(_AT_WORK, tenant=tx.tenant.id, kind=RETAIN)
    return int(there) if there is not None else await enqueue(tx, RETAIN, {})


async def run_retention(context: JobContext, files: FileStore) -> JsonObject:
    """Do the job of kind privacy.retain: every active policy, one after the other.

    The result tells for each what became of how many. A policy that cannot be carried out does
    not keep the others from it.
    """
    ended = result_of(context)
    if ended is not None:
        return ended
    context.viewer = replace(context.viewer, standing=SYSTEM)
    async with context.write() as tx:
        policies = [one for one in tx.catalog.retention if one.active]
    told: dict[str, Json] = {}
    for policy in policies:
        context.go_on()
        counts = await _carry_out(context, policy)
        told[policy.name] = dict(counts)
    removed = await remove_released(context, files)
    async with context.write() as tx:
        await note_event(tx, None, Event.RETAINED, policies=told, files_removed=removed)
        return await end_with(context, tx, {"policies": told, "files_removed": removed})


async def _carry_out(context: JobContext, policy: RetentionPolicy) -> Mapping[str, int]:
    match policy.of:
        case Kept.RECORDS:
            return await _retain_records(context, policy)
        case Kept.BIN:
            return {"purged": await _each(context, policy, _purge)}
        case Kept.FILES:
            return {"released": await _each(context, policy, _release, once=True)}
        case _:
            return {"forgotten": await _each(context, policy, _forget)}


_Step = Callable[[JobContext, RetentionPolicy, list[int]], Awaitable[None]]


async def _each(
    context: JobContext, policy: RetentionPolicy, step: _Step, *, once: bool = False
) -> int:
    """Do something with what is due, some at a time; with how many."""
    done, statement = 0, LISTED[policy.of]
    while True:
        context.go_on()
        async with context.write() as tx:
            await work_in_background(tx)
            given: dict[str, Any] = {**heap_arguments(tx, policy), "most": _ROWS_AT_ONCE}
            rows = await tx.rows(statement, **given)
        ids = [row["id"] for row in rows if row["id"] != context.job.id]
        if ids:
            await step(context, policy, ids)
            done += len(ids)
        if once or len(rows) < _ROWS_AT_ONCE:
            return done


async def _forget(context: JobContext, policy: RetentionPolicy, ids: list[int]) -> None:
    async with context.write() as tx:
        await work_in_background(tx)
        await tx.run(_FORGET[policy.of], tenant=tx.tenant.id, ids=ids)
        await context.checkpoint(tx, context.job.progress)


async def _purge(context: JobContext, policy: RetentionPolicy, ids: list[int]) -> None:
    await purge_deletions(context, ids)


async def _release(context: JobContext, policy: RetentionPolicy, ids: list[int]) -> None:
    async with context.write() as tx:
        await release_files(tx, ids)
        await context.checkpoint(tx, context.job.progress)


async def _retain_records(context: JobContext, policy: RetentionPolicy) -> Mapping[str, int]:
    """Delete, purge or anonymise the records that are due; what else points to some keeps them."""
    counts, cursor = Counter[str](), None
    while True:
        context.go_on()
        roots: list[int] = []
        async with context.write() as tx:
            await work_in_background(tx)
            obj = object_of(tx, policy)
            page = await answer(tx, question_of(tx, policy, _AT_ONCE, cursor=cursor))
            ids = [record_in(text) for text in page.records]
            held = await held_among(tx, list(ids))
            free = [one for one in ids if one not in held]
            counts["held"] += len(held)
            if policy.fate is Fate.ANONYMISE:
                counts["anonymised"] += await anonymise(tx, obj, free)
            else:
                roots = await _delete_each(tx, obj, free)
                counts["deleted"] += len(roots)
                counts["kept"] += len(free) - len(roots)
            await context.checkpoint(tx, {"words": f"{policy.label}: {counts.total()} seen"})
        if policy.fate is Fate.PURGE and roots:
            counts["purged"] += await purge_deletions(context, roots)
        cursor = page.next
        if cursor is None:
            return counts


async def _delete_each(tx: Transaction, obj: ObjectDef, ids: list[RecordId]) -> list[int]:
    """Put records in the bin, each by itself; those that something else needs stay."""
    gone: list[int] = []
    for number in ids:
        try:
            async with tx.savepoint():
                await delete_record(tx, obj, number)
        except FieldstoneError:
            continue
        gone.append(number)
    return gone
