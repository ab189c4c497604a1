"""The slot advisor: which fields are asked for and have no slot, and where one could come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fieldstone.ids import FieldId
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.slots import SlotKind, free_slot
from fieldstone.metadata.values import Json
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.storage.slots import fields_bound, slots_taken
from fieldstone.runtime.storage.usage import FieldUse, load_use
from fieldstone.runtime.transactions import Transaction

NO_USE: Final = FieldUse()
MUCH_LESS: Final = 2
"""A field gives way only to one that is asked for more than so many times as often."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One field that would be served by a slot.

    free: whether a slot of its kind is. give_way: the field of the kind that is asked for least,
    if no slot is free and the difference is worth it, with its own use.
    """

    obj: ObjectDef
    field: Field
    kind: SlotKind
    use: FieldUse
    free: bool
    give_way: tuple[Field, FieldUse] | None

    def as_json(self) -> Mapping[str, Json]:
        """Give it as callers see it."""
        other: Mapping[str, Json] | None = None
        if self.give_way is not None:
            field, use = self.give_way
            other = {"field": field.name, "filtered": use.filtered, "sorted": use.sorted}
        return {
            "object": self.obj.name,
            "field": self.field.name,
            "type": self.field.type.name,
            "filtered": self.use.filtered,
            "sorted": self.use.sorted,
            "slot_kind": self.kind.name.lower(),
            "slot_free": self.free,
            "give_way": other,
            "being_lent": self.field.filling is not None,
        }


async def load_advice(tx: Transaction) -> list[Advice]:
    """Work out what slots would serve the queries of the last thirty days, the most asked first."""
    use = await load_use(tx)
    rows = await load_components(tx)
    advice = [
        one
        for obj in tx.catalog.objects
        for one in _advise(tx.catalog, obj, use, slots_taken(rows, obj.name))
    ]
    return sorted(advice, key=lambda one: -one.use.total)


def _advise(
    catalog: Catalog, obj: ObjectDef, use: Mapping[FieldId, FieldUse], taken: set[str]
) -> Iterator[Advice]:
    bound = fields_bound(catalog)
    for field in obj.own_fields:
        kind, mine = field.type.slot, use.get(field.id, NO_USE)
        if kind is None or field.slot is not None or field.is_calculated or not mine.total:
            continue
        free = free_slot(kind, taken) is not None
        lent = [one for one in obj.own_fields if one.slot and one.type.slot is kind]
        willing = [(one, use.get(one.id, NO_USE)) for one in lent if one.id not in bound]
        least = min(willing, key=lambda pair: pair[1].total, default=None)
        worth = least is not None and mine.total > MUCH_LESS * least[1].total
        yield Advice(obj, field, kind, mine, free, least if worth and not free else None)
