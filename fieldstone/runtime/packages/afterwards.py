"""What follows on a change of components, in the transaction that applies it.

It is plain data, so that a job can do it that applies the change later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fieldstone.metadata.record_names import LocalRecords
from fieldstone.metadata.record_sets import RecordSet
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.metadata_changes import Applied, load_components
from fieldstone.runtime.packages.brought import Leave, bring_back, take_away
from fieldstone.runtime.packages.record_loading import load_records
from fieldstone.runtime.packages.shipped import Shipment, note_shipment
from fieldstone.runtime.permissions import assign_to_many, get_set
from fieldstone.runtime.transactions import Transaction


@dataclass(frozen=True, slots=True)
class Brought:
    """Records that a package brings, as they are called here."""

    package: str
    sets: tuple[LocalRecords, ...]


@dataclass(frozen=True, slots=True)
class Gift:
    """A permission set that people are given. user_ids: those who get it."""

    set_name: str
    user_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Afterwards:
    """All that follows. leave: whose records go. back: the change whose records come back."""

    shipments: tuple[Shipment, ...] = ()
    brought: tuple[Brought, ...] = ()
    gifts: tuple[Gift, ...] = ()
    leave: Leave | None = None
    back: int | None = None

    def as_json(self) -> JsonObject:
        """Give it as a job keeps it."""
        leave = self.leave
        return {
            "shipments": [one.as_json() for one in self.shipments],
            "brought": [[one.package, _written(one.sets)] for one in self.brought],
            "gifts": [[one.set_name, list(one.user_ids)] for one in self.gifts],
            "leave": None
            if leave is None
            else [list(leave.packages), leave.change, sorted(leave.gone)],
            "back": self.back,
        }

    async def do(self, tx: Transaction, applied: Applied) -> None:
        """Do it. tx: holding the catalog alone. applied: on what it follows."""
        tx = tx.under(applied.catalog)
        # Where nothing changed, what follows is part of no change that somebody may undo.
        change = applied.catalog.version if applied.plan.changes else None
        rows = await load_components(tx) if self.shipments else []
        for shipment in self.shipments:
            await note_shipment(tx, shipment, rows)
        for one in self.brought:
            await load_records(tx, one.package, one.sets, change)
        if self.leave is not None:
            await take_away(tx, self.leave)
        if self.back is not None:
            await bring_back(tx, self.back)
        for gift in self.gifts:
            await assign_to_many(tx, gift.user_ids, get_set(tx.catalog, gift.set_name))


def read_afterwards(said: Mapping[str, Any] | None) -> Afterwards:
    """Read what Afterwards.as_json gave; nothing follows where a job says nothing."""
    if said is None:
        return Afterwards()
    leave = said["leave"]
    return Afterwards(
        tuple(Shipment.from_json(one) for one in said["shipments"]),
        tuple(Brought(name, _read(sets)) for name, sets in said["brought"]),
        tuple(Gift(name, tuple(people)) for name, people in said["gifts"]),
        leave and Leave(tuple(leave[0]), leave[1], frozenset(leave[2])),
        said["back"],
    )


def _written(sets: Sequence[LocalRecords]) -> list[Json]:
    return [
        {
            "path": one.path,
            "object": one.records.object,
            "key": one.records.key,
            "records": list(one.records.records),
            "named": dict(one.records.named),
            "part": one.records.part,
        }
        for one in sets
    ]


def _read(said: Sequence[Any]) -> tuple[LocalRecords, ...]:
    return tuple(
        LocalRecords(
            one["path"],
            RecordSet(one["object"], one["key"], tuple(one["records"]), one["named"], one["part"]),
        )
        for one in said
    )
