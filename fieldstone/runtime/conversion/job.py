"""The job that makes other values of those of many records, while they are in use.

Copy under the new keys in batches, where nobody looks; copy again what the change log says was
changed meanwhile, until little is left; then hold the tenant's catalog alone for an instant, copy
the last changes and apply the whole metadata change. Until then everybody reads and writes the old
values, from then on the new ones. Each step is one transaction with its checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Final

from fieldstone.errors import FieldstoneError, Several, Unavailable
from fieldstone.metadata.changes import MetadataPlan, Proposal
from fieldstone.metadata.localising import OWN_LABELS
from fieldstone.metadata.moved_values import RESERVED
from fieldstone.metadata.proposal_json import read_proposal
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.conversion import statements
from fieldstone.runtime.conversion.at_once import follow_links
from fieldstone.runtime.conversion.clearing import give_up
from fieldstone.runtime.conversion.errors import LossUnconfirmed
from fieldstone.runtime.conversion.moving import Move, Mover, count_lossy, move_rows
from fieldstone.runtime.conversion.outcomes import Outcome, load_outcomes, too_many
from fieldstone.runtime.conversion.refinding import find_again
from fieldstone.runtime.field_upkeep import MOST_RECORDS
from fieldstone.runtime.job_runs import JobCancelled, JobContext, JobLost
from fieldstone.runtime.metadata_changes import Applied, change_metadata, try_change
from fieldstone.runtime.metadata_plans import check_losses, check_moved, read_back
from fieldstone.runtime.packages.afterwards import read_afterwards
from fieldstone.runtime.storage import heap_moves
from fieldstone.runtime.storage.component_storage import find_component
from fieldstone.runtime.storage.errors import Overtaken
from fieldstone.runtime.storage.job_steps import alone, end_with, result_of, work_in_background
from fieldstone.runtime.storage.rules import StorageRules
from fieldstone.runtime.transactions import Transaction

FEW: Final = 200
"""So many changed records are converted while writers wait; more are before."""

_MOST_ROUNDS: Final = 50
_MOST_TURNS: Final = 3
_MOST_TOLD: Final = 10_000_000
_COPY, _FLIP, _FIND = "copy", "flip", "find"


async def run_convert(context: JobContext, rules: StorageRules) -> JsonObject:
    """Do the job of kind metadata.convert, as starting.start_conversion writes it down."""
    ended = result_of(context)
    if ended is not None:
        return ended
    # Values go by labels as they are defined, as they did in the plan, whoever begins the job.
    context.viewer = replace(context.viewer, language=OWN_LABELS)
    run = _Run(context, rules)
    try:
        if _at(context).get("step") != _FIND:
            await run.copy()
            await run.finish()
    except (JobLost, Unavailable):
        raise
    except (JobCancelled, FieldstoneError):
        await give_up(context, run.fields, rules)
        raise
    return await find_again(context, rules)


@dataclass(slots=True)
class _Run:
    """One run of the job. known: what the proposal means, by the version of the catalog."""

    context: JobContext
    rules: StorageRules
    known: dict[int, tuple[Applied, tuple[Mover, ...]]] = field(default_factory=dict)

    @property
    def fields(self) -> list[int]:
        """The fields whose values become others."""
        said = self.context.job.arguments["fields"]
        assert isinstance(said, list)
        return [int(str(one)) for one in said]

    @property
    def proposal(self) -> Proposal:
        """What is applied in the end; the keys that were reserved for it are its own."""
        said = self.context.job.arguments["proposal"]
        assert isinstance(said, Mapping)
        return replace(read_proposal(said), job=self.context.job.id)

    async def copy(self) -> None:
        """Write all values under their new keys."""
        if not _at(self.context):
            await self._begin()
        for number in range(len(self.fields)):
            at = _at(self.context)
            if at.get("step") == _FLIP or _whole(at.get("field", 0)) > number:
                continue
            begun = at.get("field") == number
            after: int | None = _whole(at.get("after", 0)) if begun else 0
            while after is not None:
                self.context.go_on()
                async with self.context.write() as tx:
                    after = await self._copy_batch(tx, number, after)

    async def _begin(self) -> None:
        """Tell how much there is to do; what loses too much already is not begun."""
        async with self.context.write() as tx:
            await work_in_background(tx)
            applied, movers = await self._meant(tx)
            seen = await load_outcomes(tx, applied.moves)
            await check_losses(tx, applied.plan, seen, self._confirmed)
            counts = [heap_moves.count_rows(*_where(tx, one.move)) for one in movers]
            total = sum([_whole(await tx.value(one, most=_MOST_TOLD)) for one in counts])
            await self._note(tx, {"step": _COPY}, done=0, total=total)

    async def _copy_batch(self, tx: Transaction, number: int, after: int) -> int | None:
        """Convert the next rows; the last one's id, None behind the last of all."""
        await work_in_background(tx)
        _, movers = await self._meant(tx)
        mover = movers[number]
        where = _where(tx, mover.move)
        batch: Any = await tx.row(heap_moves.bounds(*where), after=after, most=self.rules.batch)
        last = batch["last"]
        if last is None:
            await self._note(tx, {"step": _COPY, "field": number + 1, "after": 0})
            return None
        read = statements.values_in_range(*where, mover.move.read)
        rows = await tx.rows(read, after=after, up_to=last)
        lost = self._lost({self.fields[number]: await move_rows(tx, mover, rows)})
        done = _whole(self.context.job.progress.get("done", 0)) + len(rows)
        at: dict[str, Json] = {"step": _COPY, "field": number, "after": last, "lost": lost}
        await self._note(tx, at, done=done)
        return int(last)

    async def finish(self) -> None:
        """Convert what was changed meanwhile, and apply all. Raises LossUnconfirmed."""
        for left in reversed(range(_MOST_TURNS)):
            await self.catch_up()
            try:
                await self.flip()
                break
            except LossUnconfirmed:
                # What was changed after it was counted may have been counted twice.
                if not left:
                    raise

    async def catch_up(self) -> None:
        """Convert what was changed meanwhile, again and again, until little is left."""
        left, rounds = FEW + 1, 0
        while left > FEW and rounds < _MOST_ROUNDS:
            self.context.go_on()
            rounds += 1
            async with self.context.write() as tx:
                await work_in_background(tx)
                horizon = await tx.value(heap_moves.HORIZON)
                left, lossy = await self._copy_changed(tx)
                lost = self._lost(lossy)
                await self._note(tx, {"step": _FLIP, "xmin": horizon, "lost": lost})
        if not await self._is_agreed():
            counted = await self._count_again()
            async with self.context.write() as tx:
                await self._check(tx, counted)
                await self._note(tx, {"step": _FLIP, "lost": counted})

    async def _is_agreed(self) -> bool:
        async with self.context.write() as tx:
            try:
                await self._check(tx, self._lost({}))
            except LossUnconfirmed:
                return False
        return True

    async def _count_again(self) -> dict[str, Json]:
        """Count what is lost anew: what was copied more than once was counted as often."""
        lost = dict.fromkeys(self.fields, 0)
        for number, of in enumerate(self.fields):
            after: int | None = 0
            while after is not None:
                self.context.go_on()
                async with self.context.write() as tx:
                    await work_in_background(tx)
                    mover = (await self._meant(tx))[1][number]
                    where = _where(tx, mover.move)
                    bounds = heap_moves.bounds(*where)
                    batch: Any = await tx.row(bounds, after=after, most=self.rules.batch)
                    if batch["last"] is not None:
                        read = statements.values_in_range(*where, mover.move.read)
                        rows = await tx.rows(read, after=after, up_to=batch["last"])
                        lost[of] += await count_lossy(tx, mover, rows)
                    after = batch["last"]
        return {str(of): count for of, count in lost.items()}

    async def flip(self) -> None:
        """Convert the last changes with no writer at work; from now on everybody uses the copy."""
        async with alone(self.context) as tx:
            began = perf_counter()
            await work_in_background(tx)
            last, lossy = await self._copy_changed(tx)
            if any(lossy.values()):
                await self._check(tx, self._lost(lossy))
            told: Any = self.context.job.arguments.get("cause", {})
            tx.cause = {**tx.cause, **told}
            applied = await change_metadata(tx, self.proposal, self._agree, are_converted=True)
            await read_back(tx, applied)
            then: Any = self.context.job.arguments.get("then")
            await read_afterwards(then).do(tx, applied)
            for move in applied.moves:
                if move.moves_links:
                    await _all_links(tx, move, self.rules)
            result: JsonObject = {
                "version": applied.catalog.version,
                "copied_alone": last,
                "held_ms": round((perf_counter() - began) * 1000),
            }
            objects = {m.obj.id for m in applied.moves if m.old.searchable or m.new.searchable}
            if objects:
                rest: list[Json] = [int(one) for one in sorted(objects)]
                await self._note(tx, {"step": _FIND, "objects": rest, "then": result})
            else:
                await end_with(self.context, tx, result)

    async def _agree(self, plan: MetadataPlan) -> None:
        check_moved(plan, str(self.context.job.arguments["digest"]))

    @property
    def _confirmed(self) -> Mapping[str, int]:
        confirmed: Any = self.context.job.arguments["confirm"]
        return confirmed  # type: ignore[no-any-return]

    async def _check(self, tx: Transaction, lost: Mapping[str, Json]) -> None:
        """Refuse to lose more than was confirmed. lost: how many values were, by field."""
        applied, _ = await self._meant(tx)
        counted = [_counted(move, _whole(lost.get(str(move.old.id), 0))) for move in applied.moves]
        await check_losses(tx, applied.plan, counted, self._confirmed)

    def _lost(self, more: Mapping[int, int]) -> dict[str, Json]:
        """Give how many values were lost or cut until now, by field.

        Of records that were changed since they were copied it counts each copy, so at most as many.
        """
        known = _at(self.context).get("lost")
        lost = dict(known) if isinstance(known, Mapping) else {}
        return lost | {str(one): _whole(lost.get(str(one), 0)) + n for one, n in more.items()}

    async def _meant(self, tx: Transaction) -> tuple[Applied, tuple[Mover, ...]]:
        """Give what the proposal means under the catalog as it is, if that is what was agreed.

        Raises Overtaken, PlanMoved and all that planning raises.
        """
        for number in self.fields:
            stored = await find_component(tx, number)
            mark = None if stored is None or stored.deleted_at else stored.storage.get(RESERVED)
            if not isinstance(mark, Mapping) or mark.get("job") != self.context.job.id:
                raise Overtaken("The field was deleted, or another job converts its values.")
        version = tx.catalog.version
        if version not in self.known:
            tried = await try_change(tx, self.proposal)
            await self._agree(tried.plan)
            by_field = {int(move.old.id): Mover(move) for move in tried.moves}
            self.known = {version: (tried, tuple(by_field[n] for n in self.fields))}
        return self.known[version]

    async def _copy_changed(self, tx: Transaction) -> tuple[int, dict[int, int]]:
        """Convert what was changed since the last time: how many records, how many lose by it."""
        _, movers = await self._meant(tx)
        arguments, count = self.context.job.arguments, 0
        lossy = dict.fromkeys(self.fields, 0)
        for mover in movers:
            changed = await tx.rows(
                heap_moves.CHANGED,
                tenant=tx.tenant.id,
                object=mover.move.obj.id,
                seq=arguments["seq"],
                xmin=str(_at(self.context).get("xmin") or arguments["xmin"]),
            )
            ids = [row["record_id"] for row in changed]
            count += len(ids)
            read = statements.values_of_rows(*_where(tx, mover.move), mover.move.read)
            for first in range(0, len(ids), self.rules.batch):
                rows = await tx.rows(read, ids=ids[first : first + self.rules.batch])
                lossy[int(mover.move.old.id)] += await move_rows(tx, mover, rows)
        return count, lossy

    async def _note(self, tx: Transaction, at: Mapping[str, Json], **told: Json) -> None:
        progress = self.context.job.progress
        kept = {name: _at(self.context).get(name) for name in ("xmin", "lost")}
        await self.context.checkpoint(tx, {**progress, **told, "checkpoint": {**kept, **at}})


async def _all_links(tx: Transaction, move: Move, rules: StorageRules) -> None:
    """Let the table link follow a reference of all records. Raises Several for too many."""
    where, after, seen = _where(tx, move), 0, 0
    while True:
        batch: Any = await tx.row(heap_moves.bounds(*where), after=after, most=rules.batch)
        if batch["last"] is None:
            return
        seen += batch["rows"]
        if seen > MOST_RECORDS:
            raise Several([too_many(move)])
        ids = heap_moves.ids_in_range(*where)
        await follow_links(tx, move, await tx.rows(ids, after=after, up_to=batch["last"]))
        after = batch["last"]


def _counted(move: Move, lost: int) -> Outcome:
    """Give what became of values that are too many to be looked at one by one."""
    return Outcome(move, (), is_cut=True, in_background=True, counted=lost)


def _where(tx: Transaction, move: Move) -> tuple[str, int, int]:
    obj = tx.catalog.by_id[move.obj.id]
    return obj.heap, tx.tenant.id, obj.id


def _at(context: JobContext) -> Mapping[str, Json]:
    at = context.job.progress.get("checkpoint")
    return at if isinstance(at, Mapping) else {}


def _whole(value: Json) -> int:
    assert isinstance(value, int)
    return value
