"""Wishes to lend a field a slot late, or to take one back, and the marks on the field's storage.

"slot_filling" names a slot that every write fills and no query uses: one that is being lent, or
one that old plans may still be using while it is taken back. "slot_emptying" names one that
nothing reads or writes, until its old values are gone. "slot_job" tells which job sees to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fieldstone.errors import Forbidden
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.moved_values import RESERVED
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.slots import SlotKind, free_slot
from fieldstone.metadata.storage import SLOT_KEYS
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.jobs import enqueue
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.storage.component_storage import find_component, put_storage
from fieldstone.runtime.storage.errors import NoSlotFree, SlotNotPossible, StorageBusy
from fieldstone.runtime.storage.moving import INDEX_MARK, MOVE_MARK, refuse_if_moving, without
from fieldstone.runtime.storage.rules import StorageRules
from fieldstone.runtime.transactions import Transaction

FILL: Final = "storage.fill_slot"
EMPTY: Final = "storage.empty_slot"
FILLING: Final = "slot_filling"
EMPTYING: Final = "slot_emptying"
JOB: Final = "slot_job"


@dataclass(frozen=True, slots=True)
class SlotWish:
    """Which field of which object a slot is lent to or taken from."""

    obj: ObjectDef
    field: Field

    @property
    def name(self) -> str:
        """The field as people write it, such as Deal.stage."""
        return f"{self.obj.name}.{self.field.name}"


async def lend_slot(tx: Transaction, wish: SlotWish) -> int:
    """Lend a field a free slot, which a job fills before any query uses it; the job's number.

    tx must have been opened by Database.change_metadata.
    Raises Forbidden, SlotNotPossible, NoSlotFree, StorageBusy.
    """
    stored = await _checked(tx, wish)
    kind = wish.field.type.slot
    if kind is None or wish.field.is_system:
        raise SlotNotPossible(f"{wish.name} has no values that a slot could hold.")
    if wish.field.written_slot is not None:
        raise SlotNotPossible(f"{wish.name} has a slot already.")
    slot = free_slot(kind, slots_taken(await load_components(tx), wish.obj.name))
    if slot is None:
        raise NoSlotFree(
            f"All {len_of(kind)} slots of {wish.obj.label} for such values are lent.",
            hint="Take one back from a field that is asked for less.",
        )
    return await start_filling(tx, stored, slot)


async def start_filling(tx: Transaction, stored: StoredComponent, slot: str) -> int:
    """Have every write fill a slot from the next version on, and a job fill it for the rest."""
    job = await enqueue(tx, FILL, {"field": stored.id})
    searched = stored.storage.get("searched", "slot" in stored.storage)
    storage = {**without(stored.storage, *SLOT_KEYS), FILLING: slot, "searched": searched}
    await put_storage(tx, stored, {**storage, JOB: _mark(FILL, job)}, "lend_slot")
    return job


async def take_slot(
    tx: Transaction, wish: SlotWish, rules: StorageRules, *, lend_to: Field | None = None
) -> int:
    """Take a field's slot back: no query uses it from now on; a job empties it later.

    lend_to: a field of the object that gets it then. The number of the job.
    tx must have been opened by Database.change_metadata.
    Raises Forbidden, SlotNotPossible, StorageBusy.
    """
    stored = await _checked(tx, wish)
    if wish.field.slot is None:
        raise SlotNotPossible(f"{wish.name} has no slot.")
    if wish.field.id in fields_bound(tx.catalog):
        raise SlotNotPossible(f"{wish.name} is part of an attach rule, which needs its slot.")
    if any(wish.field.id in index.fields for index in wish.obj.indexes):
        raise SlotNotPossible(
            f"{wish.name} stands in an index of {wish.obj.plural_label}.",
            hint="Drop the index first: crm advise history names it.",
        )
    if lend_to is not None and lend_to.type.slot is not wish.field.type.slot:
        raise SlotNotPossible(f"A slot of {wish.name} cannot hold values of {lend_to.name}.")
    arguments: dict[str, Json] = {"field": stored.id}
    if lend_to is not None:
        arguments["lend_to"] = lend_to.id
    return await start_emptying(tx, stored, arguments, rules.grace_s)


async def start_emptying(
    tx: Transaction, stored: StoredComponent, arguments: Mapping[str, Json], delay_s: float
) -> int:
    """Let queries use a slot no more; writes fill it until the job begins, for those at work."""
    job = await enqueue(tx, EMPTY, arguments, delay_s=delay_s)
    slot = next(str(stored.storage[key]) for key in SLOT_KEYS if key in stored.storage)
    searched = stored.storage.get("searched", "slot" in stored.storage)
    state = EMPTYING if EMPTYING in stored.storage else FILLING
    storage = {**without(stored.storage, *SLOT_KEYS), state: slot, "searched": searched}
    mark = {**_mark(EMPTY, job), "lend_to": arguments.get("lend_to")}
    await put_storage(tx, stored, {**storage, JOB: mark}, "take_slot")
    return job


def slots_taken(rows: list[StoredComponent], object_name: str) -> set[str]:
    """Give the slots of an object that any of its fields has, those in the bin included."""
    return {
        str(row.storage[key])
        for row in rows
        if row.component.kind == "field"
        and fold(split_name(row.component.name)[0]) == fold(object_name)
        for key in SLOT_KEYS
        if key in row.storage
    }


def fields_bound(catalog: Catalog) -> set[int]:
    """Give the fields that cannot do without a slot: attach rules look records up by them."""
    bound = set()
    for rule in catalog.attach_rules:
        bound |= {int(rule.source.id), int(rule.target_field.id)}
    return bound


def len_of(kind: SlotKind) -> int:
    """Give how many slots of a kind every object has."""
    return sum(1 for _ in _all(kind))


def _all(kind: SlotKind) -> list[str]:
    found: list[str] = []
    while (slot := free_slot(kind, found)) is not None:
        found.append(slot)
    return found


async def _checked(tx: Transaction, wish: SlotWish) -> StoredComponent:
    """Give the field's component if it may be changed now. Raises Forbidden, StorageBusy."""
    if not tx.rights.may_set_up(SetupArea.STORAGE):
        raise Forbidden("You may not lend slots.")
    owner = await find_component(tx, wish.obj.id)
    stored = await find_component(tx, wish.field.id)
    if stored is None or owner is None:
        raise SlotNotPossible(f"{wish.name} is a field that every object has.")
    await refuse_if_moving(tx, owner)
    if {MOVE_MARK, INDEX_MARK} & set(owner.storage) or {JOB, RESERVED} & set(stored.storage):
        raise StorageBusy(
            f"A job is at work on the slots of {wish.obj.label}.", hint="Wait until it has ended."
        )
    return stored


def _mark(kind: str, job: int) -> dict[str, Json]:
    return {"kind": kind, "job": job}
