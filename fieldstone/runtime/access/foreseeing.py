"""What giving records out to territories would do, as they are or as is proposed; nothing is done.

The same rules are asked in the same order as by the job that gives them out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.kinds.registry import OBJECT, TERRITORY, TERRITORY_RULE
from fieldstone.metadata.territories import TerritoryTree
from fieldstone.metadata.values import fold
from fieldstone.runtime.access.assigning import (
    AT_ONCE,
    Placements,
    count_held,
    matched_rows,
    placements,
    room_of,
)
from fieldstone.runtime.access.territories import check_territories
from fieldstone.runtime.metadata_changes import try_metadata
from fieldstone.runtime.transactions import Transaction

MOST_LOOKED: Final = 50_000
"""Records of an object that are looked at; what is behind them is not told."""


KINDS: Final = (OBJECT.name, TERRITORY.name, TERRITORY_RULE.name)
"""What a proposal may be about."""


@dataclass(frozen=True, slots=True)
class Move:
    """How many records of an object a territory has, and would have."""

    territory: str
    label: str
    held: int
    would_hold: int
    capacity: int | None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would happen to the records of an object. without: how many no territory would have.

    is_cut: whether there are more records than were looked at.
    """

    object: ObjectDef
    looked_at: int
    is_cut: bool
    given: int
    taken: int
    without: int
    moves: tuple[Move, ...]

    @property
    def words(self) -> Iterator[str]:
        """The same in sentences."""
        name = self.object.plural_label
        for one in self.moves:
            if one.would_hold != one.held:
                yield f"{one.label} would have {one.would_hold:,} {name} instead of {one.held:,}."
        if not (self.given or self.taken):
            yield f"No {self.object.label} would move."
        if self.without:
            yield f"{self.without:,} {name} would be in no territory."
        if self.is_cut:
            yield f"Only the first {self.looked_at:,} {name} were looked at."


async def foresee(
    tx: Transaction, proposal: Proposal | None = None, wanted: ObjectDef | None = None
) -> list[Foreseen]:
    """Tell what giving records out anew would do, if a proposal were carried out.

    wanted: the one object that is asked about. Raises Forbidden, and what is wrong with the
    proposal as carrying it out would.
    """
    check_territories(tx)
    after = tx if proposal is None else tx.under(await try_metadata(tx, proposal))
    ruled = sorted({*tx.catalog.territory_rules, *after.catalog.territory_rules})
    found = [after.catalog.by_id[one] for one in ruled if one in after.catalog.by_id]
    asked = [obj for obj in found if wanted is None or obj.id == wanted.id]
    trees = (tx.catalog.territories, after.catalog.territories)
    return [await _foresee(after, obj, trees) for obj in asked]


async def _foresee(
    tx: Transaction, obj: ObjectDef, trees: tuple[TerritoryTree, TerritoryTree]
) -> Foreseen:
    known = {one: tree.by_id[one] for tree in trees for one in tree.by_id}
    held = await count_held(tx, obj, sorted(known))
    moved, counts, room, after = Counter[int](), Counter[str](), await room_of(tx, obj), 0
    rows: Sequence[Mapping[str, int]] = await matched_rows(tx, obj, None, after)
    while rows and counts["done"] < MOST_LOOKED:
        placed = await placements(tx, obj, rows, room)
        moves = _moves(placed)
        room = {number: left - moves[number] for number, left in room.items()}
        moved.update(moves)
        counts.update(
            done=len(rows), given=len(placed.new), taken=len(placed.wrong), without=placed.without
        )
        after = rows[-1]["id"]
        # Behind a full page there may be none, so that one is cut only by what was found there.
        rows = await matched_rows(tx, obj, None, after) if len(rows) == AT_ONCE else ()
    # Of one that goes all records leave, whoever gave them to it.
    gone = known.keys() - trees[1].by_id.keys()
    told = [
        Move(
            one.name,
            one.label,
            held.get(number, 0),
            0 if number in gone else held.get(number, 0) + moved[number],
            one.capacity.get(obj.id),
        )
        for number, one in known.items()
        if held.get(number) or moved[number]
    ]
    return Foreseen(
        obj,
        counts["done"],
        bool(rows),
        counts["given"],
        counts["taken"],
        counts["without"],
        tuple(sorted(told, key=lambda one: (fold(one.label), one.territory))),
    )


def _moves(placed: Placements) -> Counter[int]:
    """Count by how much each territory gains."""
    moves = Counter[int]()
    for one in placed.wrong:
        moves[placed.held[one]["principal"]] -= 1
    for rule in placed.new.values():
        moves[rule.territory] += 1
    return moves
