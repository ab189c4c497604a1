"""Promotion: an object's records move to a heap of their own, or back, while they are in use.

Copy in batches; copy again what the change log says was changed meanwhile, until little is left;
then hold the tenant's catalog alone for an instant, copy the last changes and raise the version
with the new heap's name. Readers that began before go on in the old heap, which keeps its rows for
as long as they may (clearing.py). Each step is one transaction with its checkpoint.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from fieldstone.ids import ObjectId
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.storage import INDEXES
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.job_runs import JobCancelled, JobContext
from fieldstone.runtime.jobs import enqueue
from fieldstone.runtime.statements import Prepared
from fieldstone.runtime.storage import heap_moves
from fieldstone.runtime.storage.component_storage import (
    find_component,
    put_marker,
    put_storage,
)
from fieldstone.runtime.storage.errors import Overtaken
from fieldstone.runtime.storage.job_steps import alone, end_with, result_of, work_in_background
from fieldstone.runtime.storage.moving import (
    CLEAN,
    LEAVE_MARK,
    MOVE_MARK,
    Move,
    move_in,
    without,
)
from fieldstone.runtime.storage.own_heaps import (
    analyze_own_heap,
    create_own_heap,
    drop_own_heap,
    index_own_heap,
    is_own_heap,
)
from fieldstone.runtime.storage.rules import StorageRules
from fieldstone.runtime.transactions import Transaction

FEW: Final = 200
"""So many changed records are copied while writers wait; more are copied before."""
_MOST_ROUNDS: Final = 50
_EVERY_ROW: Final = 2**31 - 1
_COPY, _INDEX, _CHECK, _FLIP = "copy", "index", "check", "flip"


async def run_move(context: JobContext, rules: StorageRules) -> JsonObject:
    """Do the job of kind storage.move: arguments {"object": id}."""
    ended = result_of(context)
    if ended is not None:
        return ended
    mover = await _mover(context, rules)
    try:
        return await mover.run()
    except (JobCancelled, Overtaken):
        await mover.give_up()
        raise


async def _mover(context: JobContext, rules: StorageRules) -> _Mover:
    object_id = context.job.arguments["object"]
    assert isinstance(object_id, int)
    async with context.write() as tx:
        stored = await find_component(tx, object_id)
        move = None if stored is None else move_in(stored.storage)
        if stored is None or move is None or move.job != context.job.id:
            raise Overtaken("Another job moves these records, or they are gone.")
        source = str(stored.storage.get("heap") or tx.tenant.leaf)
        obj = tx.catalog.by_id.get(ObjectId(object_id))
        slots = tuple(f.written_slot for f in obj.own_fields if f.written_slot) if obj else ()
    return _Mover(context, rules, object_id, source, move, slots)


@dataclass(slots=True)
class _Mover:
    """One run of a move. slots: those that hold values, whose indexes are made last."""

    context: JobContext
    rules: StorageRules
    object_id: int
    source: str
    move: Move
    slots: tuple[str, ...]

    async def run(self) -> JsonObject:
        """Go through the steps from the checkpoint on."""
        steps: dict[str, Callable[[int], Awaitable[None]]] = {
            _COPY: self._copy,
            _INDEX: self._index,
            _CHECK: self._check,
            _FLIP: self._catch_up,
        }
        at = _checkpoint(self.context)
        if not at:
            await self._prepare()
            at = _checkpoint(self.context)
        names = list(steps)
        for name in names[names.index(str(at["step"])) :]:
            after = at["after"] if at["step"] == name else 0
            assert isinstance(after, int)
            await steps[name](after)
        return await self._flip()

    async def _prepare(self) -> None:
        """Make the target empty, whatever an earlier run left there."""
        if not is_own_heap(self.move.heap):
            await remove_in_batches(self.context, self.move.heap, self.object_id, self.rules)
        async with self.context.write() as tx:
            await self._guard(tx)
            if is_own_heap(self.move.heap):
                await create_own_heap(tx, self.object_id, self.slots)
            await work_in_background(tx)
            counted = heap_moves.count_rows(self.source, tx.tenant.id, self.object_id)
            total = await tx.value(counted, most=_EVERY_ROW)
            await self._note(tx, _COPY, 0, {"done": 0, "total": total})

    async def _copy(self, after: int) -> None:
        await self._in_batches(_COPY, after, self._copy_batch)
        async with self.context.write() as tx:
            await self._note(tx, _INDEX, 0)

    async def _copy_batch(self, tx: Transaction, after: int, up_to: int) -> None:
        await tx.run(self._statement(tx, heap_moves.copy_range), after=after, up_to=up_to)

    async def _index(self, done: int) -> None:
        """Index and analyse the copy, which nobody reads yet."""
        if is_own_heap(self.move.heap):
            for number, slot in enumerate(self.slots[done:], done + 1):
                self.context.go_on()
                async with self.context.write() as tx:
                    await index_own_heap(tx, self.object_id, slot)
                    await self._note(tx, _INDEX, number)
            async with self.context.write() as tx:
                await analyze_own_heap(tx, self.object_id)
        async with self.context.write() as tx:
            await self._note(tx, _CHECK, 0)

    async def _check(self, after: int) -> None:
        """Compare all rows, and bring the copy of those that differ up to date.

        What differs by rights was changed a moment ago; the rest would be a fault, and is mended.
        """
        await self._in_batches(_CHECK, after, self._check_batch)
        async with self.context.write() as tx:
            await self._note(tx, _FLIP, 0)

    async def _check_batch(self, tx: Transaction, after: int, up_to: int) -> None:
        found = await tx.rows(self._statement(tx, heap_moves.differing), after=after, up_to=up_to)
        if found:
            ids = [row["id"] for row in found]
            await tx.run(self._statement(tx, heap_moves.copy_rows), ids=ids)
            await tx.run(self._statement(tx, heap_moves.remove_strangers), ids=ids)

    async def _catch_up(self, rounds: int) -> None:
        """Copy what was changed meanwhile, again and again, until little is left."""
        left = FEW + 1
        while left > FEW and rounds < _MOST_ROUNDS:
            self.context.go_on()
            rounds += 1
            async with self.context.write() as tx:
                await self._guard(tx)
                horizon = await tx.value(heap_moves.HORIZON)
                left = await self._copy_changed(tx)
                await self._note(tx, _FLIP, rounds, xmin=horizon)

    async def _copy_changed(self, tx: Transaction) -> int:
        await work_in_background(tx)
        at = _checkpoint(self.context)
        changed = await tx.rows(
            heap_moves.CHANGED,
            tenant=tx.tenant.id,
            object=self.object_id,
            seq=self.move.seq,
            xmin=str(at.get("xmin") or self.move.xmin),
        )
        ids = [row["record_id"] for row in changed]
        if not ids:
            return 0
        return await tx.run(self._statement(tx, heap_moves.catch_up), ids=ids)

    async def _flip(self) -> JsonObject:
        """Copy the last changes with no writer at work; from now on everybody uses the copy."""
        async with alone(self.context) as tx:
            began = perf_counter()
            stored = await self._guard(tx)
            last = await self._copy_changed(tx)
            job = await enqueue(
                tx,
                CLEAN,
                {"object": self.object_id, "heap": self.source},
                delay_s=self.rules.grace_s,
            )
            leave: Mapping[str, Json] = {"heap": self.source, "job": job}
            storage = {**without(stored.storage, MOVE_MARK, "heap", INDEXES), LEAVE_MARK: leave}
            own = is_own_heap(self.move.heap)
            if own:
                storage["heap"] = self.move.heap
            await put_storage(tx, stored, storage, "promote" if own else "demote")
            result: JsonObject = {
                "heap": self.move.heap,
                "records": self._done(),
                "copied_alone": last,
                "held_ms": round((perf_counter() - began) * 1000),
            }
            return await end_with(self.context, tx, result)

    async def give_up(self) -> None:
        """Remove the copy and the mark, so that all is as it was."""
        if not is_own_heap(self.move.heap):
            await remove_in_batches(self.context, self.move.heap, self.object_id, self.rules)
        async with alone(self.context) as tx:
            stored = await find_component(tx, self.object_id)
            if stored is not None and move_in(stored.storage) == self.move:
                if is_own_heap(self.move.heap):
                    await drop_own_heap(tx, self.object_id)
                await put_marker(tx, stored.id, without(stored.storage, MOVE_MARK))

    async def _guard(self, tx: Transaction) -> StoredComponent:
        """Give the object's component as long as the move is ours. Raises Overtaken."""
        stored = await find_component(tx, self.object_id)
        if stored is None or stored.deleted_at or move_in(stored.storage) != self.move:
            raise Overtaken("The object was deleted, or another job moves its records.")
        return stored

    async def _in_batches(
        self, step: str, after: int, work: Callable[[Transaction, int, int], Awaitable[None]]
    ) -> None:
        while True:
            self.context.go_on()
            async with self.context.write() as tx:
                await self._guard(tx)
                await work_in_background(tx)
                bounds = heap_moves.bounds(self.source, tx.tenant.id, self.object_id)
                batch: Any = await tx.row(bounds, after=after, most=self.rules.batch)
                if batch["last"] is None:
                    return
                await work(tx, after, batch["last"])
                after = batch["last"]
                copied = batch["rows"] if step == _COPY else 0
                await self._note(tx, step, after, {"done": self._done() + copied})

    def _done(self) -> int:
        done = self.context.job.progress.get("done", 0)
        assert isinstance(done, int)
        return done

    def _statement(self, tx: Transaction, build: Callable[..., Prepared]) -> Prepared:
        return build(self.source, self.move.heap, tx.tenant.id, self.object_id)

    async def _note(
        self,
        tx: Transaction,
        step: str,
        after: int,
        told: Mapping[str, Json] | None = None,
        xmin: str | None = None,
    ) -> None:
        known = self.context.job.progress
        at: dict[str, Json] = {"step": step, "after": after}
        at["xmin"] = xmin or _checkpoint(self.context).get("xmin")
        await self.context.checkpoint(tx, {**known, **(told or {}), "checkpoint": at})


async def remove_in_batches(
    context: JobContext, heap_name: str, object_id: int, rules: StorageRules
) -> None:
    """Remove an object's rows from a shared heap in which it is not read."""
    after = 0
    while True:
        async with context.write() as tx:
            stored = await find_component(tx, object_id)
            if stored is not None:
                used = stored.storage.get("heap", tx.tenant.leaf)
                assert used != heap_name, f"object {object_id} is read in {heap_name}"
            await work_in_background(tx)
            bounds = heap_moves.bounds(heap_name, tx.tenant.id, object_id)
            batch: Any = await tx.row(bounds, after=after, most=rules.batch)
            if batch["last"] is None:
                return
            statement = heap_moves.remove_rows(heap_name, tx.tenant.id, object_id)
            await tx.run(statement, after=after, up_to=batch["last"])
            after = batch["last"]


def _checkpoint(context: JobContext) -> Mapping[str, Json]:
    at = context.job.progress.get("checkpoint")
    return at if isinstance(at, Mapping) else {}
