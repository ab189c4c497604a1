"""Leaving a metadata change to a job, because it makes other values of those of many records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.moved_values import RESERVED
from fieldstone.metadata.proposal_json import write_proposal
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.conversion.moving import Move
from fieldstone.runtime.jobs import enqueue
from fieldstone.runtime.storage.component_storage import find_component, put_marker
from fieldstone.runtime.storage.heap_moves import HORIZON, LAST_CHANGE
from fieldstone.runtime.transactions import Transaction

CONVERT: Final = "metadata.convert"
GIVE_UP: Final = "metadata.give_up_conversion"
"""The kinds of jobs: the one that applies the change, and the one that clears up after it."""

_TOLD: Final = ("undo", "branch")
"""What the change that a job applies in the end tells of its cause, as if it were applied now."""


async def start_conversion(
    tx: Transaction,
    proposal: Proposal,
    moves: Sequence[Move],
    digest: str,
    confirmed: Mapping[str, int],
    *,
    then: JsonObject | None = None,
) -> int:
    """Enqueue the job that applies a proposal once all values are there, and mark its fields.

    then: what follows in the transaction that applies it, as Afterwards.as_json gives it.

    tx must have been opened by Database.change_metadata: at this instant nobody is writing, so
    whatever is written later stands behind this place in the change log.
    """
    arguments: dict[str, Json] = {
        "proposal": write_proposal(proposal),
        "digest": digest,
        "confirm": dict(confirmed),
        "then": then,
        "fields": [move.old.id for move in moves],
        "seq": await tx.value(LAST_CHANGE),
        "xmin": await tx.value(HORIZON),
        "cause": {key: tx.cause[key] for key in _TOLD if key in tx.cause},
    }
    job = await enqueue(tx, CONVERT, arguments)
    for move in moves:
        stored = await find_component(tx, move.old.id)
        assert stored is not None
        mark: dict[str, Json] = {"kind": GIVE_UP, "job": job, "key": move.new.key}
        if move.new.slot is not None:
            mark["slot"] = move.new.slot
        await put_marker(tx, stored.id, {**stored.storage, RESERVED: mark})
    return job
