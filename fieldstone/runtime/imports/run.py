"""A whole import, as a job: batch after batch, each with its records, ledger and checkpoint.

While one batch is written, the next is read from the file and parsed in another thread. A job
that was killed goes on after the last row of its checkpoint.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.files import FileStore
from fieldstone.runtime.imports.batch import Rules, run_batch
from fieldstone.runtime.imports.ledger import Fate, Settled, add_rows
from fieldstone.runtime.imports.mapping import read_mapping
from fieldstone.runtime.imports.matcher import Matcher
from fieldstone.runtime.imports.overtaken import Guard
from fieldstone.runtime.imports.plan import MOST_DRY_ROWS, Duplicates, ImportPlan, key_field
from fieldstone.runtime.imports.reading import ReadRow, RowReader
from fieldstone.runtime.imports.rehearsal import Rehearsal
from fieldstone.runtime.imports.report import MOST_SHOWN, TOLD, names_of, report_of, show_duplicate
from fieldstone.runtime.imports.source import Row, Source, open_source
from fieldstone.runtime.imports.stored import StoredRecords
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.transactions import Transaction

BATCH_ROWS: Final = 2_000


@dataclass(frozen=True, slots=True)
class ImportParts:
    """What an import needs beside the database."""

    files: FileStore
    matcher: Matcher


@dataclass(slots=True)
class _Run:
    """One run of an import. row: the last one done. rules and reader are of one catalog."""

    context: JobContext
    plan: ImportPlan
    source: Source
    matcher: Matcher
    total: int
    row: int = 0
    done: int = 0
    counts: Counter[Fate] = field(default_factory=Counter)
    tried: list[Settled] = field(default_factory=list)
    rules: Rules | None = None
    reader: RowReader | None = None
    rehearsal: Rehearsal | None = None

    async def run(self) -> None:
        """Import every row after the checkpoint."""
        self.rehearsal = Rehearsal() if self.plan.dry_run else None
        async with self._first() as tx:
            await self._begin(tx)
        if self.plan.dry_run:
            await self._try_all()
            return
        async for rows in self._batches():
            async with self.context.write() as tx:
                settled = await self._import(tx, rows)
                await add_rows(tx, self.context.job.id, self._obj, settled)
                await self.context.checkpoint(tx, self._progress())
            self.context.go_on()

    @asynccontextmanager
    async def _first(self) -> AsyncIterator[Transaction]:
        database, tenant = self.context.database, self.context.tenant
        async with database.read(tenant, self.context.viewer) as tx:
            yield tx

    async def _begin(self, tx: Transaction) -> None:
        """Bind the plan to the catalog of tx, and get to know the records that are there."""
        obj = tx.catalog.get_object(self.plan.object)
        mapping = read_mapping(obj, self.source.headers, self.plan.mapping, tx.rights)
        key = key_field(obj, self.plan.key, mapping, tx.rights) if self.plan.key else None
        self.reader = RowReader(obj, mapping, len(self.source.headers), prints=key is None)
        stored = None
        if key is None or self.plan.duplicates is not Duplicates.CREATE:
            stored = StoredRecords(self.matcher.begin(obj, self.reader.fields))
            await stored.load_all(tx, obj)
        job = self.context.job
        guard = Guard(job.id, self.plan.as_of or job.created_at)
        names = tx.rights.may_read_field(obj.title.id)
        self.rules = Rules(obj, key, self.plan.duplicates, stored, guard, self.rehearsal, names)

    @property
    def _obj(self) -> ObjectDef:
        assert self.rules is not None
        return self.rules.obj

    async def _batches(self) -> AsyncGenerator[list[ReadRow], None]:
        """Give the rows after the checkpoint in batches, always reading one batch ahead."""
        rows = self.source.rows(after=self.row)
        ahead = asyncio.create_task(asyncio.to_thread(self._read_batch, rows))
        try:
            while batch := await ahead:
                ahead = asyncio.create_task(asyncio.to_thread(self._read_batch, rows))
                yield batch
        finally:
            await asyncio.wait([ahead])

    def _read_batch(self, rows: Iterator[Row]) -> list[ReadRow]:
        assert self.reader is not None
        return self.reader.read(list(islice(rows, BATCH_ROWS)))

    async def _import(self, tx: Transaction, rows: Sequence[ReadRow]) -> list[Settled]:
        assert self.rules is not None
        if tx.catalog.by_id.get(self._obj.id) is not self._obj:
            # The metadata changed since the rows were read: their values are of other fields.
            await self._begin(tx)
            assert self.reader is not None
            rows = self.reader.read([(row.number, row.texts) for row in rows])
        settled = await run_batch(tx, self.rules, rows)
        self.row = rows[-1].number
        self.done += len(rows)
        self.counts.update(one.fate for one in settled)
        return settled

    async def _try_all(self) -> None:
        """Try the rows batch by batch and keep nothing of them.

        Each batch has a transaction of its own, so that nobody waits for the whole.
        """
        async with aclosing(self._batches()) as batches:
            async for rows in batches:
                settled = await self._rehearse(rows)
                self.tried.extend(one for one in settled if one.details is not None)
                await self.context.tell({**self._progress(), "checkpoint": {}})
                self.context.go_on()
                if self.done >= MOST_DRY_ROWS:
                    break

    async def _rehearse(self, rows: Sequence[ReadRow]) -> list[Settled]:
        settled: list[Settled] = []
        with suppress(_NothingKept):
            async with self.context.write() as tx:
                settled = await self._import(tx, rows)
                raise _NothingKept
        return settled

    def _progress(self) -> JsonObject:
        verb = "Tried" if self.plan.dry_run else "Imported"
        counts: dict[str, Json] = {fate.value: number for fate, number in self.counts.items()}
        return {
            "done": self.done,
            "total": self.total,
            "words": f"{verb} {self.done:,} of {self.total:,} rows.",
            "checkpoint": {"row": self.row, "done": self.done, "counts": counts},
        }


class _NothingKept(Exception):
    """Rolls a batch of a dry run back."""


async def run_import(context: JobContext, parts: ImportParts) -> JsonObject:
    """Import the file that a job names, from where the job got to. Gives the report.

    Raises Several, UnknownObject, UnknownFile, BadFile, BadKey if nothing can be imported at all.
    """
    plan = ImportPlan.from_json(context.job.arguments)
    path = await parts.files.local_path(context.tenant.id, plan.file)
    source = await asyncio.to_thread(open_source, path)
    total = await asyncio.to_thread(source.count)
    run = _Run(context, plan, source, parts.matcher, total)
    _go_on_from(run, context.job.progress.get("checkpoint"))
    await run.run()
    async with context.database.read(context.tenant, context.viewer) as tx:
        report = await report_of(tx, context.job.id, plan, source.headers)
        if not plan.dry_run:
            return {**report, "rows": total}
        as_of = write_instant(plan.as_of or context.job.created_at)
        return {**report, **await _tried(tx, run), "rows": run.done, "as_of": as_of}


def _go_on_from(run: _Run, checkpoint: Json) -> None:
    if isinstance(checkpoint, dict) and checkpoint:
        row, done, counts = checkpoint["row"], checkpoint["done"], checkpoint["counts"]
        assert isinstance(row, int)
        assert isinstance(done, int)
        assert isinstance(counts, dict)
        run.row, run.done = row, done
        run.counts.update({Fate(fate): int(str(number)) for fate, number in counts.items()})


async def _tried(tx: Transaction, run: _Run) -> JsonObject:
    """Give the part of the report of a dry run that the ledger does not know."""
    told = [one for one in run.tried if one.fate in TOLD and one.confidence is not None]
    shown = told[:MOST_SHOWN]
    obj = tx.catalog.get_object(run.plan.object)
    names = await names_of(tx, obj, shown)
    counts = run.counts
    return {
        "imported": counts[Fate.CREATED],
        "updated": counts[Fate.UPDATED],
        "unchanged": counts[Fate.UNCHANGED],
        "merged": counts[Fate.MERGED],
        "skipped": counts[Fate.SKIPPED],
        "held": counts[Fate.HELD],
        "rejected": counts[Fate.REJECTED],
        "duplicates_found": len(told),
        "duplicates": [show_duplicate(obj, one, names) for one in shown],
        "problems": [
            {"row": one.number, "problems": (one.details or {}).get("problems")}
            for one in run.tried
            if one.fate is Fate.REJECTED
        ][:MOST_SHOWN],
    }
