"""Conversions of few records: in the metadata change itself, while nobody writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.values import read_json
from fieldstone.runtime.conversion import statements
from fieldstone.runtime.conversion.errors import LossUnconfirmed, NeedsJob
from fieldstone.runtime.conversion.moving import Move, Mover, move_links, move_rows
from fieldstone.runtime.storage import heap_moves
from fieldstone.runtime.transactions import Transaction

MOST_AT_ONCE: Final = 20_000
"""So many records of an object are converted while everybody waits; more are left to a job."""

BATCH: Final = 2_000


async def is_large(tx: Transaction, obj: ObjectDef) -> bool:
    """Tell whether an object has more records than are converted at once."""
    counted = heap_moves.count_rows(obj.heap, tx.tenant.id, obj.id)
    found = await tx.value(counted, most=MOST_AT_ONCE + 1)
    return isinstance(found, int) and found > MOST_AT_ONCE


async def convert_at_once(
    tx: Transaction, moves: Sequence[Move], confirmed: Mapping[str, int]
) -> None:
    """Convert all values of some fields. confirmed: how many each may lose, by its key.

    Raises NeedsJob where there are too many records, LossUnconfirmed.
    """
    for move in moves:
        if await is_large(tx, move.obj):
            raise NeedsJob(
                f"{move.obj.label} has more than {MOST_AT_ONCE:,} records, whose values a job"
                " has to convert.",
                hint="Send it to /api/metadata/apply, which leaves it to a job.",
            )
        lost = await _convert_all(tx, move)
        if lost > confirmed.get(move.loss_key, 0):
            raise LossUnconfirmed(
                f"{lost:,} values of {move.obj.name}.{move.new.name} would be lost or shortened.",
                at="/type",
                hint="Plan it at /api/metadata/plan, and apply it with confirm.",
                details={"losses": {move.loss_key: lost}},
            )


async def _convert_all(tx: Transaction, move: Move) -> int:
    mover, after, lost = Mover(move), 0, 0
    where = (move.obj.heap, tx.tenant.id, move.obj.id)
    while True:
        batch: Any = await tx.row(heap_moves.bounds(*where), after=after, most=BATCH)
        if batch["last"] is None:
            return lost
        read = statements.values_in_range(*where, move.read)
        rows = await tx.rows(read, after=after, up_to=batch["last"])
        lost += await move_rows(tx, mover, rows)
        if move.moves_links:
            await follow_links(tx, move, rows)
        after = batch["last"]


async def follow_links(tx: Transaction, move: Move, rows: Iterable[Any]) -> None:
    """Let the table link follow the values of rows, which have become others."""
    ids = [row["id"] for row in rows]
    where = (move.obj.heap, tx.tenant.id, move.obj.id)
    became = await tx.rows(
        statements.values_of_rows(*where, statements.Read((move.new.key,))), ids=ids
    )
    values = [(row["id"], None if row["v0"] is None else read_json(row["v0"])) for row in became]
    await move_links(tx, move, values)
